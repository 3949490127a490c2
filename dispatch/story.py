"""A delivery's whole story, in order and in words, for the operator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from community_store.models import (
    Alert,
    Attempt,
    Delivery,
    GatewayPause,
    Notice,
    Number,
    NumberState,
    ReceiptRow,
    Step,
    StepKind,
)
from community_store.models import DeliveryState as State
from dispatch import outbox
from dispatch.lifecycle import FINAL
from dispatch.settlement import THROTTLED
from gateway.contract import Traits


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: `event` is a stable word for programs, `text` is for people."""

    at: datetime
    event: str
    text: str


@dataclass(frozen=True, slots=True)
class Story:
    """`ahead` says what happens next; "" when the delivery has ended."""

    delivery: Delivery
    events: list[Event]
    ahead: str


def tell(
    session: Session,
    delivery_id: int,
    now: datetime,
    *,
    traits: Mapping[str, Traits],
) -> Story:
    """Everything that the rows know of a delivery. Raises NotFound.

    `traits` says by name what each gateway can do, which decides what becomes of a doubt;
    one that is not there any more can do nothing.
    """
    delivery = outbox.find(session, delivery_id)
    events = [
        _planned(session, delivery),
        *_attempts(session, delivery),
        *_steps(session, delivery),
        *_receipts(session, delivery),
        *_ended(delivery),
    ]
    ahead = _ahead(session, delivery, now, traits.get(delivery.gateway, Traits()))
    return Story(delivery, sorted(events, key=lambda e: e.at), ahead)


def _planned(session: Session, delivery: Delivery) -> Event:
    notice = session.get(Notice, delivery.notice_id) if delivery.notice_id else None
    what = f"alert {delivery.alert_id}" if notice is None else f"a message ({notice.kind})"
    if delivery.alert_id is not None:
        what += f", as {delivery.audience}"
    size = f", {delivery.segments} segments" if delivery.segments > 1 else ""
    until = f"; of no use after {_at(delivery.expires_at)}"
    text = f"planned for {what}, by {delivery.channel}{_by(session, delivery)}{size}{until}"
    alert = session.get(Alert, delivery.alert_id) if delivery.alert_id else None
    if alert is not None and alert.held_until is not None:
        text += "; the alert was held back until somebody decides"
    return Event(delivery.created_at, "planned", text)


def _by(session: Session, delivery: Delivery) -> str:
    number = session.get(Number, delivery.number_id) if delivery.number_id else None
    if number is not None:
        return f", now from {number.value} at {delivery.gateway}"
    return f", at {delivery.gateway}" if delivery.gateway else ", waiting for a first number"


def _attempts(session: Session, delivery: Delivery) -> Iterator[Event]:
    query = select(Attempt).where(Attempt.delivery_id == delivery.id).order_by(col(Attempt.n))
    for attempt in session.exec(query):
        text = f"attempt {attempt.n}: claimed by {attempt.worker}"
        yield Event(attempt.started_at, "claimed", text)
        if attempt.finished_at is not None:
            yield Event(attempt.finished_at, attempt.outcome, _outcome(attempt))


OUTCOMES = {
    "accepted": "the provider took it",
    "refused": "the provider refused it for good",
    "notnow": "nothing left, to be tried again",
    THROTTLED: "too fast for the provider: nothing left, and it counts as no attempt",
    "unknown": "no clear answer: it may have left",
    "misconfigured": "the gateway cannot send: nothing left",
}


def _outcome(attempt: Attempt) -> str:
    words = OUTCOMES.get(attempt.outcome, attempt.outcome)
    if attempt.provider_id:
        words += f", as {attempt.provider_id}"
    why = " ".join(part for part in (attempt.code, attempt.reason) if part)
    return f"attempt {attempt.n}: {words}" + (f" ({why})" if why else "")


