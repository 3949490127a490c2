"""Alerts held back until a référent, an agent or the clock decides (A8)."""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlmodel import col, select

from community_store import membership
from community_store.errors import RuleError
from community_store.models import AfterHold, Agent, Alert, AlertState, Community, Member, Town
from community_store.visibility import full_name
from dispatch import contacting, notices, outbox
from dispatch.act import Act
from gateway.contract import Channel

log = structlog.get_logger(__name__)


def ask(act: Act, alert: Alert, author: Member) -> int:
    """Ask those who may decide; how many were asked. The alert is held already."""
    alert.held_until = act.now + timedelta(minutes=act.settings.alerts.hold_minutes)
    act.session.add(alert)
    variables: dict[str, object] = {
        "ref": alert.id,
        "author": full_name(author),
        "text": alert.text,
    }
    about = notices.Subject("held_ask", variables, alert_id=alert.id)
    asked = 0
    for person in _deciders(act, alert):
        to = notices.reach(act.session, person, act.now)
        if to is not None:
            notices.tell(act, to, about)
            asked += 1
    _tell_team(act, alert, variables)
    log.warning("alert_held", alert=alert.id, asked=asked)
    return asked


def _tell_team(act: Act, alert: Alert, variables: dict[str, object]) -> None:
    """The operator hears of every held alert by e-mail, and may be the only one who decides."""
    address = contacting.mailbox(act.settings)
    if not address:
        return
    community = act.session.get(Community, alert.community_id) if alert.community_id else None
    more = {"community": community.name if community else alert.town_insee}
    to = notices.Addressee(address, channel=Channel.EMAIL)
    notices.tell(act, to, notices.Subject("held_team", variables | more, alert_id=alert.id))


def _deciders(act: Act, alert: Alert) -> list[Member | Agent]:
    people: list[Member | Agent] = []
    if alert.community_id is not None:
        people += membership.referents(act.session, alert.community_id, but=alert.author_id)
    town = act.session.get(Town, alert.town_insee)
    if not people and town is not None and town.subscribed:
        people += act.session.exec(select(Agent).where(Agent.town_insee == town.insee)).all()
    return people


def release(act: Act, alert: Alert) -> int:
    """Let a held alert go; how many deliveries. Raises RuleError when it is not held."""
    _lock(act, alert)
    alert.state, alert.held_until = AlertState.OPEN, None
    act.session.add(alert)
    assert alert.id is not None
    released = outbox.release_held(act.session, alert.id)
    _tell_author(act, alert, "released", count=released)
    return released


def drop(act: Act, alert: Alert) -> None:
    """Drop a held alert: nobody was told, nor reads it since (alert_readers.untold). Raises
    RuleError when it is not held.
    """
    _lock(act, alert)
    alert.state, alert.closed_at = AlertState.WITHDRAWN, act.now
    act.session.add(alert)
    assert alert.id is not None
    outbox.cancel_waiting(act.session, alert.id, "held alert dropped", act.now)
    _tell_author(act, alert, "held_dropped")


def _lock(act: Act, alert: Alert) -> None:
    act.session.refresh(alert, with_for_update=True)
    if alert.state != AlertState.HELD:
        raise RuleError("not_held", f"alert {alert.id} is {alert.state}, not held")


def _tell_author(act: Act, alert: Alert, kind: str, **variables: object) -> None:
    author = act.session.get(Member, alert.author_id) if alert.author_id else None
    to = notices.reach(act.session, author, act.now) if author else None
    if to is not None:
        about = notices.Subject(kind, {"ref": alert.id, **variables}, alert_id=alert.id)
        notices.tell(act, to, about)


def settle_overdue(act: Act) -> int:
    """Do what each community chose for held alerts that nobody decided; how many."""
    overdue = act.session.exec(
        select(Alert).where(Alert.state == AlertState.HELD, col(Alert.held_until) <= act.now)
    ).all()
    for alert in overdue:
        community = act.session.get(Community, alert.community_id) if alert.community_id else None
        if community is not None and community.after_hold == AfterHold.DROP:
            drop(act, alert)
        else:
            release(act, alert)
    return len(overdue)
