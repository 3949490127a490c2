"""An alert's life: raised, ended, withdrawn. Web, SMS and command line call these.

The caller owns the transaction, and wakes the pump after its commit (dispatch.wake).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from community_store import optouts
from community_store.errors import NotFound, RuleError
from community_store.membership import LANGUAGES
from community_store.models import (
    Agent,
    Alert,
    AlertKind,
    AlertState,
    Audience,
    Category,
    Community,
    Member,
    MemberState,
    Town,
    Wording,
)
from community_store.visibility import author_for
from config import Settings
from dispatch import audience, outbox, senders, wording
from dispatch.audience import Heard, Plan
from dispatch.followups import tell_those_told
from dispatch.priority import Priority

CLOSED = {AlertState.ENDED: "all_clear", AlertState.WITHDRAWN: "withdrawn"}


@dataclass(frozen=True, slots=True)
class Told:
    """What happened to the event, and where it came from."""

    text: str
    at: datetime
    category: Category = Category.OTHER
    inbound_id: int | None = None


@dataclass(frozen=True, slots=True)
class Raised:
    """An alert with its audience. `repeated` when it is one that was already raised."""

    alert: Alert
    heard: Heard
    repeated: bool = False


def raise_resident(session: Session, settings: Settings, author: Member, told: Told) -> Raised:
    """Tell a member's neighbours, twins and town (A2).

    The same text from the same person within `repeat_minutes` is the same alert (A8).
    Raises RuleError for who may not (S32), an author without community, an empty text.
    """
    community = _community_of(session, author)
    _require_text(told.text)
    if earlier := _repeated(session, settings, author, told):
        return Raised(
            earlier, audience.heard(session, earlier, _how(session, Priority.ALERT)), True
        )
    alert = Alert(
        kind=AlertKind.RESIDENT,
        author_id=author.id,
        community_id=community.id,
        town_insee=community.town_insee,
        **_common(settings, told),
    )
    session.add(alert)
    session.flush()
    _word_resident(session, settings, alert, (author, community))
    return Raised(alert, audience.plan(session, alert, _how(session, Priority.ALERT)))


def raise_town(
    session: Session,
    settings: Settings,
    town: Town,
    told: Told,
    *,
    agent: Agent | None = None,
    communities: tuple[int, ...] = (),
    urgent: bool = False,
) -> Raised:
    """Tell a town's members, or those of chosen communities (A3). Raises RuleError."""
    _require_text(told.text)
    if not town.subscribed:
        raise RuleError(
            "not_subscribed",
            f"{town.name} is not subscribed: `tocsin town subscribe {town.insee}` first",
        )
    alert = Alert(
        kind=AlertKind.TOWN,
        agent_id=agent.id if agent else None,
        town_insee=town.insee,
        **_common(settings, told),
    )
    session.add(alert)
    session.flush()
    for language in LANGUAGES:
        words = wording.town_alert(settings, language, _facts(session, alert, town=town.name))
        _keep(session, alert, Audience.NEIGHBOUR, language, words)
    session.flush()
    priority = Priority.TOWN_EMERGENCY if urgent else Priority.TOWN_INFORMATION
    how = _how(session, priority)
    return Raised(alert, audience.plan_town(session, alert, how, communities))


def find(session: Session, ref: int) -> Alert:
    """An alert by its public reference. Raises NotFound."""
    alert = session.get(Alert, ref)
    if alert is None:
        raise NotFound(f"no alert {ref}: see `tocsin alert list`")
    return alert


def end(session: Session, settings: Settings, alert: Alert, now: datetime, text: str = "") -> int:
    """All clear to exactly those who were told (A7); how many deliveries. Raises RuleError."""
    return _close(session, settings, alert, AlertState.ENDED, now, text)


def withdraw(session: Session, settings: Settings, alert: Alert, now: datetime) -> int:
    """A false alarm: what is unsent is cancelled, those told are told. Raises RuleError."""
    return _close(session, settings, alert, AlertState.WITHDRAWN, now, "")


