"""A text that warns: who may, and what the sender is told (A5, sms.md)."""

from __future__ import annotations

from datetime import datetime, timedelta

from community_store.models import (
    Alert,
    AlertState,
    Community,
    InboundText,
    Member,
    MemberState,
    Mode,
    Town,
)
from config import Settings
from dispatch import alerts, masking, powers, wording
from dispatch.catalogue import say
from dispatch.courtesies import is_blank, says_nothing
from dispatch.incoming import Incoming
from dispatch.reading import normal

# outcomes whose sender was told that nobody was warned, and may say it again
NOT_SENT = frozenset(
    {"unknown_sender", "pending_sender", "suspended_sender", "no_community", "stale"}
)
RECEIPTS = {  # something in it was masked, to one neighbour
    (False, False): "receipt",
    (False, True): "receipt_one",
    (True, False): "receipt_masked",
    (True, True): "receipt_masked_one",
}
WHO = {Mode.TEAM: "who_team", Mode.REFERENT: "who_referent", Mode.TOWN: "who_town"}


def raise_from(incoming: Incoming, text: str) -> str:
    """Raise what the text says as its sender's alert, or say why it was not sent."""
    if refusal := _refused(incoming, text):
        return refusal
    if incoming.member is None or incoming.member.state == MemberState.CLOSED:
        return raise_for_town(incoming, text)
    raised = alerts.raise_resident(incoming.act, incoming.member, _told(incoming, text))
    _receipt(incoming, raised)
    return "repeat" if raised.repeated else "alert"


def raise_for_town(incoming: Incoming, text: str) -> str:
    """Raise a town alert for an agent whose number is confirmed, where the town allows it."""
    agent = incoming.agent
    if agent is None:
        return _unknown(incoming)
    if refusal := _late_or_empty(incoming, text):
        return refusal
    town = incoming.session.get(Town, agent.town_insee)
    if town is None or not powers.speaks_for(agent, town):
        incoming.answer("agent_refused")
        return "agent_refused"
    voice = alerts.TownVoice(agent, urgent=True)
    raised = alerts.raise_town(incoming.act, town, _told(incoming, text), voice)
    _town_receipt(incoming, raised, town)
    return "town_alert"


def say_not_sent(incoming: Incoming) -> str:
    """A bare command that its sender cannot use is never broadcast: say that it was not."""
    if refusal := _refused(incoming, incoming.text):
        return refusal
    incoming.answer("says_nothing")
    return "says_nothing"


def _told(incoming: Incoming, text: str) -> alerts.Told:
    return alerts.Told(normal(text), inbound_id=incoming.row.id)


def _refused(incoming: Incoming, text: str) -> str:
    member = incoming.member
    if member is None or member.state == MemberState.CLOSED:
        return "" if incoming.agent else _unknown(incoming)
    if member.state == MemberState.PENDING:
        incoming.answer("pending_sender", who=_who(incoming))
        return "pending_sender"
    if member.state != MemberState.ACTIVE:
        incoming.answer("suspended_sender")
        return "suspended_sender"
    if member.community_id is None:
        incoming.answer("no_community")
        return "no_community"
    return _late_or_empty(incoming, text)


def _late_or_empty(incoming: Incoming, text: str) -> str:
    if is_blank(text):
        incoming.answer("empty")
        return "empty"
    if says_nothing(text):
        incoming.answer("says_nothing")
        return "says_nothing"
    if is_late(incoming.settings, incoming.row, incoming.now):
        sent = incoming.row.sent_at or incoming.row.received_at
        time = wording.day_and_time(incoming.settings, incoming.language, sent, incoming.now)
        incoming.answer("stale", time=time)
        return "stale"
    return ""


def is_late(settings: Settings, row: InboundText, now: datetime) -> bool:
    """Whether a text is too old to be broadcast by itself (sms.md, 5).

    By the gateway's word, or because it waited with us: through an outage, on the spool.
    """
    limit = timedelta(minutes=settings.alerts.stale_minutes)
    return now - (row.sent_at or row.received_at) > limit


def may_alert(member: Member) -> bool:
    """Whether a member's text is broadcast at all (S32)."""
    return member.state == MemberState.ACTIVE and member.community_id is not None


def _unknown(incoming: Incoming) -> str:
    incoming.answer("unknown_sender")
    return "unknown_sender"


def _who(incoming: Incoming) -> str:
    member = incoming.member
    home = (
        incoming.session.get(Community, member.community_id)
        if member and member.community_id
        else None
    )
    mode = Mode(home.mode) if home else Mode.TEAM
    return say(incoming.language, "sms", WHO[mode], service=incoming.settings.service.name)


def _receipt(incoming: Incoming, raised: alerts.Raised) -> None:
    heard, ref = raised.heard, raised.alert.id
    community = alerts.place_of(incoming.session, raised.alert)
    if raised.alert.state == AlertState.HELD:
        kind = "held"
    elif heard.waiting and heard.residents:
        kind = "receipt_queued"
    elif heard.residents:
        kind = RECEIPTS[_is_masked(incoming, raised.alert), heard.residents == 1]
    else:
        kind = "receipt_town_hall" if heard.agents else "receipt_nobody"
    incoming.answer(kind, alert_id=ref, ref=ref, count=heard.residents, community=community)


def _is_masked(incoming: Incoming, alert: Alert) -> bool:
    """Whether an alert names somebody's plate or number: its author is told to write facts."""
    return incoming.settings.alerts.mask and masking.holds_personal_data(alert.text)


def _town_receipt(incoming: Incoming, raised: alerts.Raised, town: Town) -> None:
    ref, count = raised.alert.id, raised.heard.residents
    kind = "receipt_town" if count else "receipt_nobody_town"
    incoming.answer(kind, alert_id=ref, ref=ref, count=count, town=town.name)
