"""The delivery's state machine on its rows: the only place that changes a state.

But for the two transactions around a call: a claim (claiming.py) and a settlement
(settlement.py). Nothing is open in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Row,
    exists,
    func,
    select,
    update,
)
from sqlmodel import Session, col

from community_store import steps
from community_store.columns import utcnow
from community_store.errors import NotFound, RuleError
from community_store.models import Delivery, Notice, StepKind
from community_store.models import DeliveryState as State
from dispatch import redialling, rights
from dispatch.lifecycle import BAD_NEWS, BY_STAGE, FINAL, replaced_by
from gateway.contract import Channel, Receipt, Stage

LARGEST_ID = 2**31  # what a column of the database holds


@dataclass(frozen=True, slots=True)
class Lane:
    """The way that deliveries leave by: a number of a gateway (None for e-mail and push).

    A number's texts and its calls are two lanes, each at its own rate.
    """

    gateway: str
    number_id: int | None
    channel: str = Channel.SMS


@dataclass(frozen=True, slots=True)
class Terms:
    """Who claims, when, and for how long (seconds) before it counts as dead.

    `morning` while it is night: when calls that are no alert may be made again.
    """

    worker: str
    lease: float
    now: datetime
    morning: datetime | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery leased to this process, with all that its sending needs.

    `lease` is shared by what was claimed together: it fences the claim, not the message.
    `subscription` is what a device gave us, for its push service (see Outbound.to).
    """

    id: int
    attempt: int
    lease: str
    lane: Lane
    channel: str
    to: str
    segments: int
    sms: str
    subject: str
    mail: str
    voice: str
    push: str
    language: str
    subscription: str
    started_at: datetime
    expires_at: datetime


def let_sleep(session: Session, asleep: Sequence[tuple[Row[Any], datetime]]) -> None:
    """Leave calls for the morning, with as much time to live as they had."""
    for row, morning in asleep:
        session.execute(
            update(Delivery)
            .where(col(Delivery.id) == row.id)
            .values(due_at=morning, expires_at=row.expires_at + (morning - row.due_at))
            .execution_options(synchronize_session=False)
        )


def drop(session: Session, verdicts: Iterable[tuple[int, rights.Verdict]], now: datetime) -> None:
    """Give deliveries that never left their last state: expired, suppressed, cancelled."""
    groups: dict[rights.Verdict, list[int]] = {}
    for delivery, verdict in verdicts:
        groups.setdefault(verdict, []).append(delivery)
    for (state, reason), ids in groups.items():
        _finish(session, [col(Delivery.id).in_(ids)], (state, reason), now)


def cancel_waiting(session: Session, alert_id: int, reason: str, now: datetime) -> int:
    """Cancel what is queued or held of an alert; how many. What left stays as it is."""
    where = [col(Delivery.alert_id) == alert_id]
    return _finish(session, where, (State.CANCELLED, reason), now)


def cancel(session: Session, ids: Sequence[int], reason: str, now: datetime) -> int:
    """Cancel those of some deliveries that are queued or held; how many."""
    return _finish(session, [col(Delivery.id).in_(ids)], (State.CANCELLED, reason), now)


def cancel_asking(session: Session, request_id: int, now: datetime) -> int:
    """A request is decided: nobody else is asked any more; how many would have been."""
    asking = select(col(Notice.id)).where(col(Notice.request_id) == request_id)
    where = [col(Delivery.notice_id).in_(asking)]
    return _finish(session, where, (State.CANCELLED, "decided"), now)


def suppress_waiting(session: Session, address: str, channel: str, now: datetime) -> int:
    """After a STOP: drop what is queued or held for an address on a channel; how many."""
    where = [col(Delivery.address) == address, col(Delivery.channel) == channel]
    return _finish(session, where, (State.SUPPRESSED, "stop"), now)


def suppress_notices(session: Session, member_id: int, kind: str, now: datetime) -> int:
    """A member turned a kind of notice off: drop what of it waits for them; how many."""
    of_kind = exists().where(col(Notice.id) == col(Delivery.notice_id), col(Notice.kind) == kind)
    where = [col(Delivery.member_id) == member_id, of_kind]
    return _finish(session, where, (State.SUPPRESSED, "turned off"), now)


def expire_waiting(session: Session, now: datetime) -> int:
    """Drop whatever is queued or held past its time to live (A4); how many."""
    where = [col(Delivery.expires_at) <= now]
    return _finish(session, where, (State.EXPIRED, "time to live"), now)


def _finish(session: Session, where: list[Any], end: rights.Verdict, now: datetime) -> int:
    # one statement a state, since each has its partial index
    done = 0
    for waiting in (State.QUEUED, State.HELD):
        statement = (
            update(Delivery)
            .where(*where, col(Delivery.state) == waiting.value)
            .values(state=end[0].value, reason=end[1], settled_at=now, look_at=None)
            .execution_options(synchronize_session=False)
        )
        done += _count(session, statement)
    return done


def release_held(session: Session, alert_id: int) -> int:
    """Let the held deliveries of an alert go; how many."""
    held = [col(Delivery.alert_id) == alert_id, col(Delivery.state) == State.HELD.value]
    steps.note_all(session, held, StepKind.RELEASED, at=utcnow(), detail="the alert may go")
    statement = (
        update(Delivery)
        .where(*held)
        .values(state=State.QUEUED.value, reason="")
        .execution_options(synchronize_session=False)
    )
    return _count(session, statement)


