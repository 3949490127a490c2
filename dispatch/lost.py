"""Deliveries whose process died between claim and settlement: what it sent is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, select, update
from sqlmodel import Session, col

from community_store import steps
from community_store.models import Attempt, Delivery, StepKind
from community_store.models import DeliveryState as State

REASON = "worker lost"


def doubt(session: Session, now: datetime, dead: Sequence[str] = ()) -> int:
    """Put in doubt what nobody will settle any more; how many.

    Counts for leases that have run out, and for those of the `dead` workers at once.
    """
    gone = col(Delivery.lease_until) <= now
    statement = (
        update(Delivery)
        .where(col(Delivery.state) == State.SENDING.value, gone | _held_by(dead) if dead else gone)
        .values(
            state=State.UNKNOWN.value,
            look_at=now,
            looks=0,
            doubts=col(Delivery.doubts) + 1,
            reason=REASON,
        )
        .execution_options(synchronize_session=False)
    )
    count = cast("CursorResult[Any]", session.execute(statement)).rowcount
    if count:
        _note(session, now)
    return count


def _held_by(workers: Sequence[str]) -> ColumnElement[bool]:
    return (
        select(col(Attempt.n))
        .where(
            col(Attempt.delivery_id) == col(Delivery.id),
            col(Attempt.n) == col(Delivery.attempts),
            col(Attempt.worker).in_(workers),
        )
        .exists()
    )


def _note(session: Session, now: datetime) -> None:
    """For `delivery explain`: those that were put in doubt just now."""
    these = [
        col(Delivery.state) == State.UNKNOWN.value,
        col(Delivery.look_at) == now,
        col(Delivery.reason) == REASON,
    ]
    steps.note_all(session, these, StepKind.LOST, at=now, detail="its worker was lost")
