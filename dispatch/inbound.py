"""What does this text mean? From an inbound row to an alert, an answer, or silence.

Reading is one transaction, one sender at a time, and may be asked for twice or never
without harm: the row says whether it has been done.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from community_store.columns import UtcDateTime
from community_store.models import InboundState, InboundText, MemberState
from community_store.store import AWAY, lock
from dispatch import (
    account,
    applying,
    choosing,
    commands,
    crashing,
    echoes,
    raising,
    replies,
    senders,
)
from dispatch.act import Act
from dispatch.courtesies import is_alarming, is_blank, is_courtesy
from dispatch.incoming import Incoming, agent_of, incoming_of, member_of
from dispatch.reading import folded, normal
from dispatch.runtime import Runtime
from gateway import sms_text

log = structlog.get_logger(__name__)

TRIES = 3  # readings that may fail before a row is set aside (R10)
WAITING = "waiting"
STRANGER_REPEATS = timedelta(hours=1)

# every text asks: built once
_SAME_WAY = select(InboundText).where(
    col(InboundText.sender) == bindparam("sender"),
    col(InboundText.recipient) == bindparam("recipient"),
)
BEFORE = _SAME_WAY.where(
    col(InboundText.received_at) >= bindparam("since", type_=UtcDateTime()),
    col(InboundText.id) < bindparam("id"),
).order_by(col(InboundText.id).desc())
UNREAD = _SAME_WAY.where(
    col(InboundText.gateway) == bindparam("gateway"),
    col(InboundText.state) == InboundState.NEW.value,
).order_by(col(InboundText.id))


def _of(row: InboundText) -> dict[str, object]:
    return {"sender": row.sender, "recipient": row.recipient}


def read(runtime: Runtime, inbound_id: int) -> str:
    """Read one text; its outcome, "" when there was nothing to do.

    A reading that fails is counted, and raised again for the operator's log; the sweep
    asks for it again, and sets the row aside after three.
    """
    try:
        with runtime.store.begin() as session:
            outcome = _read(session, runtime, inbound_id)
            crashing.point("reading")
    except AWAY:
        raise  # the database's fault, not the text's: it must not be set aside for it
    except Exception:
        _count_failure(runtime, inbound_id)
        raise
    if outcome and outcome != WAITING:
        log.info("inbound_read", inbound=inbound_id, outcome=outcome)
    return outcome


def _read(session: Session, runtime: Runtime, inbound_id: int) -> str:
    row = session.get(InboundText, inbound_id)
    if row is None or row.state != InboundState.NEW:
        return ""
    lock(session, f"sender:{row.sender}")
    session.refresh(row)
    if row.state != InboundState.NEW:
        return ""
    now = runtime.clock()
    if _is_repeat(session, runtime, row):
        return _finish(row, "duplicate", now)
    parts = _parts(session, runtime, row)
    if _may_go_on(runtime, parts, now):
        return WAITING
    whole = "".join(part.text for part in parts)
    outcome = _understand(incoming_of(Act(session, runtime.settings, now), parts[0], normal(whole)))
    for part in parts:
        _finish(part, outcome, now)
        if part is not parts[0]:
            part.state, part.joined_into = InboundState.JOINED, parts[0].id
    return outcome


def _finish(row: InboundText, outcome: str, now: datetime) -> str:
    row.state, row.outcome, row.read_at = InboundState.READ, outcome, now
    return outcome


def _is_repeat(session: Session, runtime: Runtime, row: InboundText) -> bool:
    """The same text from the same phone under another id, within 2 minutes (sms.md, 4).

    A command may be meant again when something else was said since: STOP, REPRISE, STOP.
    A stranger who says the same again within an hour has the answer already, and may be a
    machine (R8).
    """
    since = row.received_at - _longest(runtime)
    recent = session.scalars(BEFORE, _of(row) | {"since": since, "id": row.id}).all()
    if not recent:
        return False
    since = row.received_at - _repeats_within(session, runtime, row)
    earlier = [other for other in recent if other.received_at >= since]
    said = [other for other in earlier if other.outcome != "duplicate"]
    if commands.find(row.text) or applying.choice(row.text) is not None:
        same = [other for other in said[:1] if folded(other.text) == folded(row.text)]
    else:
        same = [other for other in said if normal(other.text) == normal(row.text)]
    outcomes = [other.outcome for other in same]
    if not outcomes or not raising.NOT_SENT.issuperset(outcomes):
        return bool(outcomes)
    return not _heard_now(session, runtime, row, outcomes[0])


def _longest(runtime: Runtime) -> timedelta:
    return max(STRANGER_REPEATS, timedelta(seconds=runtime.settings.alerts.duplicate_seconds))


def _repeats_within(session: Session, runtime: Runtime, row: InboundText) -> timedelta:
    known = member_of(session, row.sender) or agent_of(session, row.sender)
    if known or commands.find(row.text) or applying.choice(row.text) is not None:
        return timedelta(seconds=runtime.settings.alerts.duplicate_seconds)
    return STRANGER_REPEATS


def _heard_now(session: Session, runtime: Runtime, row: InboundText, refusal: str) -> bool:
    """Whether a text that was refused a moment ago would be broadcast by now."""
    if refusal == "stale":
        return not raising.is_late(runtime.settings, row, runtime.clock())
    member = member_of(session, row.sender)
    return member is not None and raising.may_alert(member)


def _parts(session: Session, runtime: Runtime, row: InboundText) -> list[InboundText]:
    """The run of unread texts that `row` belongs to: full parts, then the last (sms.md, 3)."""
    near = timedelta(seconds=runtime.settings.alerts.join_seconds)
    unread = session.scalars(UNREAD, _of(row) | {"gateway": row.gateway}).all()
    run: list[InboundText] = []
    for text in unread:
        follows = (
            bool(run)
            and sms_text.is_full_part(run[-1].text)
            and not _stands_alone(text.text)
            and text.received_at - run[-1].received_at <= near
        )
        if not follows:
            if row in run:
                break
            run = []
        run.append(text)
    return run


def _stands_alone(text: str) -> bool:
    """A STOP is never the end of another text: it is always honoured."""
    found = commands.find(text)
    return found is not None and found[0].run is account.stop


def _may_go_on(runtime: Runtime, parts: list[InboundText], now: datetime) -> bool:
    near = timedelta(seconds=runtime.settings.alerts.join_seconds)
    return sms_text.is_full_part(parts[-1].text) and now - parts[-1].received_at < near


def _understand(incoming: Incoming) -> str:
    if outcome := _settled_first(incoming):
        return outcome
    found = commands.find(incoming.text)
    if found is None:
        return _without_command(incoming)
    command, argument = found
    if outcome := command.run(incoming, argument):
        return outcome
    if command.warns and argument:
        return _without_command(incoming)
    return _answer(incoming) or raising.say_not_sent(incoming)


def _without_command(incoming: Incoming) -> str:
    """An answer to an alert, a courtesy, or else a warning."""
    if is_blank(incoming.text):
        return raising.raise_from(incoming, "")
    if outcome := _answer(incoming):
        return outcome
    if is_courtesy(incoming.text) and not is_alarming(incoming.text):
        return "courtesy"  # never broadcast, never answered (A6)
    return raising.raise_from(incoming, incoming.text)


def _settled_first(incoming: Incoming) -> str:
    if _is_ours(incoming):
        return "ours"
    if echoes.is_answer(incoming.text):
        return "machine"  # one of our kind, or what was copied from us: no answer ends it
    return choosing.choose(incoming)


def _answer(incoming: Incoming) -> str:
    """Inside the reply window a text is a reply; "" outside."""
    alert = replies.answered_alert(incoming) if _may_answer(incoming) else None
    return replies.take(incoming, alert) if alert is not None else ""


def _may_answer(incoming: Incoming) -> bool:
    if incoming.member is not None:
        return incoming.member.state == MemberState.ACTIVE
    return incoming.agent is not None


def _is_ours(incoming: Incoming) -> bool:
    """Two of our systems, or our own number: no answer, or they never end (R8)."""
    return senders.texted(incoming.session, incoming.row.sender) is not None


def _count_failure(runtime: Runtime, inbound_id: int) -> None:
    with runtime.store.begin() as session:
        row = session.get(InboundText, inbound_id)
        if row is None or row.state != InboundState.NEW:
            return
        row.tries += 1
        if row.tries >= TRIES:
            row.state, row.outcome = InboundState.SET_ASIDE, "set_aside"
            log.error("inbound_set_aside", inbound=inbound_id)
