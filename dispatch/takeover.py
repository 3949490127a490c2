"""While a number's gateway fails, or has stopped itself, another number takes over what
waits there.

Never what may have left: a delivery in doubt, or one that ever was, stays where it was.
"""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import ColumnElement, Float, cast, update
from sqlmodel import Session, col

from community_store import steps
from community_store.models import Delivery, Number, StepKind
from community_store.models import DeliveryState as State
from dispatch import health, senders
from dispatch.outbox import Lane
from gateway.contract import Channel

log = structlog.get_logger(__name__)


def move(session: Session, now: datetime) -> int:
    """Give what waits on failing lanes to numbers that are well; how many moved."""
    shares = health.failing(session, now)
    return sum(_move(session, lane, share, now) for lane, share in shares.items())


def _move(session: Session, lane: Lane, share: float, now: datetime) -> int:
    others = senders.substitutes(session, lane, now)
    if not others or lane.number_id is None:
        return 0
    left = session.get(Number, lane.number_id)
    waiting = _never_left(lane, share)
    moved = 0
    for turn, other in enumerate(others):
        mine = [*waiting, col(Delivery.id) % len(others) == turn]
        was = left.value if left else "a number that is gone"
        detail = f"from {was} at {lane.gateway}, which fails, to {other.value} at {other.gateway}"
        steps.note_all(session, mine, StepKind.MOVED, at=now, detail=detail)
        moved += _give(session, mine, lane, other)
    if moved:
        log.warning("deliveries_moved", number=lane.number_id, gateway=lane.gateway, count=moved)
    return moved


def _never_left(lane: Lane, share: float) -> list[ColumnElement[bool]]:
    """Of all its attempts it is known that nothing left: no outcome was ever in doubt."""
    return [
        col(Delivery.gateway) == lane.gateway,
        col(Delivery.number_id) == lane.number_id,
        col(Delivery.channel) == lane.channel,
        col(Delivery.state) == State.QUEUED.value,
        col(Delivery.doubts) == 0,
        senders.chosen(Delivery.id, share),
    ]


def _give(session: Session, where: list[ColumnElement[bool]], lane: Lane, other: Number) -> int:
    price = (
        other.call_price
        if lane.channel == Channel.VOICE
        else cast(Delivery.segments, Float) * other.price
    )
    done = session.execute(
        update(Delivery)
        .where(*where)
        .values(gateway=other.gateway, number_id=other.id, price=price)
        .execution_options(synchronize_session=False)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]  # an UPDATE has one
