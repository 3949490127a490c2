"""FIN and FAUX: an alert is over, or never was (A7)."""

from __future__ import annotations

import re

from sqlmodel import col, or_, select

from community_store.errors import NotFound
from community_store.models import Alert, AlertState, MemberState
from dispatch import alerts, answering, powers, replies
from dispatch.incoming import Incoming
from dispatch.reading import split_ref

OVER = (AlertState.ENDED, AlertState.WITHDRAWN)
_END_OF = re.compile(r"(?:de|du|des|of|d['’])\b", re.IGNORECASE)


def end(incoming: Incoming, argument: str) -> str:
    """FIN [ref] [text]. Words without a reference are a text of their own, unless the
    sender has an alert to end. "Fin de chantier, camion bloqué" always warns somebody.
    """
    ref, text = split_ref(argument)
    if ref is None and _END_OF.match(text):
        return ""
    alert = _theirs(incoming, ref)
    if alert is None:
        return "" if text and ref is None else no_such(incoming, ref)
    if alert.state in OVER:
        return _over(incoming, alert)
    told = answering.end(incoming.act, alert, replies.speaker(incoming), text)
    incoming.answer("ended", alert_id=alert.id, ref=alert.id, count=told)
    return "end"


def withdraw(incoming: Incoming, argument: str) -> str:
    """FAUX [ref]."""
    ref, _ = split_ref(argument)
    alert = _theirs(incoming, ref)
    if alert is None:
        return no_such(incoming, ref)
    if alert.state in OVER:
        return _over(incoming, alert)
    told = alerts.withdraw(incoming.act, alert)
    incoming.answer("withdrawn_done", alert_id=alert.id, ref=alert.id, count=told)
    return "withdraw"


def _over(incoming: Incoming, alert: Alert) -> str:
    incoming.answer("closed_already", alert_id=alert.id, ref=alert.id)
    return "closed_already"


def no_such(incoming: Incoming, ref: int | None) -> str:
    """Say that no alert is meant; "" for a stranger, who gets the usual answer."""
    if incoming.member is None and incoming.agent is None:
        return ""
    if incoming.member is not None and incoming.member.state != MemberState.ACTIVE:
        return ""
    if ref is None:
        incoming.answer("no_open_alert")
    else:
        incoming.answer("no_such_alert", ref=ref)
    return "unknown_ref"


def _theirs(incoming: Incoming, ref: int | None) -> Alert | None:
    """The alert meant, if the sender may close it; by default their latest open one."""
    if ref is None:
        return latest_open(incoming)
    try:
        alert = alerts.find(incoming.session, ref)
    except NotFound:
        return None
    return alert if may_close(incoming, alert) else None


def latest_open(incoming: Incoming) -> Alert | None:
    """The sender's own latest alert that is not over."""
    member, agent = incoming.member, incoming.agent
    if member is None and agent is None:
        return None
    if member is not None and member.state != MemberState.ACTIVE:
        member = None
        if agent is None:
            return None
    mine = [col(Alert.author_id) == member.id] if member is not None else []
    mine += [col(Alert.agent_id) == agent.id] if agent is not None else []
    return incoming.session.exec(
        select(Alert)
        .where(or_(*mine), col(Alert.state).in_([AlertState.OPEN, AlertState.HELD]))
        .order_by(col(Alert.id).desc())
    ).first()


def may_close(incoming: Incoming, alert: Alert) -> bool:
    """Whether the sender of a text may end an alert."""
    return powers.may_close(
        incoming.session, alert, member=incoming.member, agent=incoming.agent, by_text=True
    )
