"""The delivery's state machine on its rows: the only place that changes a state.

A claim is one transaction: it reads rights, opt-outs, preferences, age and the alert's
state again, leases what may go and writes the attempt before any provider is called.
A settlement is another. Nothing is open in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import CursorResult, Row, func, insert, literal, select, update
from sqlmodel import Session, col

from community_store import steps
from community_store.columns import UtcDateTime, utcnow
from community_store.errors import NotFound, RuleError
from community_store.models import Attempt, Delivery, Notice, StepKind
from community_store.models import DeliveryState as State
from dispatch import redialling, rights
from dispatch.lifecycle import BAD_NEWS, BY_STAGE, FINAL, replaced_by
from gateway.contract import Channel, Receipt, Stage

DUE_BY_NUMBER = rights.due(mail=False)
DUE_BY_MAIL = rights.due(mail=True)
ATTEMPT_COLUMNS = ("delivery_id", "n", "worker", "started_at", "outcome", "code", "reason")
_ATTEMPT = insert(Attempt.__table__)  # type: ignore[attr-defined]  # SQLModel hides __table__


@dataclass(frozen=True, slots=True)
class Lane:
    """The way that deliveries leave by: a number of a gateway (None for e-mail).

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
    language: str
    started_at: datetime


def claim(session: Session, lane: Lane, segments: int, terms: Terms) -> list[Claimed]:
    """Lease what may leave by `lane` now: up to `segments`, but at least one message.

    What may not leave any more gets its last state on the way, so an empty answer
    means that nothing is due. An e-mail counts as one segment.
    """
    (taken,) = claim_all(session, [(lane, segments)], terms)
    return taken


def claim_all(
    session: Session, wants: Sequence[tuple[Lane, int]], terms: Terms
) -> list[list[Claimed]]:
    """The same for several lanes at once, with one lease for all."""
    lease = uuid4().hex
    taken = [_take(session, lane, segments, _Claim(terms, lease)) for lane, segments in wants]
    _lease(session, [claimed for batch in taken for claimed in batch], terms)
    return taken


@dataclass(frozen=True, slots=True)
class _Claim:
    terms: Terms
    lease: str


def _take(session: Session, lane: Lane, segments: int, claim: _Claim) -> list[Claimed]:
    """Choose what leaves by a lane; what may not leave, or not now, is put away on the way."""
    taken: list[Claimed] = []
    room, terms, seen = segments, claim.terms, set[int]()
    while room > 0:
        rows = session.execute(
            DUE_BY_MAIL if lane.number_id is None else DUE_BY_NUMBER,
            {
                "gateway": lane.gateway,
                "number_id": lane.number_id,
                "channel": lane.channel,
                "now": terms.now,
                "limit": room + len(taken),
            },
        ).all()
        fresh = [row for row in rows if row.id not in seen]
        going, put_away = _sort(fresh, terms)
        for row in going:
            if room > 0:
                taken.append(_claimed(row, lane, claim.lease, terms.now))
                seen.add(row.id)
                room -= max(1, row.segments)
        drop(session, put_away.dropped, terms.now)
        _let_sleep(session, put_away.asleep)
        if not (put_away.dropped or put_away.asleep):
            break
    return taken


@dataclass(slots=True)
class _PutAway:
    dropped: list[tuple[int, rights.Verdict]] = field(default_factory=list)
    asleep: list[tuple[Row[Any], datetime]] = field(default_factory=list)


def _sort(rows: Sequence[Row[Any]], terms: Terms) -> tuple[list[Row[Any]], _PutAway]:
    """What may leave, and what may not, or not now."""
    going, away = [], _PutAway()
    for row in rows:
        if verdict := rights.verdict(row, terms.now):
            away.dropped.append((row.id, verdict))
        elif not (terms.morning and rights.wakes(row)):
            going.append(row)
        elif row.notice_kind == rights.CODE:
            away.dropped.append((row.id, (State.EXPIRED, "night")))
        else:
            away.asleep.append((row, terms.morning))
    return going, away