def _close(
    session: Session,
    settings: Settings,
    alert: Alert,
    state: AlertState,
    now: datetime,
    text: str,
) -> int:
    session.refresh(alert, with_for_update=True)
    if alert.state in (AlertState.ENDED, AlertState.WITHDRAWN):
        raise RuleError("closed", f"alert {alert.id} is already {alert.state}")
    alert.state, alert.closed_at = state, now
    session.add(alert)
    session.flush()
    assert alert.id is not None
    outbox.cancel_waiting(session, alert.id, f"alert {state}", now)
    return tell_those_told(
        session,
        settings,
        alert,
        CLOSED[state],
        {"ref": alert.id, "community": place_of(session, alert), "text": text},
        now,
    )


def place_of(session: Session, alert: Alert) -> str:
    """The name of an alert's community, or of its town."""
    community = session.get(Community, alert.community_id) if alert.community_id else None
    if community is not None:
        return community.name
    town = session.get(Town, alert.town_insee)
    return town.name if town else alert.town_insee


def _community_of(session: Session, author: Member) -> Community:
    if author.state != MemberState.ACTIVE:
        raise RuleError(
            "not_active", f"member {author.id} is {author.state}: only an active one may alert"
        )
    community = session.get(Community, author.community_id) if author.community_id else None
    if community is None:
        raise RuleError("no_community", f"member {author.id} has no community")
    return community


def _require_text(text: str) -> None:
    if not text.strip():
        raise RuleError("empty", "an alert needs a text")


def _common(settings: Settings, told: Told) -> dict[str, Any]:
    minutes = settings.dispatch.time_to_live.minutes(told.category)
    return {
        "category": told.category,
        "text": told.text,
        "inbound_id": told.inbound_id,
        "created_at": told.at,
        "expires_at": told.at + timedelta(minutes=minutes),
    }


def _repeated(session: Session, settings: Settings, author: Member, told: Told) -> Alert | None:
    since = told.at - timedelta(minutes=settings.alerts.repeat_minutes)
    recent = session.exec(
        select(Alert)
        .where(
            Alert.author_id == author.id,
            col(Alert.created_at) >= since,
            col(Alert.state).in_([AlertState.OPEN, AlertState.HELD]),
        )
        .order_by(col(Alert.id).desc())
    )
    wanted = told.text.casefold()
    return next((alert for alert in recent if alert.text.casefold() == wanted), None)


def _how(session: Session, priority: Priority) -> Plan:
    return Plan(priority, senders.senders(session))


def _facts(session: Session, alert: Alert, **known: str) -> wording.Facts:
    assert alert.id is not None
    one_way = senders.senders(session).one_way
    return wording.Facts(
        ref=alert.id,
        at=alert.created_at,
        text=alert.text,
        answer_to=senders.answerable(session) if one_way else "",
        **known,
    )


def _word_resident(
    session: Session, settings: Settings, alert: Alert, source: tuple[Member, Community]
) -> None:
    author, community = source
    town = session.get(Town, community.town_insee)
    for hearer in (Audience.NEIGHBOUR, Audience.TWIN, Audience.AGENT):
        seen = author_for(hearer, author)
        facts = _facts(
            session,
            alert,
            community=community.name,
            town=town.name if town else "",
            author=seen.name,
            phone=wording.phone(seen.phone),
            address=seen.address,
        )
        for language in LANGUAGES:
            words = wording.alert(settings, hearer, language, facts)
            _keep(session, alert, hearer, language, words)
    session.flush()


def _keep(
    session: Session, alert: Alert, hearer: Audience, language: str, words: wording.Words
) -> None:
    session.add(
        Wording(
            alert_id=alert.id,
            audience=hearer,
            language=language,
            sms=words.sms,
            segments=words.segments,
            subject=words.subject,
            mail=words.mail,
        )
    )


def stop_everything_to(session: Session, address: str, channel: str, now: datetime) -> None:
    """STOP: remembered, and what waits for the address on the channel is dropped."""
    optouts.stop(session, address, channel)
    outbox.suppress_waiting(session, address, channel, now)
