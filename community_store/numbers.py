"""The numbers that the service owns: added, changed, paused, taken away."""

from __future__ import annotations

import math
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, func, select

from community_store import steps
from community_store.columns import utcnow
from community_store.errors import NotFound, RuleError
from community_store.models import (
    Delivery,
    DeliveryState,
    Number,
    NumberKind,
    NumberState,
    StepKind,
)
from community_store.personal_data import DUE
from community_store.store import lock


def add(session: Session, new: Number) -> Number:
    """Add a number; the first one that can text becomes a default. Raises RuleError.

    `value` is E.164, a short code or a sender name, checked by the caller.
    """
    lock(session, "numbers")
    _require_sound(new)
    if session.exec(select(Number.id).where(Number.value == new.value)).first():
        raise RuleError(
            "exists", f"number {new.value} exists already: `tocsin number set` changes it"
        )
    new.is_default = new.is_default or (new.sms and not _defaults(session))
    session.add(new)
    session.flush()
    return new


def find(session: Session, value: str) -> Number:
    """By its value as stored. Raises NotFound."""
    number = session.exec(select(Number).where(Number.value == value)).first()
    if number is None:
        raise NotFound(f"no number {value!r}: see `tocsin number list`")
    return number


def change(session: Session, number: Number, changes: dict[str, object]) -> None:
    """Set columns of a number (rate, price, gateway, kind, is_default). Raises RuleError."""
    lock(session, "numbers")
    leaves = changes.get("is_default") is False or changes.get("sms") is False
    if leaves and _defaults(session) == [number]:
        raise RuleError(
            "last_default",
            f"{number.value} is the only default number: make another one default first",
        )
    for name, value in changes.items():
        setattr(number, name, value)
    _require_sound(number)
    session.add(number)
    if "gateway" in changes:
        session.flush()
        follow(session)


def follow(session: Session, now: datetime | None = None) -> int:
    """Give what waits on a number the gateway that the number has now; how many moved.

    Queued deliveries only: what may have been sent is looked for at the gateway that had it,
    and follows once it is queued again.
    """
    queued = col(Delivery.state) == DeliveryState.QUEUED.value
    gateways = set(session.exec(select(Delivery.gateway).where(queued).distinct()))
    moved = 0
    for number in list_all(session):
        for left in gateways - {number.gateway}:
            mine = [
                col(Delivery.gateway) == left,
                col(Delivery.number_id) == number.id,
                queued,
            ]
            detail = f"with its number {number.value} from {left} to {number.gateway}"
            steps.note_all(session, mine, StepKind.MOVED, at=now or utcnow(), detail=detail)
            waiting = update(Delivery).where(*mine)
            done = session.execute(
                waiting.values(gateway=number.gateway).execution_options(synchronize_session=False)
            )
            moved += done.rowcount  # type: ignore[attr-defined]  # an UPDATE has one
    return moved


def pause(session: Session, number: Number, reason: str = "") -> None:
    """Hold what is due on a number until it is resumed."""
    number.state = NumberState.PAUSED
    number.reason = reason.strip()
    number.by_itself = False
    session.add(number)


def resume(session: Session, number: Number) -> None:
    """Let a number send again, at once."""
    number.state = NumberState.ACTIVE
    number.reason = ""
    number.by_itself = False
    number.calls_paused = ""
    number.backoff_until = None
    session.add(number)


def waiting(session: Session, number: Number) -> dict[str, int]:
    """What is due on a number now, held, in flight and in doubt, as `queue status` counts it."""
    rows = session.exec(
        select(Delivery.state, func.count())
        .where(
            Delivery.number_id == number.id,
            col(Delivery.state).in_(DUE),
            (col(Delivery.state) != DeliveryState.QUEUED) | (col(Delivery.due_at) <= utcnow()),
        )
        .group_by(Delivery.state)
    )
    found: dict[str, int] = {state: count for state, count in rows}  # noqa: C416  # rows are no pairs to mypy
    names = {
        "due": DeliveryState.QUEUED,
        "held": DeliveryState.HELD,
        "sending": DeliveryState.SENDING,
        "unknown": DeliveryState.UNKNOWN,
    }
    return {name: found.get(state, 0) for name, state in names.items()}


def due(session: Session, number: Number) -> int:
    """How many deliveries are still to leave by a number, or in doubt."""
    query = select(func.count()).select_from(Delivery)
    return session.exec(
        query.where(Delivery.number_id == number.id, col(Delivery.state).in_(DUE))
    ).one()


def remove(session: Session, number: Number) -> None:
    """Take a number away; what it sent stays, without it. Raises RuleError.

    When it was the only default, the eldest of the others becomes one.
    """
    lock(session, "numbers")
    waiting = due(session, number)
    if waiting:
        raise RuleError(
            "due",
            f"{waiting} deliveries are still due on {number.value}: wait for them (`tocsin"
            f" queue status`), or `tocsin number pause {number.value}` to hold them",
        )
    sent = update(Delivery).where(col(Delivery.number_id) == number.id)
    session.execute(sent.values(number_id=None))
    session.delete(number)
    session.flush()
    texting = select(Number).where(col(Number.sms))
    eldest = session.exec(texting.order_by(col(Number.id)).limit(1)).first()
    if eldest and not _defaults(session):
        eldest.is_default = True
        session.add(eldest)


def list_all(session: Session) -> list[Number]:
    """In the order in which they were added."""
    return list(session.exec(select(Number).order_by(col(Number.id))))


def _defaults(session: Session) -> list[Number]:
    return list(session.exec(select(Number).where(col(Number.is_default), col(Number.sms))))


def _require_sound(number: Number) -> None:
    if number.kind not in list(NumberKind):
        raise RuleError("kind", f"unknown kind {number.kind!r}: one of {', '.join(NumberKind)}")
    if not (math.isfinite(number.rate) and 0 < number.rate <= 10_000):
        raise RuleError("rate", "the rate must be above 0 and at most 10000 segments a second")
    if not (math.isfinite(number.call_rate) and 0 < number.call_rate <= 1000):
        raise RuleError(
            "call_rate", "the call rate must be above 0 and at most 1000 calls a second"
        )
    if not (math.isfinite(number.call_price) and 0 <= number.call_price < 100):
        raise RuleError("call_price", "the price of a call must be from 0 to 100 euros")
    if not (number.sms or number.voice):
        raise RuleError("useless", "a number must text or call: leave out --no-sms, or add --voice")
    if number.voice and number.kind == NumberKind.SENDER:
        raise RuleError("sender", "a sender name cannot call")
    if not (math.isfinite(number.price) and 0 <= number.price < 100):
        raise RuleError("price", "the price of a segment must be from 0 to 100 euros")
