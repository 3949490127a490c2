"""What a provider answered to an attempt, written back: one transaction a batch.

An acceptance is evidence and wins over any doubt, whoever holds the lease by now.
Every other outcome is fenced by the lease: a late answer of an attempt that was given
up cannot undo what followed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, func, not_, null, update
from sqlmodel import Session, col

from community_store import optouts, planner, subscriptions
from community_store.models import Attempt, Delivery, GatewayPause, Number, NumberState
from community_store.models import DeliveryState as State
from dispatch import outbox, redialling
from dispatch.lifecycle import BAD_NEWS, BY_STAGE, FINAL, replaced_by
from dispatch.outbox import Claimed
from dispatch.recordset import recordset, rows_parameter
from dispatch.redialling import Redial
from gateway.contract import (
    Accepted,
    Channel,
    Misconfigured,
    NotNow,
    Receipt,
    Refused,
    SendError,
    Stage,
    Unknown,
)

LONGEST_WAIT = 8.0  # a provider that is back is used within 10 s (R3)
FIRST_LOOK = 5.0
THROTTLED = "throttled"


@dataclass(frozen=True, slots=True)
class Terms:
    """`quiet` seconds before a doubtful message may be sent again.

    `ask_after` seconds a receipt is waited for; None where a gateway sends none.
    `redial` says when a call that nobody took is made again.
    """

    quiet: float
    ask_after: float | None
    redial: Redial = redialling.NEVER


@dataclass(frozen=True, slots=True)
class Settled:
    """An attempt and its outcome, with the instant (UTC) it was known."""

    claimed: Claimed
    outcome: Accepted | SendError
    at: datetime
    terms: Terms


_DELIVERY = Delivery.__table__  # type: ignore[attr-defined]  # SQLModel hides __table__
_ATTEMPT = Attempt.__table__  # type: ignore[attr-defined]  # SQLModel hides __table__


def _accept(dialect: str, stage: Stage) -> Any:
    state = BY_STAGE[stage]
    given = recordset(
        dialect, {"id": int, "attempt": int, "provider": str, "at": datetime, "look": datetime}
    )
    row = given.columns
    forward: ColumnElement[bool] = col(Delivery.state).in_(replaced_by(stage))
    if stage in BAD_NEWS:
        forward = forward & (col(Delivery.attempts) == row["attempt"])
    if state is not State.DELIVERED:  # the call may be over before its acceptance is written
        forward = and_(forward, not_(redialling.waits()))
    settled = row["at"] if state in FINAL else null()
    return (
        update(_DELIVERY)
        .where(col(Delivery.id) == row["id"])
        .values(
            provider_id=case(
                (redialling.waits(), col(Delivery.provider_id)),
                else_=func.coalesce(row["provider"], col(Delivery.provider_id)),
            ),
            handed_over_at=func.coalesce(col(Delivery.handed_over_at), row["at"]),
            settled_at=case((forward, settled), else_=col(Delivery.settled_at)),
            look_at=case((forward, row["look"]), else_=col(Delivery.look_at)),
            reason=case((forward, ""), else_=col(Delivery.reason)),
            state=case((forward, state.value), else_=col(Delivery.state)),
        )
    )


def _finish(dialect: str) -> Any:
    given = recordset(
        dialect,
        {"id": int, "n": int, "at": datetime, "outcome": str, "provider": str,
         "code": str, "reason": str},
    )  # fmt: skip
    row = given.columns
    return (
        update(_ATTEMPT)
        .where(col(Attempt.delivery_id) == row["id"], col(Attempt.n) == row["n"])
        .values(
            finished_at=row["at"],
            outcome=row["outcome"],
            provider_id=row["provider"],
            code=row["code"],
            reason=row["reason"],
        )
    )


DIALECTS = ("postgresql", "sqlite")
_ACCEPT = {(name, stage): _accept(name, stage) for name in DIALECTS for stage in Stage}
_FINISH_ATTEMPT = {name: _finish(name) for name in DIALECTS}
_FENCED = (
    update(_DELIVERY)
    .where(
        col(Delivery.id) == bindparam("b_id"),
        col(Delivery.lease) == bindparam("b_lease"),
        col(Delivery.state) == State.SENDING.value,
    )
    .values(
        state=bindparam("b_state"),
        reason=bindparam("b_reason"),
        due_at=bindparam("b_due"),
        look_at=bindparam("b_look"),
        settled_at=bindparam("b_settled"),
        doubts=col(Delivery.doubts) + bindparam("b_doubt"),
    )
)


def settle(session: Session, batch: Sequence[Settled]) -> None:
    """Write a batch of outcomes back, with what they say of numbers and gateways."""
    planner.afresh(session)
    connection = session.connection()
    dialect = connection.dialect.name
    for stage in Stage:
        rows = [
            _accepted_row(s, s.outcome)
            for s in batch
            if isinstance(s.outcome, Accepted) and _written(s.outcome) is stage
        ]
        if rows:
            connection.execute(_ACCEPT[dialect, stage], rows_parameter(dialect, rows))
    for settled in batch:
        if isinstance(settled.outcome, Accepted) and settled.outcome.stage is Stage.UNANSWERED:
            _unanswered(session, settled, settled.outcome)
    failures = [(s, s.outcome) for s in batch if isinstance(s.outcome, SendError)]
    if failures:
        connection.execute(_FENCED, [_failed_row(s, error) for s, error in failures])
        for settled, error in failures:
            _beyond(session, settled, error)
    finished = rows_parameter(dialect, [_attempt_row(s) for s in batch])
    connection.execute(_FINISH_ATTEMPT[dialect], finished)


def _written(accepted: Accepted) -> Stage:
    """A call that nobody took was made all the same."""
    return Stage.SENT if accepted.stage is Stage.UNANSWERED else accepted.stage


def _unanswered(session: Session, settled: Settled, accepted: Accepted) -> None:
    claimed = settled.claimed
    receipt = Receipt(
        Stage.UNANSWERED,
        accepted.provider_id,
        claimed.id,
        claimed.attempt,
        reason="nobody answered",
    )
    how = settled.terms.redial
    if not redialling.again(session, receipt, claimed.id, now=settled.at, how=how):
        outbox.advance(session, receipt, claimed.id, settled.at)


def _accepted_row(settled: Settled, accepted: Accepted) -> dict[str, Any]:
    wait = settled.terms.ask_after
    look = None if wait is None else settled.at + timedelta(seconds=wait)
    if BY_STAGE[accepted.stage] in FINAL:
        look = None
    return {
        "id": settled.claimed.id,
        "attempt": settled.claimed.attempt,
        "provider": accepted.provider_id or None,
        "at": settled.at,
        "look": look,
    }


def _failed_row(settled: Settled, error: SendError) -> dict[str, Any]:
    row: dict[str, Any] = {
        "b_id": settled.claimed.id,
        "b_lease": settled.claimed.lease,
        "b_state": State.QUEUED.value,
        "b_reason": error.reason[:200],
        "b_due": settled.at,
        "b_look": None,
        "b_settled": None,
        "b_doubt": 0,
    }
    return row | _consequence(error)(settled, error)


def _not_now(settled: Settled, error: SendError) -> dict[str, Any]:
    assert isinstance(error, NotNow)
    tries = settled.claimed.attempt
    wait = error.delay if error.throttled else max(error.delay, 2.0 ** min(tries - 1, 6))
    return {"b_due": settled.at + timedelta(seconds=min(wait, max(LONGEST_WAIT, error.delay)))}


def _refused(settled: Settled, error: SendError) -> dict[str, Any]:
    assert isinstance(error, Refused)
    state = State.SUPPRESSED if error.opted_out else State.FAILED
    return {"b_state": state.value, "b_settled": settled.at}


def _unknown(settled: Settled, _error: SendError) -> dict[str, Any]:
    first = min(FIRST_LOOK, settled.terms.quiet / 4)
    return {
        "b_state": State.UNKNOWN.value,
        "b_doubt": 1,
        "b_look": settled.at + timedelta(seconds=first),
    }


def _misconfigured(_settled: Settled, _error: SendError) -> dict[str, Any]:
    return {}


_CONSEQUENCE: dict[type[SendError], Callable[[Settled, SendError], dict[str, Any]]] = {
    NotNow: _not_now,
    Refused: _refused,
    Unknown: _unknown,
    Misconfigured: _misconfigured,
}


def _consequence(error: SendError) -> Callable[[Settled, SendError], dict[str, Any]]:
    """By kind; a SendError of no kind says nothing of whether the message left."""
    kinds = (row for kind, row in _CONSEQUENCE.items() if isinstance(error, kind))
    return next(kinds, _unknown)


def _attempt_row(settled: Settled) -> dict[str, Any]:
    outcome = settled.outcome
    accepted = isinstance(outcome, Accepted)
    return {
        "id": settled.claimed.id,
        "n": settled.claimed.attempt,
        "at": settled.at,
        "outcome": "accepted" if accepted else _outcome(outcome),
        "provider": outcome.provider_id or None if isinstance(outcome, Accepted) else None,
        "code": outcome.code if isinstance(outcome, SendError) else "",
        "reason": outcome.reason[:200] if isinstance(outcome, SendError) else "",
    }


def _outcome(error: Accepted | SendError) -> str:
    """The word for an attempt that failed; to be throttled costs none (decision 4)."""
    if isinstance(error, NotNow) and error.throttled:
        return THROTTLED
    return type(error).__name__.lower()


def _beyond(session: Session, settled: Settled, error: SendError) -> None:
    """What a failure says of more than its own message."""
    lane = settled.claimed.lane
    if isinstance(error, Refused) and error.opted_out:
        optouts.stop(session, settled.claimed.to, settled.claimed.channel)
    if isinstance(error, Refused) and error.gone:
        subscriptions.forget(session, settled.claimed.to)
    number = session.get(Number, lane.number_id) if lane.number_id is not None else None
    if isinstance(error, NotNow) and error.throttled and number is not None:
        until = settled.at + timedelta(seconds=error.delay)
        number.backoff_until = max(until, number.backoff_until or until)
    if isinstance(error, Misconfigured):
        _stop(session, lane, number, error)


def _stop(session: Session, lane: outbox.Lane, number: Number | None, error: Misconfigured) -> None:
    """Of what the operator paused meanwhile nothing changes: it stays theirs to resume."""
    reason = error.reason[:200]
    if not error.only_sender or number is None:
        if session.get(GatewayPause, lane.gateway) is None:
            session.add(GatewayPause(gateway=lane.gateway, reason=reason, by_itself=True))
    elif lane.channel == Channel.VOICE:
        number.calls_paused = reason
    elif number.state == NumberState.ACTIVE:
        number.state, number.reason, number.by_itself = NumberState.PAUSED, reason, True
