"""How the lanes fare: which numbers to spare while their gateway fails.

Badness follows the last dozen attempts of a lane, and fades by itself where none are
made, so that people come back gradually. Kept in the database: every worker adds to it,
and it outlives them. A refusal counts as good, since the gateway did its work; to be
throttled counts as nothing, but a rest that it asks for may be too long to wait for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlmodel import Session, col

from community_store.models import GatewayPause, LaneHealth, Number, NumberState
from dispatch.outbox import Lane
from dispatch.settlement import Settled
from gateway.contract import Accepted, Channel, Misconfigured, NotNow, Refused, Unknown

MEMORY = 0.8  # what one more attempt leaves of the judgement before it
FADES = 30.0  # seconds in which half of the badness is forgotten
FAILING = 0.2  # badness from which people are moved away
FORGOTTEN = 0.01  # badness below which a lane is well again
FAILED = 0.8  # badness from which all are
PARKED = 15.0  # seconds of rest asked for beyond which a number's people need not wait for it

Key = tuple[str, int, str]


def learn(session: Session, batch: Sequence[Settled], now: datetime) -> bool:
    """Take a batch of outcomes into account; whether any lane still is unwell.

    E-mail has one lane only: nothing to learn.
    """
    marks: defaultdict[Key, list[float]] = defaultdict(list)
    for settled in batch:
        mark, lane = _mark(settled.outcome), settled.claimed.lane
        if mark is not None and lane.number_id is not None:
            marks[lane.gateway, lane.number_id, str(lane.channel)].append(mark)
    known = {_key(row): row for row in session.scalars(select(LaneHealth))}
    for key, given in marks.items():
        row = known.get(key)
        if row is None and not any(given):
            continue  # healthy lanes leave no trace, and cost nothing
        was = badness(row, now) if row is not None else 0.0
        for mark in given:
            was = MEMORY * was + (1 - MEMORY) * mark
        known[key] = session.merge(
            LaneHealth(gateway=key[0], number_id=key[1], channel=key[2], badness=was, at=now)
        )
    return any(badness(row, now) > FORGOTTEN for row in known.values())


def _mark(outcome: object) -> float | None:
    if isinstance(outcome, Accepted | Refused):
        return 0.0
    if isinstance(outcome, NotNow) and outcome.throttled:
        return None
    return 1.0 if isinstance(outcome, NotNow | Unknown | Misconfigured) else None


def _key(row: LaneHealth) -> Key:
    return row.gateway, row.number_id, row.channel


def badness(row: LaneHealth, now: datetime) -> float:
    """What is left of a judgement by now."""
    passed = max(0.0, (now - row.at).total_seconds())
    return float(row.badness * 0.5 ** (passed / FADES))


def moved_share(bad: float) -> float:
    """The part of a lane's people, 0 to 1, who are sent to by another number."""
    return min(1.0, max(0.0, (bad - FAILING) / (FAILED - FAILING)))


def failing(session: Session, now: datetime) -> dict[Lane, float]:
    """The lanes from which people are moved away, and which part of them: all, of one that
    stopped itself or was told to rest for long. What the operator paused waits, as they wished.
    """
    rows = session.scalars(select(LaneHealth).where(col(LaneHealth.badness) > FAILING))
    shares = {
        Lane(row.gateway, row.number_id, row.channel): moved_share(badness(row, now))
        for row in rows
    }
    ill = {lane: share for lane, share in shares.items() if share > 0}
    return ill | dict.fromkeys([*_stopped(session), *_parked(session, now)], 1.0)


def _parked(session: Session, now: datetime) -> list[Lane]:
    """The lanes of numbers whose gateway asked for a long rest (Retry-After, up to an hour)."""
    rested = session.scalars(
        select(Number).where(
            col(Number.state) == NumberState.ACTIVE.value,
            col(Number.backoff_until) > now + timedelta(seconds=PARKED),
        )
    )
    return [
        Lane(row.gateway, row.id, channel)
        for row in rested
        for channel in (Channel.SMS, Channel.VOICE)
    ]


def _stopped(session: Session) -> list[Lane]:
    """The lanes that a refusal of their gateway stopped (settlement.py)."""
    whole = select(col(GatewayPause.gateway)).where(col(GatewayPause.by_itself).is_(True))
    rows = session.scalars(
        select(Number).where(
            or_(
                col(Number.gateway).in_(whole),
                (col(Number.state) == NumberState.PAUSED.value) & col(Number.by_itself).is_(True),
                col(Number.calls_paused) != "",
            )
        )
    ).all()
    paused = set(session.scalars(whole))
    found = []
    for row in rows:
        all_ = row.gateway in paused or (row.state == NumberState.PAUSED and row.by_itself)
        if all_:
            found.append(Lane(row.gateway, row.id, Channel.SMS))
        if all_ or row.calls_paused:
            found.append(Lane(row.gateway, row.id, Channel.VOICE))
    return found
