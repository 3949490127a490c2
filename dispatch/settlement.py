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

from sqlalchemy import bindparam, case, func, or_, update
from sqlmodel import Session, col

from community_store import optouts
from community_store.models import Attempt, Delivery, GatewayPause, Number, NumberState
from community_store.models import DeliveryState as State
from dispatch.lifecycle import BAD_NEWS, BY_STAGE, FINAL, replaced_by
from dispatch.outbox import Claimed
from gateway.contract import (
    Accepted,
    Misconfigured,
    NotNow,
    Refused,
    SendError,
    Stage,
    Unknown,
)

LONGEST_WAIT = 8.0  # a provider that is back is used within 10 s (R3)
FIRST_LOOK = 5.0


@dataclass(frozen=True, slots=True)
class Terms:
    """`quiet` seconds before a doubtful message may be sent again.

    `ask_after` seconds a receipt is waited for; None where a gateway sends none.
    """

    quiet: float
    ask_after: float | None


@dataclass(frozen=True, slots=True)
class Settled:
    """An attempt and its outcome, with the instant (UTC) it was known."""

    claimed: Claimed
    outcome: Accepted | SendError
    at: datetime
    terms: Terms


_DELIVERY = Delivery.__table__  # type: ignore[attr-defined]  # SQLModel hides __table__
_ATTEMPT = Attempt.__table__  # type: ignore[attr-defined]  # SQLModel hides __table__


def _accept(stage: Stage) -> Any:
    state = BY_STAGE[stage]
    # spelt out: an expanding IN cannot be executed for many rows at once
    forward = or_(*[col(Delivery.state) == lower for lower in replaced_by(stage)])
    if stage in BAD_NEWS:
        forward = forward & (col(Delivery.attempts) == bindparam("b_attempt"))
    final = state in FINAL
    return (
        update(_DELIVERY)
        .where(col(Delivery.id) == bindparam("b_id"))
        .values(
            provider_id=func.coalesce(bindparam("b_provider"), col(Delivery.provider_id)),
            handed_over_at=func.coalesce(col(Delivery.handed_over_at), bindparam("b_at")),
            settled_at=case(
                (forward, bindparam("b_at") if final else None), else_=col(Delivery.settled_at)
            ),
            look_at=case((forward, bindparam("b_look")), else_=col(Delivery.look_at)),
            reason=case((forward, ""), else_=col(Delivery.reason)),
            state=case((forward, state.value), else_=col(Delivery.state)),
        )
    )


_ACCEPT = {stage: _accept(stage) for stage in Stage}
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
_FINISH_ATTEMPT = (
    update(_ATTEMPT)
    .where(col(Attempt.delivery_id) == bindparam("b_id"), col(Attempt.n) == bindparam("b_n"))
    .values(
        finished_at=bindparam("b_at"),
        outcome=bindparam("b_outcome"),
        provider_id=bindparam("b_provider"),
        code=bindparam("b_code"),
        reason=bindparam("b_reason"),
    )
)


def settle(session: Session, batch: Sequence[Settled]) -> None:
    """Write a batch of outcomes back, with what they say of numbers and gateways."""
    connection = session.connection()
    for stage in Stage:
        rows = [
            _accepted_row(s, s.outcome)
            for s in batch
            if isinstance(s.outcome, Accepted) and s.outcome.stage is stage
        ]
        if rows:
            connection.execute(_ACCEPT[stage], rows)
    failures = [(s, s.outcome) for s in batch if isinstance(s.outcome, SendError)]
    if failures:
        connection.execute(_FENCED, [_failed_row(s, error) for s, error in failures])
        for settled, error in failures:
            _beyond(session, settled, error)
    connection.execute(_FINISH_ATTEMPT, [_attempt_row(s) for s in batch])


def _accepted_row(settled: Settled, accepted: Accepted) -> dict[str, Any]:
    wait = settled.terms.ask_after
    look = None if wait is None else settled.at + timedelta(seconds=wait)
    if BY_STAGE[accepted.stage] in FINAL:
        look = None
    row = {
        "b_id": settled.claimed.id,
        "b_provider": accepted.provider_id or None,
        "b_at": settled.at,
        "b_look": look,
    }
    if accepted.stage in BAD_NEWS:
        row["b_attempt"] = settled.claimed.attempt
    return row


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
        "b_id": settled.claimed.id,
        "b_n": settled.claimed.attempt,
        "b_at": settled.at,
        "b_outcome": "accepted" if accepted else type(outcome).__name__.lower(),
        "b_provider": outcome.provider_id or None if isinstance(outcome, Accepted) else None,
        "b_code": outcome.code if isinstance(outcome, SendError) else "",
        "b_reason": outcome.reason[:200] if isinstance(outcome, SendError) else "",
    }


def _beyond(session: Session, settled: Settled, error: SendError) -> None:
    """What a failure says of more than its own message."""
    lane = settled.claimed.lane
    if isinstance(error, Refused) and error.opted_out:
        optouts.stop(session, settled.claimed.to, settled.claimed.channel)
    number = session.get(Number, lane.number_id) if lane.number_id is not None else None
    if isinstance(error, NotNow) and error.throttled and number is not None:
        until = settled.at + timedelta(seconds=error.delay)
        number.backoff_until = max(until, number.backoff_until or until)
    if isinstance(error, Misconfigured):
        if error.only_sender and number is not None:
            number.state, number.reason = NumberState.PAUSED, error.reason[:200]
        else:
            session.merge(GatewayPause(gateway=lane.gateway, reason=error.reason[:200]))
