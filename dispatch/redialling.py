"""A call that nobody took: made again a little later, while it is still of use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, not_, or_, true, update
from sqlmodel import Session, col

from community_store.models import Delivery
from community_store.models import DeliveryState as State
from config import Settings
from dispatch import night
from gateway.contract import Channel, Receipt, Stage

CALLED = (State.SENDING, State.UNKNOWN, State.ACCEPTED, State.SENT)


@dataclass(frozen=True, slots=True)
class Redial:
    """`waits`: seconds before the second call, the third...; `zone` tells the night."""

    waits: tuple[float, ...] = ()
    zone: str = "UTC"


NEVER = Redial()


def of(settings: Settings) -> Redial:
    """How this installation calls again."""
    return Redial(settings.dispatch.redial_seconds, settings.service.time_zone)


def again(
    session: Session, receipt: Receipt, delivery_id: int, *, now: datetime, how: Redial
) -> bool:
    """Queue a call that nobody took once more; False when that was the last, or no news."""
    delivery = session.get(Delivery, delivery_id, with_for_update=True, populate_existing=True)
    if delivery is None or delivery.channel != Channel.VOICE or delivery.state not in CALLED:
        return False
    if receipt.attempt is not None and receipt.attempt < delivery.attempts:
        return False
    if delivery.redials >= len(how.waits):
        return False
    due = now + timedelta(seconds=how.waits[delivery.redials])
    if delivery.notice_id is not None:
        due = night.ring_from(how.zone, due)
    if due >= delivery.expires_at:
        return False
    session.execute(
        update(Delivery)
        .where(col(Delivery.id) == delivery_id)
        .values(
            state=State.QUEUED.value,
            redials=delivery.redials + 1,
            reason=receipt.reason or "nobody answered",
            due_at=due,
            provider_id=None,
            lease=None,
            lease_until=None,
            look_at=None,
            looks=0,
        )
        .execution_options(synchronize_session=False)
    )
    return True


def waits() -> ColumnElement[bool]:
    """SQL: a delivery that waits to be called again."""
    return and_(col(Delivery.state) == State.QUEUED.value, col(Delivery.redials) > 0)


def concerned(receipt: Receipt) -> ColumnElement[bool]:
    """SQL: what a receipt says is said of the present call, or that one was taken.

    A word about a call that nobody took may come late, twice, or out of order.
    """
    if receipt.stage is Stage.DELIVERED:
        return true()
    current = not_(waits())
    if receipt.attempt is not None:
        current = and_(current, col(Delivery.attempts) <= receipt.attempt)
    return or_(col(Delivery.channel) != Channel.VOICE.value, current)
