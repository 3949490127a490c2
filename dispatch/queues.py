"""What waits at each gateway, and at each of its numbers: `queue status`, /readyz, /metrics."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Row, case, func, select
from sqlmodel import Session, col

from community_store.models import (
    Alert,
    AlertState,
    Delivery,
    GatewayPause,
    Number,
    NumberState,
)
from community_store.models import DeliveryState as State
from dispatch import health
from dispatch.lanes import NUMBERLESS
from dispatch.outbox import Lane
from gateway.contract import Channel


@dataclass(frozen=True, slots=True)
class LaneFigures:
    """What waits for one way out: a number's texts, its calls, mail or push (`number` "").

    `rate` in segments, calls or messages a second, 0 when it has none; `seconds_left` is what
    all that is due takes at that rate, None while it may not leave. `paused` is the reason,
    "" when it is not; `throttled` how many seconds the provider still wants to be left alone;
    `failing` the part of its people, 0 to 1, whom other numbers are to take.
    """

    number: str
    channel: str
    rate: float = 0.0
    due: int = 0
    held: int = 0
    oldest_due_seconds: float = 0.0
    sending: int = 0
    unknown: int = 0
    seconds_left: float | None = None
    paused: str = ""
    throttled: float = 0.0
    failing: float = 0.0


@dataclass(frozen=True, slots=True)
class GatewayFigures:
    """One gateway's queue, and that of each way out. `paused` as in LaneFigures."""

    gateway: str
    due: int
    held: int
    oldest_due_seconds: float
    sending: int
    unknown: int
    paused: str
    lanes: tuple[LaneFigures, ...] = ()


def gateways(
    session: Session,
    names: Iterable[str],
    now: datetime,
    *,
    rates: Mapping[str, float] | None = None,
) -> list[GatewayFigures]:
    """The queue of each gateway, mail and push included, as it stands now.

    Besides those named: any that has a number, or something waiting. "" is what waits for a
    first number. `rates` are those of the gateways without numbers, in messages a second.
    """
    waiting = _waiting(session, now)
    numbers = {row.id: row for row in session.scalars(select(Number).order_by(col(Number.id)))}
    paused = {row.gateway: row.reason or "paused" for row in session.scalars(select(GatewayPause))}
    view = _View(now, waiting, numbers, health.failing(session, now), paused, rates or {})
    known = {*names, *(lane.gateway for lane in waiting), *(n.gateway for n in numbers.values())}
    return [view.gateway(name) for name in sorted(known)]


@dataclass(slots=True)
class _Waiting:
    """What waits on a lane: by state, and of what is due the segments and the oldest."""

    counts: Counter[str] = field(default_factory=Counter)
    segments: int = 0
    oldest: datetime | None = None


def _waiting(session: Session, now: datetime) -> Mapping[Lane, _Waiting]:
    found: defaultdict[Lane, _Waiting] = defaultdict(_Waiting)
    for row in _due(session, now):
        lane = found[Lane(row.gateway, row.number_id, row.channel)]
        lane.counts[State.QUEUED] = row.due
        lane.segments, lane.oldest = row.segments or 0, row.oldest
    for row in _others(session):
        found[Lane(row.gateway, row.number_id, row.channel)].counts[row.state] = row.there
    return found


LANE = (col(Delivery.gateway), col(Delivery.number_id), col(Delivery.channel))


def _due(session: Session, now: datetime) -> Sequence[Row[tuple[object, ...]]]:
    is_due = col(Delivery.due_at) <= now
    weight = case((col(Delivery.segments) > 0, col(Delivery.segments)), else_=1)
    return session.execute(
        select(
            *LANE,
            func.count().filter(is_due).label("due"),
            func.sum(weight).filter(is_due).label("segments"),
            func.min(case((is_due, col(Delivery.due_at)))).label("oldest"),
        )
        .where(col(Delivery.state) == State.QUEUED.value)
        .group_by(*LANE)
    ).all()


