"""Claims: what may leave now, leased to one process, all lanes in one transaction.

A claim reads rights, opt-outs, preferences, age and the alert's state again, leases what
may go and writes the attempt before any provider is called.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Row, String, bindparam, insert, literal, select, update
from sqlmodel import Session, col

from community_store import planner, subscriptions
from community_store.columns import UtcDateTime
from community_store.models import Attempt, Delivery
from community_store.models import DeliveryState as State
from dispatch import outbox, rights
from dispatch.outbox import Claimed, Lane, Terms
from dispatch.recordset import rows_parameter
from gateway.contract import Channel

CLAIMED = rights.claimed()
QUEUED = rights.queued()
DUE_BY_NUMBER = rights.due(mail=False)
DUE_BY_MAIL = rights.due(mail=True)
DUE_BY_LANES = rights.due_by_lanes()
ATTEMPT_COLUMNS = ("delivery_id", "n", "worker", "started_at", "outcome", "code", "reason")
_DELIVERY = Delivery.__table__  # type: ignore[attr-defined]  # SQLModel hides __table__
_LEASE = (
    update(_DELIVERY)
    .where(col(Delivery.id).in_(bindparam("ids", expanding=True)))
    .values(
        state=State.SENDING.value,
        attempts=col(Delivery.attempts) + 1,
        lease=bindparam("new_lease"),
        lease_until=bindparam("until", type_=UtcDateTime()),
        look_at=bindparam("until", type_=UtcDateTime()),
        looks=0,
    )
)
_ATTEMPT = insert(Attempt.__table__).from_select(  # type: ignore[attr-defined]  # SQLModel hides __table__
    ATTEMPT_COLUMNS,
    select(
        col(Delivery.id), col(Delivery.attempts), bindparam("by", type_=String),
        bindparam("since", type_=UtcDateTime()), literal(""), literal(""), literal(""),
    ).where(col(Delivery.id).in_(bindparam("ids", expanding=True))),
)  # fmt: skip


Rows = Mapping[Lane, Sequence[Row[Any]]]


@dataclass(slots=True)
class _Taking:
    """What is being taken of a lane, under which lease: so many segments more."""

    lane: Lane
    lease: str
    room: int
    taken: list[Claimed] = field(default_factory=list)


def claim(session: Session, lane: Lane, segments: int, terms: Terms) -> list[Claimed]:
    """Lease what may leave by `lane` now: up to `segments`, but at least one message.

    What may not leave any more gets its last state on the way, so an empty answer
    means that nothing is due. An e-mail or a notification counts as one segment.
    """
    (taken,) = claim_all(session, [(lane, segments)], terms)
    return taken


def claim_all(
    session: Session, wants: Sequence[tuple[Lane, int]], terms: Terms
) -> list[list[Claimed]]:
    """The same for several lanes at once, with one lease for all."""
    planner.in_order(session)
    lease = uuid4().hex
    takings = [_Taking(lane, lease, segments) for lane, segments in wants]
    going_on = [taking for taking in takings if taking.room > 0]
    while going_on:
        rows = _due(session, going_on, terms.now)
        going_on = [each for each in going_on if _fill(session, each, rows[each.lane], terms)]
    _lease(session, [one.id for taking in takings for one in taking.taken], lease, terms)
    return [taking.taken for taking in takings]


def warm(session: Session, terms: Terms) -> None:
    """Claim nothing, so that the first claim need not wait until its statements are made."""
    claim_all(session, [(Lane("", 0), 1), (Lane("", None, Channel.EMAIL), 1)], terms)
    claim_all(session, [(Lane("", 0), 1), (Lane("", 0, Channel.VOICE), 1)], terms)
    session.connection().execute(QUEUED, {"ids": [0]})
    session.connection().execute(CLAIMED, {"ids": [0]})
    _lease(session, [0], "", terms)


def _due(session: Session, takings: Sequence[_Taking], now: datetime) -> Rows:
    """What waits on the lanes, those taken already included: they are ours, and still queued."""
    by_number = [taking for taking in takings if taking.lane.number_id is not None]
    if len(by_number) < 2 or session.get_bind().dialect.name != "postgresql":
        return {taking.lane: _due_on(session, taking, now) for taking in takings}
    asked = [
        {"gateway": t.lane.gateway, "number_id": t.lane.number_id, "channel": t.lane.channel,
         "room": t.room + len(t.taken)}
        for t in by_number
    ]  # fmt: skip
    connection = session.connection()
    first = connection.execute(DUE_BY_LANES, rows_parameter("postgresql", asked) | {"now": now})
    place = {row.id: n for n, row in enumerate(sorted(first))}
    rows = connection.execute(QUEUED, {"ids": list(place)})
    found: defaultdict[Lane, list[Row[Any]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: place[row.id]):
        found[Lane(row.gateway, row.number_id, row.channel)].append(row)
    for taking in takings:
        if taking.lane.number_id is None:
            found[taking.lane] = list(_due_on(session, taking, now))
    return found


def _due_on(session: Session, taking: _Taking, now: datetime) -> Sequence[Row[Any]]:
    lane = taking.lane
    return (
        session.connection()
        .execute(
            DUE_BY_MAIL if lane.number_id is None else DUE_BY_NUMBER,
            {
                "gateway": lane.gateway,
                "number_id": lane.number_id,
                "channel": lane.channel,
                "now": now,
                "limit": taking.room + len(taking.taken),
            },
        )
        .all()
    )


def _fill(session: Session, taking: _Taking, rows: Sequence[Row[Any]], terms: Terms) -> bool:
    """Choose what leaves by a lane, and put away what may not, or not now.

    Whether to look again, since what was put away took the place of others.
    """
    seen = {claimed.id for claimed in taking.taken}
    going, put_away = _sort([row for row in rows if row.id not in seen], terms)
    for row in going:
        if taking.room > 0:
            taking.taken.append(_claimed(row, taking, terms.now))
            taking.room -= max(1, row.segments)
    outbox.drop(session, put_away.dropped, terms.now)
    outbox.let_sleep(session, put_away.asleep)
    return taking.room > 0 and bool(put_away.dropped or put_away.asleep)


@dataclass(slots=True)
class _PutAway:
    dropped: list[tuple[int, rights.Verdict]] = field(default_factory=list)
    asleep: list[tuple[Row[Any], datetime]] = field(default_factory=list)


def _sort(rows: Sequence[Row[Any]], terms: Terms) -> tuple[list[Row[Any]], _PutAway]:
    """What may leave, and what may not, or not now."""
    going, away = [], _PutAway()
    for row in rows:
        if verdict := rights.verdict(row, terms.now):
            away.dropped.append((row.id, verdict))
        elif not (terms.morning and rights.wakes(row)):
            going.append(row)
        elif row.notice_kind == rights.CODE:
            away.dropped.append((row.id, (State.EXPIRED, "night")))
        else:
            away.asleep.append((row, terms.morning))
    return going, away


def _claimed(row: Row[Any], taking: _Taking, now: datetime) -> Claimed:
    return Claimed(
        id=row.id,
        attempt=row.attempts + 1,
        lease=taking.lease,
        lane=taking.lane,
        channel=row.channel,
        to=row.address,
        segments=max(1, row.segments),
        sms=row.sms,
        subject=row.subject,
        mail=row.mail,
        voice=row.voice,
        push=row.push,
        language=row.language,
        subscription=subscriptions.as_given(row),
        started_at=now,
        expires_at=row.expires_at,
    )


def _lease(session: Session, ids: Sequence[int], lease: str, terms: Terms) -> None:
    if not ids:
        return
    until = terms.now + timedelta(seconds=terms.lease)
    connection = session.connection()
    connection.execute(_LEASE, {"ids": ids, "new_lease": lease, "until": until})
    connection.execute(_ATTEMPT, {"ids": ids, "by": terms.worker, "since": terms.now})
