"""The sending loop: reserve slots, claim what fills them, send each at its slot, settle.

One pump carries all lanes of all gateways in one event loop, so that a gateway that
hangs holds only its own messages. It runs until nothing is due, or to the end of its
time slice. Any number of pumps may run at once: claims and slots are shared.

The loop itself never waits for the database: looking for lanes, claiming, reading again
and settling are errands in threads, one of each at a time, and the loop goes on sending.
A message that comes too late for its slot, for whatever reason, takes the next one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime

import structlog
from redis.exceptions import RedisError
from sqlmodel import Session

from dispatch import claiming, crashing, lanes, night, outbox
from dispatch.departures import BATCH, Departures
from dispatch.errands import Errands, Timing
from dispatch.outbox import Claimed
from dispatch.outcomes import Outcomes
from dispatch.pace import HORIZON, Slots
from dispatch.runtime import Runtime, rates
from dispatch.slots import Hold

log = structlog.get_logger(__name__)

REFRESH = 0.025  # seconds between looks for lanes that have something due
REST = 0.01  # seconds between two turns of the loop, at most

Gate = Callable[[Session, datetime], bool]


@dataclass(frozen=True, slots=True)
class Pumped:
    """What a slice did, and whether it left something due."""

    sent: int
    more_due: bool


def run(
    runtime: Runtime, slots: Slots, seconds: float, gate: Gate | None = None, *, idle: float = 0.0
) -> Pumped:
    """Send what is due, for about `seconds`. Raises OperationalError (database away).

    `gate` says, whenever lanes are looked for, whether this pump may send at all; `idle`
    for how long it goes on looking when nothing is due.
    """
    return asyncio.run(Pump(runtime, slots, gate or _open, idle).run(seconds))


def warm(runtime: Runtime) -> None:
    """Make a new process ready to send: what it does first would take longer otherwise."""
    terms = outbox.Terms(runtime.worker, 0.0, runtime.clock())
    with runtime.store.begin() as session:
        claiming.warm(session, terms)
    with runtime.store.read() as session:
        lanes.look(session, rates(runtime.settings), runtime.clock())


def _open(_session: Session, _now: datetime) -> bool:
    return True


class Pump:
    """One slice of sending."""

    def __init__(self, runtime: Runtime, slots: Slots, gate: Gate, idle: float) -> None:
        self._runtime = runtime
        self._slots = slots
        self._gate = gate
        self._idle = idle
        self._errands = Errands()
        self._outcomes = Outcomes(runtime, self._errands)
        self._departures = Departures(runtime, self._errands, self._outcomes)
        self._refreshing = Timing(REFRESH, 10 * REFRESH)
        self._claiming = Timing(0.02, HORIZON, slowest=0.02)
        self._looked = False

    @property
    def _holds(self) -> dict[outbox.Lane, Hold]:
        return self._departures.holds

    async def run(self, seconds: float) -> Pumped:
        async with AsyncExitStack() as stack:
            for provider in self._runtime.providers.values():
                await provider.open()
                stack.push_async_callback(provider.close)
            try:
                more = await self._loop(time.monotonic() + seconds)
            finally:
                await self._drain()
        return Pumped(self._outcomes.sent, more)

    async def _loop(self, end: float) -> bool:
        busy_at = time.monotonic()
        while True:
            now = time.monotonic()
            if self._must_end(now, end):
                return True
            if not self._errands.busy("claim"):
                self._forget_empty()
            if self._holds or self._departures.in_the_air or not self._looked:
                busy_at = now
            elif now - busy_at >= self._idle:
                return False
            try:
                self._top_up(now)
            except RedisError as error:
                log.warning("slots_unavailable", error=type(error).__name__)
                return True
            if now - self._refreshing.begun >= self._refreshing.span:
                self._errands.begin("refresh", self._refresh)
            self._claim(now)
            self._departures.leave(now)
            self._outcomes.write()
            now = time.monotonic()
            next_at = self._departures.next_at(now, now + REST)
            await self._errands.sleep(max(0.001, next_at - now))

    def _must_end(self, now: float, end: float) -> bool:
        if self._runtime.stopping.is_set():
            return True
        return now > end and not self._departures.hung(now)

    async def _drain(self) -> None:
        """Nothing more is claimed; what has not left goes back, what is in flight lands."""
        for name in ("claim", "reread", "refresh"):
            await self._errands.finish(name)
        for hold in self._holds.values():
            self._close(hold)
        departures, outcomes = self._departures, self._outcomes
        while departures.waiting or departures.in_the_air or outcomes.pending:
            for hold in self._holds.values():
                departures.put_all_away(hold)
            outcomes.write(at_once=True)
            await self._errands.sleep(0.02)

    # the lanes that have something due

    async def _refresh(self) -> None:
        self._refreshing.begun = began = time.monotonic()
        found, stopped = await asyncio.to_thread(self._look)
        self._refreshing.note(time.monotonic() - began)
        self._looked = True
        for lane, hold in self._holds.items():
            hold.dry = lane not in found
            if stopped(lane):
                self._departures.put_all_away(hold)
        for lane, way in found.items():
            self._holds.setdefault(lane, Hold(way)).way = way

    def _look(self) -> tuple[dict[outbox.Lane, lanes.OpenLane], lanes.Stopped]:
        now, settings = self._runtime.clock(), self._runtime.settings
        with self._runtime.store.read() as session:
            look = lanes.look(session, rates(settings), now)
            if not self._gate(session, now):
                return {}, look.stopped
        known = self._runtime.providers
        return {way.lane: way for way in look.lanes if way.lane.gateway in known}, look.stopped

    def _forget_empty(self) -> None:
        """Lanes with nothing due; what a claim is fetching still needs its slots."""
        for lane, hold in list(self._holds.items()):
            if hold.dry and not hold.in_hand:
                self._close(hold)
                del self._holds[lane]

    def _close(self, hold: Hold) -> None:
        try:
            hold.close(self._slots)
        except RedisError as error:
            log.warning("slots_not_returned", error=type(error).__name__)

    # slots, and claims that fill them

    def _top_up(self, now: float) -> None:
        for hold in self._holds.values():
            hold.skip_missed(now)
            if hold.in_hand or (not hold.dry and self._room(hold) > 0):
                hold.top_up(self._slots, now)

    def _room(self, hold: Hold) -> int:
        afoot = self._departures.afoot[hold.way.lane.gateway]
        return self._runtime.settings.dispatch.concurrency - afoot

    def _claim(self, now: float) -> None:
        if self._errands.busy("claim"):
            return
        wants = []
        for hold in self._holds.values():
            room = 0 if now < hold.rest_until else self._room(hold)
            soon = now + self._claiming.lead
            if room > 0 and hold.wanted(soon) > 0:
                count = hold.wanted(soon + self._claiming.span)
                wants.append((hold, min(count, room, BATCH)))
        if wants:
            self._errands.begin("claim", lambda: self._claim_some(wants))

    async def _claim_some(self, wants: list[tuple[Hold, int]]) -> None:
        began = time.monotonic()
        batches = await asyncio.to_thread(self._claim_rows, wants)
        self._claiming.note(time.monotonic() - began)
        for (hold, _), batch in zip(wants, batches, strict=True):
            self._departures.take(hold, batch, began)
            hold.dry = not batch

    def _claim_rows(self, wants: list[tuple[Hold, int]]) -> list[list[Claimed]]:
        runtime = self._runtime
        zone, now = runtime.settings.service.time_zone, runtime.clock()
        morning = night.ring_from(zone, now) if night.is_night(zone, now) else None
        lease = runtime.settings.dispatch.lease_seconds
        terms = outbox.Terms(runtime.worker, lease, now, morning)
        with runtime.store.begin() as session:
            lanes_ = [(hold.way.lane, count) for hold, count in wants]
            claimed = claiming.claim_all(session, lanes_, terms)
            crashing.point("claiming")
        crashing.point("claimed")
        return claimed
