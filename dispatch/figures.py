"""What the rows say of the whole installation, for /metrics; what waits: queues.py."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select, union
from sqlmodel import Session, col

from community_store.models import Attempt, Delivery, InboundText, ReceiptRow
from community_store.models import DeliveryState as State
from dispatch.priority import Priority
from dispatch.queues import age
from gateway.contract import Stage


def residents_wait(session: Session, now: datetime) -> float:
    """The age in seconds of the oldest message due of the classes that wait for nobody: an
    answer, an emergency, a resident's alert.
    """
    oldest = session.scalar(
        select(func.min(col(Delivery.due_at))).where(
            col(Delivery.state) == State.QUEUED.value,
            col(Delivery.due_at) <= now,
            col(Delivery.priority) <= Priority.ALERT,
        )
    )
    return age(oldest, now)


def deliveries_by_state(session: Session) -> Mapping[tuple[str, str], int]:
    """How many deliveries there are, by channel and state."""
    rows = session.execute(
        select(col(Delivery.channel), col(Delivery.state), func.count()).group_by(
            col(Delivery.channel), col(Delivery.state)
        )
    )
    return {(channel, state): count for channel, state, count in rows}


def inbound_by_outcome(session: Session) -> Mapping[tuple[str, str], int]:
    """How many texts came in, by gateway and outcome ("" is not read yet)."""
    rows = session.execute(
        select(col(InboundText.gateway), col(InboundText.outcome), func.count()).group_by(
            col(InboundText.gateway), col(InboundText.outcome)
        )
    )
    return {(gateway, outcome): count for gateway, outcome, count in rows}


def duplicates(session: Session) -> int:
    """How many messages left more than once: attempts beyond the first that are known to have.

    An attempt whose outcome we never learnt is known by what its provider reports of it later.
    """
    doubted = select(col(Delivery.id)).where(col(Delivery.doubts) > 0)  # few, of all there are
    answered = select(col(Attempt.delivery_id), col(Attempt.n)).where(
        col(Attempt.delivery_id).in_(doubted), col(Attempt.outcome) == "accepted"
    )
    reported = select(col(ReceiptRow.delivery_id), col(ReceiptRow.attempt)).where(
        col(ReceiptRow.delivery_id).in_(doubted),
        col(ReceiptRow.attempt).is_not(None),
        col(ReceiptRow.stage) != Stage.FAILED.value,
    )
    left = union(answered, reported).subquery()
    twice = (
        select((func.count() - 1).label("more"))
        .select_from(left)
        .group_by(left.c.delivery_id)
        .having(func.count() > 1)
        .subquery()
    )
    return int(session.scalar(select(func.coalesce(func.sum(twice.c.more), 0))) or 0)
