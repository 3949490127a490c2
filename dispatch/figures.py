"""What the rows say of the whole installation: for /readyz, /metrics and `queue status`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select, union
from sqlmodel import Session, col

from community_store.models import Attempt, Delivery, GatewayPause, InboundText, ReceiptRow
from community_store.models import DeliveryState as State
from dispatch.priority import Priority
from gateway.contract import Stage


@dataclass(frozen=True, slots=True)
class GatewayFigures:
    """One gateway's queue. `paused` is the reason, "" when it is not."""

    gateway: str
    due: int
    held: int
    oldest_due_seconds: float
    sending: int
    unknown: int
    paused: str


def gateways(session: Session, names: list[str], now: datetime) -> list[GatewayFigures]:
    """The queue of each gateway, mail included, as it stands now."""
    waiting = {
        row.gateway: row
        for row in session.execute(
            select(
                col(Delivery.gateway),
                func.count().filter(col(Delivery.due_at) <= now).label("due"),
                func.min(case((col(Delivery.due_at) <= now, col(Delivery.due_at)))).label("oldest"),
            )
            .where(col(Delivery.state) == State.QUEUED.value)
            .group_by(col(Delivery.gateway))
        )
    }
    open_ = {
        (gateway, state): count
        for gateway, state, count in session.execute(
            select(col(Delivery.gateway), col(Delivery.state), func.count())
            .where(
                col(Delivery.state).in_(
                    [State.HELD.value, State.SENDING.value, State.UNKNOWN.value]
                )
            )
            .group_by(col(Delivery.gateway), col(Delivery.state))
        )
    }
    paused = {row.gateway: row.reason or "paused" for row in session.scalars(select(GatewayPause))}
    return [
        GatewayFigures(
            gateway=name,
            due=waiting[name].due if name in waiting else 0,
            held=open_.get((name, State.HELD.value), 0),
            oldest_due_seconds=_age(waiting[name].oldest if name in waiting else None, now),
            sending=open_.get((name, State.SENDING.value), 0),
            unknown=open_.get((name, State.UNKNOWN.value), 0),
            paused=paused.get(name, ""),
        )
        for name in sorted({*names, *waiting} if waiting else set(names))
    ]


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
    return _age(oldest, now)


def _age(oldest: datetime | None, now: datetime) -> float:
    return 0.0 if oldest is None else max(0.0, round((now - oldest).total_seconds(), 3))


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
    answered = select(col(Attempt.delivery_id), col(Attempt.n)).where(
        col(Attempt.outcome) == "accepted"
    )
    reported = select(col(ReceiptRow.delivery_id), col(ReceiptRow.attempt)).where(
        col(ReceiptRow.delivery_id).is_not(None),
        col(ReceiptRow.attempt).is_not(None),
        col(ReceiptRow.stage) != Stage.FAILED.value,
    )
    left = union(answered, reported).subquery()
    twice = (
        select((func.count() - 1).label("more"))
        .select_from(left)
        .join(Delivery, col(Delivery.id) == left.c.delivery_id)
        .where(col(Delivery.doubts) > 0)
        .group_by(left.c.delivery_id)
        .having(func.count() > 1)
        .subquery()
    )
    return int(session.scalar(select(func.coalesce(func.sum(twice.c.more), 0))) or 0)
