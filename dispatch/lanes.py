"""The lanes that have something due, and the slots a pump holds of each."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, exists, false, func, or_, select
from sqlmodel import Session, col

from community_store.columns import UtcDateTime
from community_store.models import Delivery, GatewayPause, Number, NumberState
from community_store.models import DeliveryState as State
from dispatch.outbox import Claimed, Lane
from dispatch.pace import FASTEST, HORIZON, Grant, Slots, Wait, most, too_late_to_start
from dispatch.runtime import MAIL, PUSH
from gateway.contract import Channel, Misconfigured, NotNow, SendError

COOLEST = 5.0  # seconds, the longest rest of a lane whose gateway takes nothing


@dataclass(frozen=True, slots=True)
class OpenLane:
    """A lane with something due. `sender` is "" where there is no number, `rate` segments,
    calls or messages a second.
    """

    lane: Lane
    sender: str
    rate: float


@dataclass(frozen=True, slots=True)
class Stopped:
    """The gateways, numbers and calling numbers that may not send at this instant."""

    gateways: frozenset[str]
    numbers: frozenset[int | None]
    silent: frozenset[int | None]

    def __call__(self, lane: Lane) -> bool:
        calls = lane.channel == Channel.VOICE and lane.number_id in self.silent
        return lane.gateway in self.gateways or lane.number_id in self.numbers or calls


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at the lanes found."""

    lanes: list[OpenLane]
    stopped: Stopped


# asked for forty times a second: built once, which is most of what asking costs
NOW = bindparam("now", type_=UtcDateTime())


def _is_due(channel: Channel) -> ColumnElement[bool]:
    return exists().where(
        col(Delivery.gateway) == col(Number.gateway),
        col(Delivery.number_id) == col(Number.id),
        col(Delivery.channel) == channel.value,
        col(Delivery.state) == State.QUEUED.value,
        col(Delivery.due_at) <= NOW,
    )


NUMBERS = select(
    col(Number.id), col(Number.gateway), col(Number.value), col(Number.rate),
    col(Number.call_rate), col(Number.voice), col(Number.calls_paused),
    or_(
        col(Number.state) != NumberState.ACTIVE.value,
        func.coalesce(col(Number.backoff_until) > NOW, false()),
    ).label("rests"),
    _is_due(Channel.SMS).label("texts"),
    _is_due(Channel.VOICE).label("calls"),
)  # fmt: skip
PAUSED = select(col(GatewayPause.gateway))
NUMBERLESS = {MAIL: Channel.EMAIL, PUSH: Channel.PUSH}
NUMBERLESS_DUE = select(
    *[
        exists()
        .where(
            col(Delivery.gateway) == gateway,
            col(Delivery.number_id).is_(None),
            col(Delivery.channel) == channel.value,
            col(Delivery.state) == State.QUEUED.value,
            col(Delivery.due_at) <= NOW,
        )
        .label(gateway)
        for gateway, channel in NUMBERLESS.items()
    ]
)


def look(session: Session, rates: Mapping[str, float], now: datetime) -> Found:
    """The lanes that have something due and may send, or call, and what may not.

    `rates` are those of the gateways without numbers (dispatch.runtime.rates).
    """
    connection = session.connection()
    numbers = connection.execute(NUMBERS, {"now": now}).all()
    paused = frozenset(connection.scalars(PAUSED))
    found: list[OpenLane] = []
    for row in numbers:
        if row.rests or row.gateway in paused:
            continue
        if row.texts:
            found.append(OpenLane(Lane(row.gateway, row.id, Channel.SMS), row.value, row.rate))
        if row.calls and row.voice and not row.calls_paused:
            lane = Lane(row.gateway, row.id, Channel.VOICE)
            found.append(OpenLane(lane, row.value, row.call_rate))
    due = connection.execute(NUMBERLESS_DUE, {"now": now}).mappings().one()
    found += [
        OpenLane(Lane(gateway, None, channel), "", rates[gateway])
        for gateway, channel in NUMBERLESS.items()
        if due[gateway] and gateway not in paused
    ]
    return Found(
        found,
        Stopped(
            paused,
            frozenset(row.id for row in numbers if row.rests),
            frozenset(row.id for row in numbers if row.calls_paused),
        ),
    )


@dataclass(slots=True, eq=False)
class InHand:
    """A delivery that is claimed and has not left; `read_at` (monotonic) is when it still might."""

    claimed: Claimed
    read_at: float


