"""The lanes that have something due, and the slots a pump holds of each."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlmodel import Session, col

from community_store.models import Delivery, GatewayPause, Number, NumberState
from community_store.models import DeliveryState as State
from dispatch.outbox import Lane
from dispatch.pace import Grant, Slots, Wait, most
from gateway.contract import NotNow, SendError

LATE = 0.010  # seconds after which a slot is lost rather than made up for in a burst
COOLEST = 5.0  # seconds, the longest rest of a lane whose gateway takes nothing


@dataclass(frozen=True, slots=True)
class OpenLane:
    """A lane with something due. `sender` is "" for e-mail, `rate` segments a second."""

    lane: Lane
    sender: str
    rate: float


def open_lanes(session: Session, gateways: tuple[str, ...], now: datetime) -> list[OpenLane]:
    """The numbers of the gateways (and mail) that have something due and may send."""
    paused = set(session.scalars(select(col(GatewayPause.gateway))))
    due = exists().where(
        col(Delivery.gateway) == col(Number.gateway),
        col(Delivery.number_id) == col(Number.id),
        col(Delivery.state) == State.QUEUED.value,
        col(Delivery.due_at) <= now,
    )
    numbers = session.execute(
        select(col(Number.id), col(Number.gateway), col(Number.value), col(Number.rate)).where(
            col(Number.state) == NumberState.ACTIVE.value,
            col(Number.gateway).in_([name for name in gateways if name not in paused]),
            or_(col(Number.backoff_until).is_(None), col(Number.backoff_until) <= now),
            due,
        )
    )
    return [OpenLane(Lane(row.gateway, row.id), row.value, row.rate) for row in numbers]


def mail_lane(session: Session, gateway: str, rate: float, now: datetime) -> list[OpenLane]:
    """The lane of e-mail, when something is due on it."""
    if session.get(GatewayPause, gateway) is not None:
        return []
    due = session.execute(
        select(col(Delivery.id))
        .where(
            col(Delivery.gateway) == gateway,
            col(Delivery.number_id).is_(None),
            col(Delivery.state) == State.QUEUED.value,
            col(Delivery.due_at) <= now,
        )
        .limit(1)
    ).first()
    return [OpenLane(Lane(gateway, None), "", rate)] if due else []


@dataclass(slots=True)
class Hold:
    """What a pump holds of a lane: its slots, and its rest after refusals to take."""

    way: OpenLane
    grant: Grant | None = None
    used: int = 0
    debt: int = 0
    rest_until: float = 0.0
    failures: int = 0
    departures: list[float] = field(default_factory=list)

    @property
    def key(self) -> str:
        lane = self.way.lane
        return f"{lane.gateway}:{lane.number_id or 0}"

    def slot(self) -> float:
        """When the next slot held begins (monotonic seconds); infinity without one."""
        if self.grant is None:
            return float("inf")
        return self.grant.start + self.used * self.grant.interval

    def top_up(self, slots: Slots, now: float) -> None:
        """Reserve when nothing is held, unless all within the horizon is taken."""
        if self.grant is not None or now < self.rest_until:
            return
        answer = slots.reserve(self.key, self.way.rate, most(self.way.rate))
        if isinstance(answer, Wait):
            self.rest_until = now + answer.seconds
            return
        self.grant, self.used = answer, 0

    def ready(self, now: float, until: float) -> int:
        """How many slots held begin before `until`; those missed by too much are lost."""
        if self.grant is None or now < self.rest_until:
            return 0
        while self.used < self.grant.count and (
            self.debt > 0 or self.slot() < now - max(LATE, 2 * self.grant.interval)
        ):
            self.used += 1
            self.debt = max(0, self.debt - 1)
        if self.used >= self.grant.count:
            self.grant = None
            return 0
        ahead = math.floor((until - self.slot()) / self.grant.interval) + 1
        return max(0, min(ahead, self.grant.count - self.used))

    def depart(self, segments: int) -> float:
        """Take the slots of one message: when it leaves (monotonic seconds)."""
        if self.grant is None:
            self.debt += segments
            return time.monotonic()
        at = self.slot()
        taken = min(segments, self.grant.count - self.used)
        self.used += taken
        self.debt += segments - taken
        if self.used >= self.grant.count:
            self.grant = None
        return at

    def pay(self, slots: Slots) -> None:
        """Charge the segments that a message had beyond its slots, so that all wait for them.

        Raises RedisError; they then come off the next slots of this hold.
        """
        if self.debt > 0:
            slots.owe(self.key, self.way.rate, self.debt)
            self.debt = 0

    def close(self, slots: Slots) -> None:
        """Nothing is due any more: return what is left."""
        if self.grant is not None:
            slots.give_back(self.key, self.grant, self.grant.count - self.used)
            self.grant = None

    def learn(self, outcome: object, now: float) -> None:
        """Rest after failures that say to come back later, longer each time."""
        if not isinstance(outcome, SendError):
            self.failures = 0
            return
        if isinstance(outcome, NotNow):
            self.failures += 1
            rest = outcome.delay if outcome.throttled else 0.1 * 2.0 ** min(self.failures, 8)
            self.rest_until = max(
                self.rest_until, now + (rest if outcome.throttled else min(rest, COOLEST))
            )