def _claimed(row: Row[Any], lane: Lane, lease: str, now: datetime) -> Claimed:
    return Claimed(
        id=row.id,
        attempt=row.attempts + 1,
        lease=lease,
        lane=lane,
        channel=row.channel,
        to=row.address,
        segments=max(1, row.segments),
        sms=row.sms,
        subject=row.subject,
        mail=row.mail,
        voice=row.voice,
        language=row.language,
        started_at=now,
    )


def _lease(session: Session, batch: Sequence[Claimed], terms: Terms) -> None:
    if not batch:
        return
    ids = [claimed.id for claimed in batch]
    until = terms.now + timedelta(seconds=terms.lease)
    session.execute(
        update(Delivery)
        .where(col(Delivery.id).in_(ids))
        .values(
            state=State.SENDING.value,
            attempts=col(Delivery.attempts) + 1,
            lease=batch[0].lease,
            lease_until=until,
            look_at=until,
            looks=0,
        )
        .execution_options(synchronize_session=False)
    )
    attempt = select(
        col(Delivery.id), col(Delivery.attempts), literal(terms.worker),
        literal(terms.now, UtcDateTime()), literal(""), literal(""), literal(""),
    ).where(col(Delivery.id).in_(ids))  # fmt: skip
    session.execute(_ATTEMPT.from_select(ATTEMPT_COLUMNS, attempt))


def _let_sleep(session: Session, asleep: Sequence[tuple[Row[Any], datetime]]) -> None:
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


def requeue(session: Session, delivery: int, due_at: datetime) -> bool:
    """Let an unknown delivery be sent again, after the looks that decision 4 asks for."""
    statement = (
        update(Delivery)
        .where(col(Delivery.id) == delivery, col(Delivery.state) == State.UNKNOWN.value)
        .values(
            state=State.QUEUED.value,
            due_at=due_at,
            lease=None,
            lease_until=None,
            look_at=None,
            looks=0,
            reason="resent after two empty looks",
        )
        .execution_options(synchronize_session=False)
    )
    done = _count(session, statement) > 0
    if done:
        why = "nothing was found, after the quiet period"
        steps.note(session, delivery, StepKind.RESENT, at=due_at, detail=why)
    return done


def retry(session: Session, delivery: int, now: datetime) -> None:
    """Queue a delivery again that failed, at an operator's wish. Raises RuleError.

    Never one that may have been received, nor one whose time to live has passed.
    """
    found = session.get(Delivery, delivery, with_for_update=True)
    if found is None:
        raise NotFound(f"no delivery {delivery}: see `tocsin delivery list`")
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


def doubt_expired_leases(session: Session, now: datetime, dead: Sequence[str] = ()) -> int:
    """A process died between claim and settlement: what it sent is unknown; how many.

    Counts for leases that have run out, and for those of the `dead` workers at once.
    """
    gone = col(Delivery.lease_until) <= now
    if dead:
        holder = (
            Attempt.__table__.select()  # type: ignore[attr-defined]  # SQLModel hides __table__
            .where(
                col(Attempt.delivery_id) == col(Delivery.id),
                col(Attempt.n) == col(Delivery.attempts),
                col(Attempt.worker).in_(dead),
            )
            .exists()
        )
        gone = gone | holder
    statement = (
        update(Delivery)
        .where(col(Delivery.state) == State.SENDING.value, gone)
        .values(
            state=State.UNKNOWN.value,
            look_at=now,
            looks=0,
            doubts=col(Delivery.doubts) + 1,
            reason="worker lost",
        )
        .execution_options(synchronize_session=False)
    )
    return _count(session, statement)


def postpone_look(session: Session, delivery: int, at: datetime) -> None:
    """Note an empty look at a delivery still open, and when to look next."""
    _look_next(session, delivery, at, empty=1)


def defer_look(session: Session, delivery: int, at: datetime) -> None:
    """Look later at a delivery still open; nothing was learnt this time."""
    _look_next(session, delivery, at, empty=0)


def _look_next(session: Session, delivery: int, at: datetime, *, empty: int) -> None:
    session.execute(
        update(Delivery)
        .where(col(Delivery.id) == delivery, col(Delivery.state).not_in(FINAL))
        .values(look_at=at, looks=col(Delivery.looks) + empty)
        .execution_options(synchronize_session=False)
    )


def _count(session: Session, statement: Any) -> int:
    return cast("CursorResult[Any]", session.execute(statement)).rowcount
