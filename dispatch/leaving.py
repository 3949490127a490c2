"""Between the claim and the call: may it still go? And back, when it may not.

A claim is made a little ahead of its slot, so what it read of rights, opt-outs and the
alert's state is read once more just before the call (R7). No provider has heard of what
is undone here: its attempt is taken away, as if it had never been claimed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, select, tuple_, update
from sqlmodel import Session, col

from community_store.models import Attempt, Delivery
from community_store.models import DeliveryState as State
from dispatch import rights
from dispatch.claiming import CLAIMED
from dispatch.outbox import Claimed

BACK: rights.Verdict = (State.QUEUED, "")


def verdicts(
    session: Session, batch: Sequence[Claimed], now: datetime
) -> dict[int, rights.Verdict | None]:
    """What becomes of claimed deliveries by what the rows say now: None may leave.

    One that is not named is no longer ours: its lease ran out.
    """
    leases = {claimed.id: claimed.lease for claimed in batch}
    return {
        row.id: rights.verdict(row, now)
        for row in session.connection().execute(CLAIMED, {"ids": list(leases)})
        if row.lease == leases[row.id]
    }


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
    ours = {
        (row.id, row.lease)
        for row in session.execute(
            select(col(Delivery.id), col(Delivery.lease))
            .where(
                tuple_(col(Delivery.id), col(Delivery.lease)).in_([(c.id, c.lease) for c in batch]),
                col(Delivery.state) == State.SENDING.value,
            )
            .with_for_update()
        )
    }
    # the same delivery may be here twice: claimed again after a lease ran out in our hands
    undone = [claimed for claimed in batch if (claimed.id, claimed.lease) in ours]
    ids = [claimed.id for claimed in undone]
    numbers = [(claimed.id, claimed.attempt) for claimed in undone]
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
