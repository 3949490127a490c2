"""Between the claim and the call: may it still go? And back, when it may not.

A claim is made a little ahead of its slot, so what it read of rights, opt-outs and the
alert's state is read once more just before the call (R7). No provider has heard of what
is undone here: its attempt is taken away, as if it had never been claimed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, or_, select, tuple_, update
from sqlmodel import Session, col

from community_store.models import Attempt, Delivery, GatewayPause, Number, NumberState
from community_store.models import DeliveryState as State
from dispatch import rights
from dispatch.outbox import Claimed, Lane
from gateway.contract import Channel

CLAIMED = rights.claimed()
BACK: rights.Verdict = (State.QUEUED, "")


def verdicts(
    session: Session, batch: Sequence[Claimed], now: datetime
) -> dict[int, rights.Verdict | None]:
    """What becomes of claimed deliveries by what the rows say now: None may leave.

    One that is not named is no longer ours: its lease ran out.
    """
    leases = {claimed.id: claimed.lease for claimed in batch}
    ours = {
        row.id: rights.verdict(row, now)
        for row in session.execute(CLAIMED, {"ids": list(leases)})
        if row.lease == leases[row.id]
    }
    stopped = _stopped(session, now)
    halted = {claimed.id for claimed in batch if stopped(claimed.lane)}
    return {
        id_: BACK if verdict is None and id_ in halted else verdict for id_, verdict in ours.items()
    }


class _Stopped:
    """The gateways and numbers that may not send at this instant."""

    def __init__(self, gateways: set[str], numbers: set[int], silent: set[int]) -> None:
        self.gateways, self.numbers, self.silent = gateways, numbers, silent

    def __call__(self, lane: Lane) -> bool:
        calls = lane.channel == Channel.VOICE and lane.number_id in self.silent
        return lane.gateway in self.gateways or lane.number_id in self.numbers or calls


def _stopped(session: Session, now: datetime) -> _Stopped:
    resting = or_(
        col(Number.state) == NumberState.PAUSED.value,
        col(Number.backoff_until) > now,
        col(Number.calls_paused) != "",
    )
    rows = session.execute(
        select(col(Number.id), col(Number.state), col(Number.backoff_until)).where(resting)
    ).all()
    numbers = {
        row.id
        for row in rows
        if row.state == NumberState.PAUSED.value or (row.backoff_until and row.backoff_until > now)
    }
    gateways = set(session.scalars(select(col(GatewayPause.gateway))))
    return _Stopped(gateways, numbers, {row.id for row in rows} - numbers)


def undo(session: Session, ends: Iterable[tuple[Claimed, rights.Verdict]], now: datetime) -> int:
    """Give claimed deliveries that did not leave another state; how many were still ours."""
    groups: dict[rights.Verdict, list[Claimed]] = {}
    for claimed, verdict in ends:
        groups.setdefault(verdict, []).append(claimed)
    return sum(_undo(session, batch, verdict, now) for verdict, batch in groups.items())


def _undo(
    session: Session, batch: Sequence[Claimed], verdict: rights.Verdict, now: datetime
) -> int:
    state, reason = verdict
    ids = list(
        session.scalars(
            select(col(Delivery.id))
            .where(
                tuple_(col(Delivery.id), col(Delivery.lease)).in_([(c.id, c.lease) for c in batch]),
                col(Delivery.state) == State.SENDING.value,
            )
            .with_for_update()
        )
    )
    numbers = [(claimed.id, claimed.attempt) for claimed in batch if claimed.id in set(ids)]
    session.execute(
        update(Delivery)
        .where(col(Delivery.id).in_(ids))
        .values(
            state=state.value,
            reason=reason,
            attempts=col(Delivery.attempts) - 1,
            settled_at=None if state is State.QUEUED else now,
            lease=None,
            lease_until=None,
            look_at=None,
        )
        .execution_options(synchronize_session=False)
    )
    session.execute(
        delete(Attempt)
        .where(tuple_(col(Attempt.delivery_id), col(Attempt.n)).in_(numbers))
        .execution_options(synchronize_session=False)
    )
    return len(ids)