def reweigh(session: Session, wording_id: int, segments: int) -> None:
    """Words that changed before they left may weigh more: note it on what still waits."""
    waiting = (State.QUEUED.value, State.HELD.value)
    session.execute(
        update(Delivery)
        .where(
            col(Delivery.wording_id) == wording_id,
            col(Delivery.state).in_(waiting),
            col(Delivery.segments) > 0,
        )
        .values(price=col(Delivery.price) / col(Delivery.segments) * segments, segments=segments)
        .execution_options(synchronize_session=False)
    )


def advance(session: Session, receipt: Receipt, delivery: int, now: datetime) -> bool:
    """Move a delivery forward on a provider's word; False when that says nothing new."""
    state = BY_STAGE[receipt.stage]
    where = [col(Delivery.id) == delivery, col(Delivery.state).in_(replaced_by(receipt.stage))]
    if receipt.stage in BAD_NEWS and receipt.attempt is not None:
        where.append(col(Delivery.attempts) == receipt.attempt)
    statement = (
        update(Delivery)
        .where(*where, redialling.concerned(receipt))
        .values(**_evidence(state, receipt, now))
        .execution_options(synchronize_session=False)
    )
    return _count(session, statement) > 0


def _evidence(state: State, receipt: Receipt, now: datetime) -> dict[str, Any]:
    final = state in FINAL
    values: dict[str, Any] = {
        "state": state.value,
        "reason": receipt.reason or receipt.code,
        "settled_at": now if final else None,
        "provider_id": func.coalesce(receipt.provider_id or None, Delivery.provider_id),
    }
    if receipt.stage is not Stage.FAILED:
        values["handed_over_at"] = func.coalesce(Delivery.handed_over_at, receipt.at or now)
    # one that was to be sent again has no look to come: without it nobody would ask
    values["look_at"] = None if final else func.coalesce(Delivery.look_at, now)
    return values


class Again(StrEnum):
    """Why a delivery in doubt is sent again, for its story."""

    LOOKED = "nothing was found, after the quiet period"
    UNHEARD = "no receipt came in the quiet period, and the provider cannot be asked"
    REPLACES = "it takes its own place"


def requeue(
    session: Session, delivery: int, attempt: int, due_at: datetime, *, why: Again = Again.LOOKED
) -> bool:
    """Let an unknown delivery be sent again, after the looks that decision 4 asks for where the
    provider can be asked.

    Nothing happens when it is not `attempt` any more that is in doubt.
    """
    statement = (
        update(Delivery)
        .where(
            col(Delivery.id) == delivery,
            col(Delivery.state) == State.UNKNOWN.value,
            col(Delivery.attempts) == attempt,
        )
        .values(
            state=State.QUEUED.value,
            due_at=due_at,
            lease=None,
            lease_until=None,
            look_at=None,
            looks=0,
            reason="resent after two empty looks" if why is Again.LOOKED else f"resent: {why}",
        )
        .execution_options(synchronize_session=False)
    )
    done = _count(session, statement) > 0
    if done:
        steps.note(session, delivery, StepKind.RESENT, at=due_at, detail=why)
    return done


def find(session: Session, delivery: int, *, lock: bool = False) -> Delivery:
    """A delivery by its number. Raises NotFound."""
    known = 0 < delivery < LARGEST_ID
    found = session.get(Delivery, delivery, with_for_update=lock) if known else None
    if found is None:
        raise NotFound(f"no delivery {delivery}: see `tocsin delivery list`")
    return found


def retry(session: Session, delivery: int, now: datetime) -> None:
    """Queue a delivery again that failed, at an operator's wish. Raises RuleError.

    Never one that may have been received, nor one whose time to live has passed.
    """
    found = find(session, delivery, lock=True)
    if found.state not in (State.FAILED, State.UNDELIVERED):
        raise RuleError(
            "not_failed", f"delivery {delivery} is {found.state}: only a failed one can be retried"
        )
    if found.expires_at <= now:
        raise RuleError("expired", f"delivery {delivery} is past its time to live")
    found.state, found.reason, found.due_at = State.QUEUED, "", now
    found.settled_at = found.look_at = found.provider_id = None
    session.add(found)
    steps.note(session, delivery, StepKind.RETRIED, at=now, detail="by the operator")


def give_up(session: Session, delivery: int, verdict: rights.Verdict, now: datetime) -> bool:
    """End an unknown or unreported delivery of which nothing more can be learnt."""
    open_states = (State.UNKNOWN.value, State.ACCEPTED.value, State.SENT.value)
    statement = (
        update(Delivery)
        .where(col(Delivery.id) == delivery, col(Delivery.state).in_(open_states))
        .values(state=verdict[0].value, reason=verdict[1], settled_at=now, look_at=None)
        .execution_options(synchronize_session=False)
    )
    return _count(session, statement) > 0


def postpone_look(session: Session, delivery: int, attempt: int, at: datetime) -> None:
    """Note an empty look at an attempt still in doubt, and when to look next."""
    in_doubt = col(Delivery.state) == State.UNKNOWN.value
    _look_next(session, delivery, at, 1, in_doubt, col(Delivery.attempts) == attempt)


def defer_look(session: Session, delivery: int, at: datetime) -> None:
    """Look later at a delivery still open; nothing was learnt this time."""
    _look_next(session, delivery, at, 0)


def _look_next(
    session: Session, delivery: int, at: datetime, empty: int, *still: ColumnElement[bool]
) -> None:
    session.execute(
        update(Delivery)
        .where(col(Delivery.id) == delivery, col(Delivery.state).not_in(FINAL), *still)
        .values(look_at=at, looks=col(Delivery.looks) + empty)
        .execution_options(synchronize_session=False)
    )


def _count(session: Session, statement: Any) -> int:
    return cast("CursorResult[Any]", session.execute(statement)).rowcount
