"""Finding out what became of messages (decision 4).

An unknown delivery is looked for; only after the quiet period and two empty looks is it
sent again, at most `max_attempts` times. A receipt that never came is asked for too,
and ends as no_receipt after `receipt_hours`. Where the provider cannot be asked at all, a
message that is still worth telling is never given up.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from community_store import steps
from community_store.models import Attempt, Delivery, Number, StepKind, Wording
from community_store.models import DeliveryState as State
from dispatch import (
    asking,
    crashing,
    envelope,
    lookalikes,
    outbox,
    patience,
    receipts,
    redialling,
)
from dispatch.asking import Doubt, Found
from dispatch.outbox import Again
from dispatch.runtime import Runtime
from gateway.contract import Channel, Outbound

AT_ONCE = 200
EMPTY_LOOKS = 2
PARTS = 12  # of the quiet period: how often a provider that could not be asked is asked again
SOON = 1.0  # seconds between two such, at least
UNASKED = 60.0  # seconds until it is asked again for a receipt
REPORTS = (600.0, 3600.0, 6 * 3600.0)  # seconds after handing over that a receipt is asked for


def look(runtime: Runtime) -> int:
    """Settle what is in doubt and due for a look; how many were looked for."""
    now = runtime.clock()
    with runtime.store.read() as session:
        doubts = _doubts(session, runtime, now)
    if not doubts:
        return 0
    found = asking.ask(runtime, doubts)
    crashing.point("looked")
    with runtime.store.begin() as session:
        for one in found:
            _settle(session, runtime, one, runtime.clock())
    crashing.point("look_settled")
    return len(found)


def _doubts(session: Session, runtime: Runtime, now: datetime) -> list[Doubt]:
    rows = session.execute(
        select(Delivery, Wording, Attempt, Number.value)
        .join(Wording, col(Wording.id) == col(Delivery.wording_id))
        .join(
            Attempt,
            (col(Attempt.delivery_id) == col(Delivery.id))
            & (col(Attempt.n) == col(Delivery.attempts)),
        )
        .outerjoin(Number, col(Number.id) == col(Delivery.number_id))
        .where(
            col(Delivery.state).in_([State.UNKNOWN, State.ACCEPTED, State.SENT]),
            col(Delivery.look_at) <= now,
        )
        .order_by(col(Delivery.look_at))
        .limit(AT_ONCE)
    ).all()
    doubts = _knowing_others(session, [_doubt(*row) for row in rows])
    if not any(_is_tried(doubt, runtime) for doubt in doubts):
        return doubts
    taken = patience.last_taken(session)
    return [replace(d, works=taken.get(d.gateway, d.since) > d.since) for d in doubts]


def _knowing_others(session: Session, doubts: list[Doubt]) -> list[Doubt]:
    """Those that are looked for by what they were, with what they are not."""
    blind = [doubt.id for doubt in doubts if doubt.is_blind]
    others = lookalikes.earlier(session, blind) if blind else {}
    return [doubt.but(others.get(doubt.id, frozenset())) for doubt in doubts]


def _doubt(delivery: Delivery, said: Wording, attempt: Attempt, sender: str | None) -> Doubt:
    assert delivery.id is not None
    channel = Channel(delivery.channel)
    message = Outbound(
        delivery=delivery.id,
        attempt=attempt.n,
        to=delivery.address,
        sender=sender or "",
        text=envelope.said(said, channel),
        subject=said.subject if channel is Channel.EMAIL else "",
        started_at=attempt.started_at,
        channel=channel,
        language=said.language,
    )
    return Doubt(
        id=delivery.id,
        state=delivery.state,
        gateway=delivery.gateway,
        message=message,
        provider_id=delivery.provider_id or "",
        looks=delivery.looks,
        doubts=delivery.doubts,
        since=attempt.finished_at or delivery.lease_until or attempt.started_at
        if delivery.state == State.UNKNOWN
        else delivery.handed_over_at or attempt.started_at,
        expires_at=delivery.expires_at,
    )


def _settle(session: Session, runtime: Runtime, found: Found, now: datetime) -> None:
    doubt = found.doubt
    _note(session, found, now)
    if found.receipt is not None:
        how = redialling.of(runtime.settings)
        receipts.record(session, doubt.gateway, found.receipt, now, redial=how)
    if doubt.state == State.UNKNOWN:
        if found.receipt is None:
            _still_unknown(session, runtime, found, now)
        else:
            later = min(REPORTS[0], 3600 * runtime.settings.dispatch.receipt_hours)
            outbox.defer_look(session, doubt.id, now + timedelta(seconds=later))
        return
    _ask_later(session, runtime, found, now)


def _note(session: Session, found: Found, now: datetime) -> None:
    """Keep what a look brought, for the delivery's story."""
    if found.failed:
        what = "could not be asked"
    elif found.receipt is not None:
        what = f"says {found.receipt.stage}"
    elif found.asked:
        what = "knows nothing of it"
    else:
        return
    said = f"{found.doubt.gateway} {what}"
    steps.note(session, found.doubt.id, StepKind.LOOKED, at=now, detail=said)