STEPS = {
    StepKind.LOOKED: "asked what became of it:",
    StepKind.RESENT: "given back to be sent again:",
    StepKind.MOVED: "moved:",
    StepKind.RELEASED: "no longer held:",
    StepKind.RETRIED: "queued again:",
    StepKind.LOST: "in doubt, it may have left:",
}


def _steps(session: Session, delivery: Delivery) -> Iterator[Event]:
    query = select(Step).where(Step.delivery_id == delivery.id).order_by(col(Step.id))
    for step in session.exec(query):
        yield Event(step.at, step.kind, f"{STEPS[StepKind(step.kind)]} {step.detail}")


def _receipts(session: Session, delivery: Delivery) -> Iterator[Event]:
    query = (
        select(ReceiptRow).where(ReceiptRow.delivery_id == delivery.id).order_by(col(ReceiptRow.id))
    )
    for receipt in session.exec(query):
        of = f" of attempt {receipt.attempt}" if receipt.attempt else ""
        why = " ".join(part for part in (receipt.code, receipt.reason) if part)
        text = f"receipt{of}: {receipt.stage}" + (f" ({why})" if why else "")
        yield Event(receipt.received_at, "receipt", text)


def _ended(delivery: Delivery) -> Iterator[Event]:
    if delivery.state in FINAL and delivery.settled_at is not None:
        why = f": {delivery.reason}" if delivery.reason else ""
        text = f"ended as {delivery.state}{why}"
        yield Event(delivery.settled_at, delivery.state, text)


def _ahead(session: Session, delivery: Delivery, now: datetime, can: Traits) -> str:
    if delivery.state == State.QUEUED:
        return _waits_for(session, delivery, now)
    if delivery.state == State.UNKNOWN:
        return _settled_by(delivery, can)
    return _awaits(delivery, can)


def _settled_by(delivery: Delivery, can: Traits) -> str:
    """What becomes of a doubt (looking.py)."""
    at = _at(delivery.look_at)
    if can.replaces:
        return f"is sent again at {at}, in its own place, or given up after too many doubts"
    if not can.looks:
        reports = "; only a report can settle it" if can.receipts else ""
        return (
            f"the provider cannot be asked{reports}. After the quiet period it is sent again, or "
            f"given up after too many doubts; that is considered next at {at}"
        )
    return f"the provider is asked again at {at} ({delivery.looks} empty looks so far)"


def _awaits(delivery: Delivery, can: Traits) -> str:
    match delivery.state:
        case State.HELD:
            return "waits until the alert is released or dropped"
        case State.SENDING:
            return f"is with a worker; in doubt if nothing is heard by {_at(delivery.lease_until)}"
        case State.ACCEPTED | State.SENT if delivery.look_at is not None and not can.looks:
            return "a report is waited for: the provider cannot be asked for it"
        case State.ACCEPTED | State.SENT if delivery.look_at is not None:
            return f"a receipt is waited for, and asked for at {_at(delivery.look_at)}"
        case State.ACCEPTED | State.SENT:
            return "nothing more is heard on this way: handed over is the end"
    return ""


def _waits_for(session: Session, delivery: Delivery, now: datetime) -> str:
    if delivery.due_at > now:
        return f"due at {_at(delivery.due_at)}"
    pause = session.get(GatewayPause, delivery.gateway)
    if pause is not None:
        return f"waits: gateway {delivery.gateway} is paused ({pause.reason or 'no reason given'})"
    number = session.get(Number, delivery.number_id) if delivery.number_id else None
    if number is not None and number.state == NumberState.PAUSED:
        return f"waits: number {number.value} is paused ({number.reason or 'no reason given'})"
    if number is not None and number.backoff_until and number.backoff_until > now:
        return f"waits: number {number.value} is throttled until {_at(number.backoff_until)}"
    return "waits for a slot of its number, behind what is more urgent"


def _at(instant: datetime | None) -> str:
    return f"{instant:%H:%M:%S} UTC" if instant else "an unknown time"