def _others(session: Session) -> list[Row[tuple[object, ...]]]:
    """Held, in flight and in doubt, each by the index that has them."""
    counted = select(*LANE, col(Delivery.state), func.count().label("there"))
    held = select(col(Alert.id)).where(col(Alert.state) == AlertState.HELD.value)
    of_held = col(Delivery.alert_id).in_(held), col(Delivery.state) == State.HELD.value
    open_ = (col(Delivery.state).in_([State.SENDING.value, State.UNKNOWN.value]),)
    return [
        row
        for where in (of_held, open_)
        for row in session.execute(counted.where(*where).group_by(*LANE, col(Delivery.state)))
    ]


@dataclass(frozen=True, slots=True)
class _View:
    """All that was read, from which each gateway's figures are put together."""

    now: datetime
    waiting: Mapping[Lane, _Waiting]
    numbers: Mapping[int | None, Number]
    failing: Mapping[Lane, float]
    paused: Mapping[str, str]
    rates: Mapping[str, float]

    def gateway(self, name: str) -> GatewayFigures:
        found = {lane: self._lane(lane) for lane in self._lanes(name)}
        lanes = tuple(found.values())
        return GatewayFigures(
            gateway=name,
            due=sum(lane.due for lane in lanes),
            held=sum(lane.held for lane in lanes),
            oldest_due_seconds=max((lane.oldest_due_seconds for lane in lanes), default=0.0),
            sending=sum(lane.sending for lane in lanes),
            unknown=sum(lane.unknown for lane in lanes),
            paused=self.paused.get(name, ""),
            lanes=lanes,
        )

    def _lanes(self, gateway: str) -> list[Lane]:
        """A gateway's ways out, by age of their numbers; then those that are no number's."""
        own = NUMBERLESS.get(gateway)
        known = [Lane(gateway, None, own)] if own else []
        for number in self.numbers.values():
            if number.gateway == gateway:
                known += [Lane(gateway, number.id, Channel.SMS)] if number.sms else []
                known += [Lane(gateway, number.id, Channel.VOICE)] if number.voice else []
        others = (lane for lane in self.waiting if lane.gateway == gateway)
        return list(dict.fromkeys([*known, *others]))

    def _lane(self, lane: Lane) -> LaneFigures:
        waiting, number = self.waiting.get(lane, _Waiting()), self.numbers.get(lane.number_id)
        rate = self._rate(lane, number)
        paused, throttled = self._paused(lane, number), self._throttled(number)
        goes = rate and not (paused or self.paused.get(lane.gateway))
        return LaneFigures(
            number=number.value if number else "",
            channel=str(lane.channel),
            rate=rate,
            due=waiting.counts[State.QUEUED],
            held=waiting.counts[State.HELD],
            oldest_due_seconds=age(waiting.oldest, self.now),
            sending=waiting.counts[State.SENDING],
            unknown=waiting.counts[State.UNKNOWN],
            seconds_left=round(throttled + waiting.segments / rate, 1) if goes else None,
            paused=paused,
            throttled=throttled,
            failing=round(self.failing.get(lane, 0.0), 2),
        )

    def _rate(self, lane: Lane, number: Number | None) -> float:
        if number is None:
            return self.rates.get(lane.gateway, 0.0)
        return number.call_rate if lane.channel == Channel.VOICE else number.rate

    def _paused(self, lane: Lane, number: Number | None) -> str:
        if number is None:
            return ""
        if number.state != NumberState.ACTIVE:
            return number.reason or "paused"
        return number.calls_paused if lane.channel == Channel.VOICE else ""

    def _throttled(self, number: Number | None) -> float:
        until = number.backoff_until if number else None
        return max(0.0, round((until - self.now).total_seconds(), 1)) if until else 0.0


def age(oldest: datetime | None, now: datetime) -> float:
    """How long ago that was, in seconds; 0 for nothing."""
    return 0.0 if oldest is None else max(0.0, round((now - oldest).total_seconds(), 3))
