"""The sending loop: reserve slots, claim what fills them, send each at its slot, settle.

One pump carries all lanes of all gateways in one event loop, so that a gateway that
hangs holds only its own messages. It runs until nothing is due, or to the end of its
time slice. Any number of pumps may run at once: claims and slots are shared.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import OperationalError

from dispatch import crashing, lanes, metrics, night, outbox, redialling, settlement
from dispatch.envelope import outbound
from dispatch.lanes import Hold
from dispatch.outbox import Claimed
from dispatch.pace import Slots
from dispatch.runtime import MAIL, Runtime
from dispatch.settlement import Settled
from gateway.contract import Accepted, Channel, Misconfigured, SendError, Unknown

log = structlog.get_logger(__name__)

AHEAD = 0.015  # seconds before its slot that a message is claimed
REFRESH = 0.025  # seconds between looks for lanes that have something due
FAST = 500.0  # segments a second above which claims are made in larger batches
FAST_AHEAD = 0.1
BATCH = 250
HUNG = 1.0  # seconds after which a call in flight no longer delays the end of a slice
ASK = 600.0  # seconds after which a receipt that did not come is asked for
CALL_ASK = 120.0  # a call is over by then, and may have to be made again
PATIENCE = 20.0  # seconds that outcomes are kept for while the database is away


@dataclass(frozen=True, slots=True)
class Pumped:
    """What a slice did, and whether it left something due."""

    sent: int
    more_due: bool


def run(runtime: Runtime, slots: Slots, seconds: float) -> Pumped:
    """Send what is due, for about `seconds`. Raises OperationalError (database away)."""
    return asyncio.run(Pump(runtime, slots).run(seconds))


@dataclass(slots=True)
class Pump:
    """One slice of sending."""

    runtime: Runtime
    slots: Slots
    holds: dict[outbox.Lane, Hold] = field(default_factory=dict)
    flying: dict[asyncio.Task[None], float] = field(default_factory=dict)
    per_gateway: Counter[str] = field(default_factory=Counter)
    landed: list[Settled] = field(default_factory=list)
    settling: asyncio.Task[None] | None = None
    sent: int = 0
    closing: bool = False

    async def run(self, seconds: float) -> Pumped:
        async with AsyncExitStack() as stack:
            for provider in self.runtime.providers.values():
                await provider.open()
                stack.push_async_callback(provider.close)
            try:
                more = await self._loop(time.monotonic() + seconds)
            finally:
                await self._drain()
        return Pumped(self.sent, more)

    async def _loop(self, end: float) -> bool:
        refreshed = 0.0
        while True:
            now = time.monotonic()
            if self._must_end(now, end):
                return True
            if now - refreshed >= REFRESH:
                await self._refresh()
                refreshed = now
                if not self.holds and not self.flying:
                    return False
            try:
                ready = self._ready()
            except RedisError as error:
                log.warning("slots_unavailable", error=type(error).__name__)
                return True
            if ready:
                await self._claim(ready)
            self._settle()
            await asyncio.sleep(self._pause(time.monotonic(), refreshed))

    def _must_end(self, now: float, end: float) -> bool:
        if self.runtime.stopping.is_set():
            return True
        hung = any(now - since > HUNG for since in self.flying.values())
        return now > end and not hung

    async def _refresh(self) -> None:
        found = await asyncio.to_thread(self._lanes)
        for lane, hold in list(self.holds.items()):
            if lane not in found:
                self._close(hold)
                del self.holds[lane]
        for lane, way in found.items():
            if lane in self.holds:
                self.holds[lane].way = way
            else:
                self.holds[lane] = Hold(way)

    def _lanes(self) -> dict[outbox.Lane, lanes.OpenLane]:
        now, settings = self.runtime.clock(), self.runtime.settings
        gateways = tuple(name for name in self.runtime.providers if name != MAIL)
        with self.runtime.store.read() as session:
            found = lanes.open_lanes(session, gateways, now)
            found += lanes.mail_lane(session, MAIL, settings.mail.rate, now)
        return {way.lane: way for way in found}

    def _close(self, hold: Hold) -> None:
        try:
            hold.close(self.slots)
        except RedisError as error:
            log.warning("slots_not_returned", error=type(error).__name__)

    def _ready(self) -> list[tuple[Hold, int]]:
        now = time.monotonic()
        ready = []
        for hold in self.holds.values():
            room = self._room(hold)
            if room <= 0:
                continue
            hold.top_up(self.slots, now)
            ahead = FAST_AHEAD if hold.way.rate > FAST else AHEAD
            if count := hold.ready(now, now + ahead):
                ready.append((hold, min(count, room, BATCH)))
        return ready

    def _room(self, hold: Hold) -> int:
        gateway = hold.way.lane.gateway
        return self.runtime.settings.dispatch.concurrency - self.per_gateway[gateway]

    async def _claim(self, ready: list[tuple[Hold, int]]) -> None:
        batches = await asyncio.to_thread(self._claim_rows, ready)
        for (hold, _), batch in zip(ready, batches, strict=True):
            for claimed in batch:
                self._launch(hold, claimed, hold.depart(claimed.segments))
            self._owe(hold)
            if not batch:
                self._close(hold)
                self.holds.pop(hold.way.lane, None)

    def _owe(self, hold: Hold) -> None:
        try:
            hold.pay(self.slots)
        except RedisError as error:
            log.warning("slots_not_charged", error=type(error).__name__)

    def _claim_rows(self, ready: list[tuple[Hold, int]]) -> list[list[Claimed]]:
        lease = self.runtime.settings.dispatch.lease_seconds
        now, zone = self.runtime.clock(), self.runtime.settings.service.time_zone
        morning = night.ring_from(zone, now) if night.is_night(zone, now) else None
        terms = outbox.Terms(self.runtime.worker, lease, now, morning)
        with self.runtime.store.begin() as session:
            claimed = [outbox.claim(session, hold.way.lane, n, terms) for hold, n in ready]
            crashing.point("claiming")
        crashing.point("claimed")
        return claimed

    def _launch(self, hold: Hold, claimed: Claimed, at: float) -> None:
        task = asyncio.create_task(self._send(hold, claimed, at))
        self.flying[task] = at
        self.per_gateway[hold.way.lane.gateway] += 1
        task.add_done_callback(self._landing(hold.way.lane.gateway))

    def _landing(self, gateway: str) -> Callable[[asyncio.Task[None]], None]:
        def land(task: asyncio.Task[None]) -> None:
            self.flying.pop(task, None)
            self.per_gateway[gateway] -= 1

        return land

    async def _send(self, hold: Hold, claimed: Claimed, at: float) -> None:
        provider = self.runtime.providers[claimed.lane.gateway]
        outcome: Accepted | SendError
        try:
            message = outbound(self.runtime.settings, provider, claimed, hold.way.sender)
            await asyncio.sleep(max(0.0, at - time.monotonic()))
            crashing.point("sending")
            outcome = await provider.send(message)
            crashing.point("sent")
        except SendError as error:
            outcome = error
        except Exception as error:
            log.exception("provider_broke_its_contract", delivery=claimed.id)
            outcome = Unknown(f"{type(error).__name__} in the gateway's own code")
        hold.learn(outcome, time.monotonic())
        self._note(claimed, outcome)

    def _note(self, claimed: Claimed, outcome: Accepted | SendError) -> None:
        dispatch = self.runtime.settings.dispatch
        traits = self.runtime.providers[claimed.lane.gateway].traits
        first = CALL_ASK if claimed.channel == Channel.VOICE else ASK
        ask = min(first, 3600 * dispatch.receipt_hours) if traits.receipts else None
        redial = redialling.of(self.runtime.settings)
        terms = settlement.Terms(quiet=dispatch.quiet_seconds, ask_after=ask, redial=redial)
        self.landed.append(Settled(claimed, outcome, self.runtime.clock(), terms))
        self.sent += isinstance(outcome, Accepted)
        metrics.handed_over(claimed, outcome, self.runtime.clock())
        if isinstance(outcome, Misconfigured):
            log.error(
                "gateway_misconfigured",
                gateway=claimed.lane.gateway,
                code=outcome.code,
                reason=outcome.reason,
            )

    def _settle(self) -> None:
        if self.landed and (self.settling is None or self.settling.done()):
            batch, self.landed = self.landed, []
            self.settling = asyncio.create_task(self._settle_batch(batch))

    async def _settle_batch(self, batch: list[Settled]) -> None:
        give_up = time.monotonic() + PATIENCE
        while True:
            try:
                return await asyncio.to_thread(self._settle_rows, batch)
            except OperationalError as error:
                if time.monotonic() > give_up:
                    # the leases run out and the sweep looks what became of them
                    log.error("outcomes_not_written", count=len(batch), error=str(error.orig)[:80])
                    return None
                await asyncio.sleep(0.5)
            except Exception:
                log.exception("outcomes_refused", deliveries=[s.claimed.id for s in batch])
                return await self._settle_singly(batch)

    async def _settle_singly(self, batch: list[Settled]) -> None:
        """One outcome that cannot be written must not take the others with it (R10)."""
        for one in batch if len(batch) > 1 else ():
            await self._settle_batch([one])

    def _settle_rows(self, batch: list[Settled]) -> None:
        with self.runtime.store.begin() as session:
            settlement.settle(session, batch)
            crashing.point("settling")
        crashing.point("settled")

    async def _drain(self) -> None:
        self.closing = True
        for hold in self.holds.values():
            self._close(hold)
        while self.flying or self.landed or (self.settling and not self.settling.done()):
            self._settle()
            waiting = [*self.flying, *([self.settling] if self.settling else [])]
            await asyncio.wait(waiting, timeout=0.05, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0.002)

    def _pause(self, now: float, refreshed: float) -> float:
        next_slot = min(
            (max(h.slot() - AHEAD, h.rest_until) for h in self.holds.values()),
            default=now + REFRESH,
        )
        return max(0.001, min(next_slot - now, refreshed + REFRESH - now, 0.01))