@dataclass(slots=True)
class Hold:
    """What a pump holds of a lane: slots, deliveries that wait for one, its rest.

    Slots and deliveries meet only when one leaves, so a slot that passes unused costs a
    slot and nothing else: the delivery takes the next.
    """

    way: OpenLane
    grants: deque[Grant] = field(default_factory=deque)
    used: int = 0
    debt: int = 0
    in_hand: deque[InHand] = field(default_factory=deque)
    dry: bool = False
    ask_at: float = 0.0
    rest_until: float = 0.0
    failures: int = 0

    @property
    def key(self) -> str:
        lane = self.way.lane
        calls = ":calls" if lane.channel == Channel.VOICE else ""
        return f"{lane.gateway}:{lane.number_id or 0}{calls}"

    def slot(self) -> float:
        """When the next slot held begins (monotonic seconds); infinity without one."""
        if not self.grants:
            return math.inf
        return self.grants[0].start + self.used * self.grants[0].interval

    def end(self) -> float:
        """When the slots held end (monotonic seconds); 0 without one."""
        return max((g.start + g.count * g.interval for g in self.grants), default=0.0)

    def held(self) -> int:
        """How many slots are held."""
        return sum(grant.count for grant in self.grants) - self.used

    def top_up(self, slots: Slots, now: float) -> None:
        """Reserve the next slots, so that what fills them is claimed in good time."""
        if now < max(self.ask_at, self.rest_until) or self.end() - now > HORIZON:
            return
        if self.held() >= most(FASTEST):  # closer together than anybody sends
            return
        answer = slots.reserve(self.key, self.way.rate, most(self.way.rate))
        if isinstance(answer, Wait):
            self.ask_at = now + answer.seconds
        else:
            self.grants.append(answer)

    def skip_missed(self, now: float) -> None:
        """Give up the slots that passed by too much: never made up for in a burst."""
        while self.grants:
            first = self.grants[0]
            passed = now - too_late_to_start(self.way.rate) - first.start
            self.used = max(self.used, math.ceil(passed / first.interval))
            owed = min(self.debt, first.count - self.used)
            if owed > 0:
                self.used, self.debt = self.used + owed, self.debt - owed
            if self.used < first.count:
                return
            self._next_grant()

    def wanted(self, until: float) -> int:
        """How many segments to claim for the slots held that begin before `until`."""
        if self.dry or not self.grants:
            return 0
        begin, held = self.used, 0
        for grant in self.grants:
            there = math.floor((until - grant.start) / grant.interval) + 1
            held += max(0, min(there, grant.count) - begin)
            begin = 0
        return max(0, held - sum(one.claimed.segments for one in self.in_hand))

    def take(self, segments: int) -> float | None:
        """Take the slots of one message: when it leaves; None when none is held."""
        if not self.grants:
            return None
        at = self.slot()
        while segments and self.grants:
            taken = min(segments, self.grants[0].count - self.used)
            self.used, segments = self.used + taken, segments - taken
            if self.used >= self.grants[0].count:
                self._next_grant()
        self.debt += segments
        return at

    def _next_grant(self) -> None:
        self.grants.popleft()
        self.used = 0

    def pay(self, slots: Slots) -> None:
        """Charge the segments that a message had beyond its slots, so that all wait for them.

        Raises RedisError; they then come off the next slots of this hold.
        """
        if self.debt > 0:
            slots.owe(self.key, self.way.rate, self.debt)
            self.debt = 0

    def close(self, slots: Slots) -> None:
        """Nothing is due any more: return what is left, the last first."""
        while self.grants:
            grant = self.grants.pop()
            left = grant.count - (0 if self.grants else self.used)
            slots.give_back(self.key, grant, left)
        self.used = 0

    def learn(self, outcome: object, now: float) -> None:
        """Rest after failures that say to come back later, longer each time."""
        if not isinstance(outcome, SendError):
            self.failures = 0
            return
        if isinstance(outcome, Misconfigured):
            self.rest_until = now + COOLEST
        if isinstance(outcome, NotNow) and not outcome.apart:
            self.failures += 1
            rest = outcome.delay if outcome.throttled else 0.1 * 2.0 ** min(self.failures, 8)
            self.rest_until = max(
                self.rest_until, now + (rest if outcome.throttled else min(rest, COOLEST))
            )
