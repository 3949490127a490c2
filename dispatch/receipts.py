"""What comes back about a message: kept as it came, then the delivery moves forward."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import structlog
from sqlmodel import Session, col, select

from community_store import optouts
from community_store.models import Delivery, ReceiptRow
from dispatch import crashing, outbox, redialling
from dispatch.arrivals import storable
from dispatch.redialling import Redial
from dispatch.runtime import Runtime
from gateway.contract import Receipt, Stage

log = structlog.get_logger(__name__)

LARGEST = 2**31  # what a column of the database holds


def record(
    session: Session,
    gateway: str,
    receipt: Receipt,
    now: datetime,
    *,
    redial: Redial = redialling.NEVER,
) -> bool:
    """Keep a receipt and apply it; whether it said something new.

    A receipt for a delivery that is not ours is kept too: the provider must not be
    told to call again. A call that nobody took is made again as `redial` says. An opt-out
    is a STOP, in whatever order receipts come.
    """
    receipt = _storable(receipt)
    delivery = _delivery(session, gateway, receipt)
    session.add(
        ReceiptRow(
            gateway=gateway,
            provider_id=receipt.provider_id,
            delivery_id=delivery,
            attempt=receipt.attempt,
            stage=receipt.stage,
            code=receipt.code,
            reason=receipt.reason,
            at=receipt.at,
            received_at=now,
        )
    )
    session.flush()
    if delivery is None:
        log.warning("receipt_of_unknown_delivery", gateway=gateway)
        return False
    news = _apply(session, receipt, delivery, now, redial=redial)
    if receipt.opted_out:
        _stop(session, delivery)
    return news


def _apply(
    session: Session, receipt: Receipt, delivery: int, now: datetime, *, redial: Redial
) -> bool:
    if receipt.stage is Stage.UNANSWERED and redialling.again(
        session, receipt, delivery, now=now, how=redial
    ):
        return True
    return outbox.advance(session, receipt, delivery, now)


def _stop(session: Session, delivery: int) -> None:
    found = session.get(Delivery, delivery)
    if found is not None and found.address:  # it is taken off after a year
        optouts.stop(session, found.address, found.channel)


def _storable(receipt: Receipt) -> Receipt:
    attempt = receipt.attempt if (receipt.attempt or 0) < LARGEST else None
    return replace(
        receipt,
        attempt=attempt,
        provider_id=storable(receipt.provider_id)[:200],
        code=storable(receipt.code)[:40],
        reason=storable(receipt.reason)[:200],
    )


def _delivery(session: Session, gateway: str, receipt: Receipt) -> int | None:
    if receipt.delivery is not None:
        named = session.get(Delivery, receipt.delivery) if receipt.delivery < LARGEST else None
        return named.id if named is not None and named.gateway == gateway else None
    if not receipt.provider_id:
        return None
    return session.exec(
        select(Delivery.id)
        .where(Delivery.gateway == gateway, col(Delivery.provider_id) == receipt.provider_id)
        .order_by(col(Delivery.id).desc())
    ).first()


def receive(runtime: Runtime, gateway: str, said: Receipt) -> None:
    """Keep a receipt and move its delivery forward. Raises DBAPIError: answer 5xx."""
    with runtime.store.begin() as session:
        how = redialling.of(runtime.settings)
        record(session, gateway, said, runtime.clock(), redial=how)
    crashing.point("receipt_stored")
