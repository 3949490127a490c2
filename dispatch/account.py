"""What a sender says of their own messages: STOP, REPRISE, PAUSE, ETAT, AIDE."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlmodel import col, func, select

from community_store import optouts
from community_store.errors import NotFound
from community_store.models import Alert, Community, Member, MemberState
from dispatch import alerts, closing, links, outbox, tally, wording
from dispatch.catalogue import say
from dispatch.courtesies import politely_less
from dispatch.incoming import Incoming
from dispatch.reading import folded, split_ref
from gateway.contract import Channel

LONGEST_PAUSE = 72  # hours
_HOURS = re.compile(
    r"(?:de |pendant |for )?[-+]?(\d{1,4})\s*(h|hrs?|heures?|hours?|j|jours?|days?)?(?:00|30)?"
    r"|jusqu.*|until .*"
    r"|(?:de |pendant )?(?:une?|deux|trois|quatre|cinq|six|huit|dix|douze) (?:heures?|jours?)"
)


def stop(incoming: Incoming, _argument: str) -> str:
    """No more SMS to this number, at once, and one last confirmation."""
    session, sender = incoming.session, incoming.row.sender
    if optouts.stopped(session, sender, Channel.SMS):
        return "stop"  # confirmed already: silence is what was asked for
    outbox.suppress_waiting(session, sender, Channel.SMS, incoming.now)
    optouts.stop(session, sender, Channel.SMS)
    incoming.answer("stopped")
    return "stop"


def resume(incoming: Incoming, _argument: str) -> str:
    """SMS again, after a STOP or in the middle of a pause."""
    was = optouts.resume(incoming.session, incoming.row.sender, Channel.SMS)
    member = incoming.member
    if member is not None and member.paused_until is not None:
        was = was or member.paused_until > incoming.now
        member.paused_until = None
        incoming.session.add(member)
    incoming.answer("resumed" if was else "resumed_already")
    return "resume"


def is_time(argument: str) -> bool:
    """Whether what follows PAUSE tells how long, even if not in a way that we can count."""
    return _HOURS.fullmatch(folded(argument)) is not None


def pause(incoming: Incoming, argument: str) -> str:
    """No SMS for some hours; e-mail goes on."""
    member = incoming.member
    if member is None:
        return _members_only(incoming)
    if member.state != MemberState.ACTIVE:
        return ""
    match = _HOURS.fullmatch(folded(politely_less(argument)))
    hours = int(match[1]) if match and match[1] else 0
    if match and (match[2] or "").startswith(("j", "d")):
        hours *= 24
    if not 1 <= hours <= LONGEST_PAUSE:
        incoming.answer("pause_how")
        return "pause_how"
    member.paused_until = incoming.now + timedelta(hours=hours)
    incoming.session.add(member)
    until = wording.day_and_time(
        incoming.settings, incoming.language, member.paused_until, incoming.now
    )
    incoming.answer("paused", hours=hours, time=until)
    return "pause"


def aide(incoming: Incoming, _argument: str) -> str:
    """The commands, in one SMS."""
    incoming.answer("help")
    return "help"


def status(incoming: Incoming, argument: str) -> str:
    """ETAT: community, neighbours, account, SMS. ETAT 381: what became of an alert."""
    ref, _ = split_ref(argument)
    if ref is not None:
        return _alert_status(incoming, ref)
    member = incoming.member
    if member is None:
        return _members_only(incoming)
    session = incoming.session
    community = session.get(Community, member.community_id) if member.community_id else None
    language, count = incoming.language, _neighbours(incoming, member)
    incoming.answer(
        "status_one" if count == 1 else "status",
        community=community.name if community else say(language, "sms", "status_nowhere"),
        count=count,
        account=say(language, "sms", f"status_{member.state}"),
        sms=say(language, "sms", f"status_sms_{_sms(incoming, member)}"),
    )
    return "status"


def _members_only(incoming: Incoming) -> str:
    """An agent has no home here; a stranger gets the usual answer."""
    if incoming.agent is None:
        return ""
    incoming.answer("members_only")
    return "members_only"


def _neighbours(incoming: Incoming, member: Member) -> int:
    if member.community_id is None:
        return 0
    return incoming.session.exec(
        select(func.count())
        .select_from(Member)
        .where(
            Member.community_id == member.community_id,
            Member.state == MemberState.ACTIVE,
            col(Member.id) != member.id,
        )
    ).one()


def _sms(incoming: Incoming, member: Member) -> str:
    if optouts.stopped(incoming.session, incoming.row.sender, Channel.SMS):
        return "off"
    paused = member.paused_until is not None and member.paused_until > incoming.now
    return "paused" if paused else "on"


def _alert_status(incoming: Incoming, ref: int) -> str:
    alert = _seen(incoming, ref)
    if alert is None:  # its figures are not theirs to see: their own state is
        return status(incoming, "")
    figures = tally.total(incoming.session, ref)
    incoming.answer(
        "status_alert",
        alert_id=ref,
        ref=ref,
        told=figures["told"],
        reached=figures["accepted"] + figures["delivered"],
        acknowledged=alert.acknowledged,
        state=say(incoming.language, "sms", f"alert_{alert.state}"),
        called=say(incoming.language, "sms", "status_called") if alert.called else "",
        page=links.alert_address(incoming.settings, ref, figures=True),
    )
    return "status_alert"


def _seen(incoming: Incoming, ref: int) -> Alert | None:
    """The author, référents and agents see an alert's figures (A10)."""
    try:
        alert = alerts.find(incoming.session, ref)
    except NotFound:
        return None
    return alert if closing.may_close(incoming, alert) else None