def _still_unknown(session: Session, runtime: Runtime, found: Found, now: datetime) -> None:
    doubt, dispatch = found.doubt, runtime.settings.dispatch
    provider = runtime.providers.get(doubt.gateway)
    quiet = timedelta(seconds=dispatch.quiet_seconds)
    if found.failed:
        _unasked(session, runtime, doubt, now)
        return
    # nobody is told twice by what takes its own place
    sure = provider is not None and (provider.traits.look_is_final or provider.traits.replaces)
    again = _again_at(runtime, doubt, quiet)
    waited = doubt.looks + 1 >= EMPTY_LOOKS and now >= again
    if not (sure or waited):
        # a long wait may end sooner: it is looked at each quiet period
        due = doubt.since + quiet
        later = due if now < due else min(again, now + quiet)
        later = max(later, now + timedelta(seconds=1))
        outbox.postpone_look(session, doubt.id, doubt.message.attempt, later)
    elif doubt.expires_at <= now:
        outbox.give_up(session, doubt.id, (State.EXPIRED, "time to live, outcome unknown"), now)
    elif doubt.doubts >= dispatch.max_attempts:
        reason = f"outcome unknown after {doubt.doubts} attempts"
        outbox.give_up(session, doubt.id, (State.NO_RECEIPT, reason), now)
    else:
        why = Again.LOOKED if found.asked else Again.UNHEARD
        if provider is not None and provider.traits.replaces:
            why = Again.REPLACES
        outbox.requeue(session, doubt.id, doubt.message.attempt, now, why=why)


def _again_at(runtime: Runtime, doubt: Doubt, quiet: timedelta) -> datetime:
    """The earliest that it may be sent again."""
    if _is_tried(doubt, runtime) and not doubt.works:
        return doubt.since + patience.wait(quiet, doubt.expires_at - doubt.since)
    return doubt.since + quiet


def _is_tried(doubt: Doubt, runtime: Runtime) -> bool:
    most = runtime.settings.dispatch.max_attempts
    return doubt.state == State.UNKNOWN and patience.is_tried(doubt.doubts, most)


def _unasked(session: Session, runtime: Runtime, doubt: Doubt, now: datetime) -> None:
    """The provider gave no answer: ask again, until nobody needs the message any more."""
    dispatch = runtime.settings.dispatch
    limit = timedelta(hours=dispatch.receipt_hours)
    if now - doubt.since >= limit and doubt.expires_at <= now:
        reason = "the provider could not be asked what became of it"
        outbox.give_up(session, doubt.id, (State.NO_RECEIPT, reason), now)
        return
    again = max(SOON, dispatch.quiet_seconds / PARTS)
    outbox.defer_look(session, doubt.id, now + timedelta(seconds=again))


def _ask_later(session: Session, runtime: Runtime, found: Found, now: datetime) -> None:
    """A message was handed over but nothing more was heard of it."""
    doubt = found.doubt
    limit = 3600 * runtime.settings.dispatch.receipt_hours
    passed = (now - doubt.since).total_seconds()
    if passed >= limit:
        outbox.give_up(session, doubt.id, (State.NO_RECEIPT, "no receipt came"), now)
        return
    later = next((wait for wait in (*REPORTS, limit) if wait > passed), limit)
    if found.failed:  # it could not be asked: that was no answer
        later = min(later, passed + UNASKED)
    outbox.defer_look(session, doubt.id, doubt.since + timedelta(seconds=min(later, limit)))
