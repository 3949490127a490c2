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
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session

from dispatch import (
    crashing,
    health,
    lanes,
    leaving,
    metrics,
    night,
    outbox,
    redialling,
    rights,
    settlement,
)
from dispatch.envelope import outbound
from dispatch.lanes import Hold, InHand
from dispatch.outbox import Claimed
from dispatch.pace import HORIZON, Slots, spacing, too_late
from dispatch.runtime import MAIL, Runtime
from dispatch.settlement import Settled
from gateway.contract import Accepted, Channel, Misconfigured, SendError, Unknown

log = structlog.get_logger(__name__)

REFRESH = 0.025  # seconds between looks for lanes that have something due
FRESH = 0.005  # seconds, besides what reading takes, that what was read is relied on
NEAR = 0.005  # seconds before its slot that a delivery is made ready to go
BATCH = 250
HUNG = 1.0  # seconds after which a call in flight no longer delays the end of a slice
STUCK = 1.0  # seconds that a claimed delivery may wait for a slot or for a rest to end
ASK = 600.0  # seconds after which a receipt that did not come is asked for
CALL_ASK = 120.0  # a call is over by then, and may have to be made again
PATIENCE = 20.0  # seconds that outcomes are kept for while the database is away

Gate = Callable[[Session, datetime], bool]


@dataclass(frozen=True, slots=True)
class Pumped:
    """What a slice did, and whether it left something due."""

    sent: int
    more_due: bool


def run(runtime: Runtime, slots: Slots, seconds: float, gate: Gate | None = None) -> Pumped:
    """Send what is due, for about `seconds`. Raises OperationalError (database away).

    `gate` says, whenever lanes are looked for, whether this pump may send at all.
    """
    return asyncio.run(Pump(runtime, slots, gate or _open).run(seconds))


def _open(_session: Session, _now: datetime) -> bool:
    return True


@dataclass(slots=True)
class Errand:
    """How an errand to the database is timed, by what it lately took (seconds).

    It begins `lead` ahead of the slots it is for, and does the work of a `span` at once,
    so that it costs a quarter of a processor at most, however fast the lanes.
    """

    least: float
    longest: float
    slowest: float = 0.0
    typical: float = 0.0
    begun: float = 0.0

    def note(self, seconds: float) -> None:
        self.slowest = max(seconds, self.slowest * 0.98)
        self.typical += 0.1 * (seconds - self.typical)

    @property
    def lead(self) -> float:
        return min(self.longest, max(self.least, 3 * self.slowest))

    @property
    def span(self) -> float:
        return min(self.longest, max(self.least, 4 * self.typical))


@dataclass(slots=True)
class Pump:
    """One slice of sending."""

    runtime: Runtime
    slots: Slots
    gate: Gate
    holds: dict[outbox.Lane, Hold] = field(default_factory=dict)
    flying: dict[asyncio.Task[None], float] = field(default_factory=dict)
    per_gateway: Counter[str] = field(default_factory=Counter)
    landed: list[Settled] = field(default_factory=list)
    leftover: list[tuple[Claimed, rights.Verdict]] = field(default_factory=list)
    errands: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    nap: asyncio.Future[None] | None = None
    refreshing: Errand = field(default_factory=lambda: Errand(REFRESH, 10 * REFRESH))
    claiming: Errand = field(default_factory=lambda: Errand(0.02, HORIZON))
    rereading: Errand = field(default_factory=lambda: Errand(0.006, HORIZON))
    unwell: bool = True  # until a look at the lanes' health says otherwise
    settling: Errand = field(default_factory=lambda: Errand(0.02, 0.2))
    looked: bool = False
    sent: int = 0

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
        while True:
            now = time.monotonic()
            if self._must_end(now, end):
                return True
            if not self._busy("claim"):
                self._forget_empty()
                if self.looked and not (self.holds or self.flying):
                    return False
            try:
                self._top_up(now)
            except RedisError as error:
                log.warning("slots_unavailable", error=type(error).__name__)
                return True
            if now - self.refreshing.begun >= self.refreshing.span:
                self._begin("refresh", self._refresh)
            self._claim(now)
            self._leave(now)
            self._settle()
            await self._nap(self._pause(time.monotonic()))

    def _must_end(self, now: float, end: float) -> bool:
        if self.runtime.stopping.is_set():
            return True
        hung = any(now - since > HUNG for since in self.flying.values())
        return now > end and not hung

    # errands: what waits for the database, beside the loop

    def _busy(self, name: str) -> bool:
        """Whether an errand is under way. Raises what the last one of that name raised."""
        task = self.errands.get(name)
        if task is not None and task.done():
            del self.errands[name]
            task.result()
            return False
        return task is not None

    def _begin(self, name: str, errand: Callable[[], Coroutine[None, None, None]]) -> None:
        if not self._busy(name):
            self.errands[name] = asyncio.create_task(errand())
            self.errands[name].add_done_callback(self._wake)

    def _wake(self, _done: object = None) -> None:
        if self.nap is not None and not self.nap.done():
            self.nap.set_result(None)

    async def _nap(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self.nap = loop.create_future()
        timer = loop.call_later(seconds, self._wake)
        await self.nap
        timer.cancel()

    def _pause(self, now: float) -> float:
        """Until something must be begun; what ends wakes the loop by itself."""
        soonest = now + 0.01
        for hold in self.holds.values():
            if hold.in_hand:
                leaves = max(hold.slot() - NEAR, hold.rest_until)
                if leaves > now or not self._busy("reread"):
                    soonest = min(soonest, leaves)
        return max(0.001, soonest - now)

    async def _refresh(self) -> None:
        self.refreshing.begun = began = time.monotonic()
        found, stopped = await asyncio.to_thread(self._lanes)
        self.refreshing.note(time.monotonic() - began)
        self.looked = True
        for lane, hold in self.holds.items():
            hold.dry = lane not in found
            if stopped(lane):
                self._put_all_away(hold)
        for lane, way in found.items():
            self.holds.setdefault(lane, Hold(way)).way = way

    def _forget_empty(self) -> None:
        """Lanes with nothing due; what a claim is fetching still needs its slots."""
        for lane, hold in list(self.holds.items()):
            if hold.dry and not hold.in_hand:
                self._close(hold)
                del self.holds[lane]

    def _lanes(self) -> tuple[dict[outbox.Lane, lanes.OpenLane], lanes.Stopped]:
        now, settings = self.runtime.clock(), self.runtime.settings
        gateways = tuple(name for name in self.runtime.providers if name != MAIL)
        with self.runtime.store.read() as session:
            stopped = lanes.stopped(session, now)
            if not self.gate(session, now):
                return {}, stopped
            found = lanes.open_lanes(session, gateways, now)
            found += lanes.mail_lane(session, MAIL, settings.mail.rate, now)
        return {way.lane: way for way in found}, stopped

    # slots and claims

    def _close(self, hold: Hold) -> None:
        try:
            hold.close(self.slots)
        except RedisError as error:
            log.warning("slots_not_returned", error=type(error).__name__)

    def _top_up(self, now: float) -> None:
        for hold in self.holds.values():
            hold.skip_missed(now)
            if hold.in_hand or (not hold.dry and self._room(hold) > 0):
                hold.top_up(self.slots, now)

    def _room(self, hold: Hold) -> int:
        gateway = hold.way.lane.gateway
        return self.runtime.settings.dispatch.concurrency - self.per_gateway[gateway]

    def _claim(self, now: float) -> None:
        if self._busy("claim"):
            return
        wants = []
        for hold in self.holds.values():
            room = 0 if now < hold.rest_until else self._room(hold)
            soon = now + self.claiming.lead
            if room > 0 and hold.wanted(soon) > 0:
                count = hold.wanted(soon + self.claiming.span)
                wants.append((hold, min(count, room, BATCH)))
        if wants:
            self._begin("claim", lambda: self._claim_some(wants))

    async def _claim_some(self, wants: list[tuple[Hold, int]]) -> None:
        began = time.monotonic()
        batches = await asyncio.to_thread(self._claim_rows, wants)
        self.claiming.note(time.monotonic() - began)
        for (hold, _), batch in zip(wants, batches, strict=True):
            hold.in_hand.extend(InHand(claimed, began) for claimed in batch)
            self.per_gateway[hold.way.lane.gateway] += len(batch)
            hold.dry = not batch

    def _claim_rows(self, wants: list[tuple[Hold, int]]) -> list[list[Claimed]]:
        lease = self.runtime.settings.dispatch.lease_seconds
        now, zone = self.runtime.clock(), self.runtime.settings.service.time_zone
        morning = night.ring_from(zone, now) if night.is_night(zone, now) else None
        terms = outbox.Terms(self.runtime.worker, lease, now, morning)
        with self.runtime.store.begin() as session:
            lanes_ = [(hold.way.lane, count) for hold, count in wants]
            claimed = outbox.claim_all(session, lanes_, terms)
            crashing.point("claiming")
        crashing.point("claimed")
        return claimed

    # departures

    def _leave(self, now: float) -> None:
        """Let go what has its slot; what was read too long ago is read again first."""
        stale: list[tuple[Hold, InHand]] = []
        for hold in self.holds.values():
            if hold.rest_until > now or hold.slot() > now + HORIZON + STUCK:
                self._unless_soon(hold, now)
                continue
            while hold.in_hand and hold.slot() <= now + NEAR and self._is_fresh(hold, now):
                self._launch(hold, hold.in_hand.popleft())
            stale += [(hold, one) for one in self._leaving_soon(hold, now)]
            self._owe(hold)
        if stale:
            self._begin("reread", lambda: self._reread(stale))

    def _is_fresh(self, hold: Hold, now: float) -> bool:
        return now - hold.in_hand[0].read_at <= self._keeps()

    def _keeps(self) -> float:
        """Seconds for which what was read of a delivery is relied on."""
        return FRESH + self.rereading.lead + self.rereading.span

    def _leaving_soon(self, hold: Hold, now: float) -> list[InHand]:
        """Those to read again now, when the first of them must be."""
        soon = now + NEAR + self.rereading.lead
        found: list[InHand] = []
        slot, must = hold.slot(), False
        for one in hold.in_hand:
            if slot > soon + self.rereading.span or len(found) >= BATCH:
                break
            if max(slot - NEAR, now) - one.read_at > self._keeps():
                found.append(one)
                must = must or slot <= soon
            slot += one.claimed.segments * spacing(hold.way.rate)
        return found if must else []

    async def _reread(self, stale: Sequence[tuple[Hold, InHand]]) -> None:
        began = time.monotonic()
        batch = [one.claimed for _, one in stale]
        verdicts = await asyncio.to_thread(self._reread_rows, batch)
        self.rereading.note(time.monotonic() - began)
        for hold, one in stale:
            verdict = verdicts.get(one.claimed.id, leaving.BACK)
            one.read_at = began
            if verdict is not None and one in hold.in_hand:
                self._put_away(hold, one, verdict)

    def _reread_rows(self, batch: list[Claimed]) -> dict[int, rights.Verdict | None]:
        with self.runtime.store.read() as session:
            return leaving.verdicts(session, batch, self.runtime.clock())

    def _unless_soon(self, hold: Hold, now: float) -> None:
        """Give back what would wait for long: its lease must not run out meanwhile."""
        if hold.rest_until > now + STUCK or hold.ask_at > now + STUCK:
            self._put_all_away(hold)

    def _put_all_away(self, hold: Hold) -> None:
        for one in list(hold.in_hand):
            self._put_away(hold, one, leaving.BACK)

    def _put_away(self, hold: Hold, one: InHand, verdict: rights.Verdict) -> None:
        hold.in_hand.remove(one)
        self.per_gateway[hold.way.lane.gateway] -= 1
        self.leftover.append((one.claimed, verdict))

    def _owe(self, hold: Hold) -> None:
        try:
            hold.pay(self.slots)
        except RedisError as error:
            log.warning("slots_not_charged", error=type(error).__name__)

    def _launch(self, hold: Hold, one: InHand) -> None:
        at = hold.take(one.claimed.segments)
        assert at is not None
        task = asyncio.create_task(self._send(hold, one, at))
        self.flying[task] = at
        task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self.flying.pop(task, None)

    async def _send(self, hold: Hold, one: InHand, at: float) -> None:
        claimed = one.claimed
        provider = self.runtime.providers[claimed.lane.gateway]
        outcome: Accepted | SendError
        try:
            message = outbound(self.runtime.settings, provider, claimed, hold.way.sender)
            await asyncio.sleep(max(0.0, at - time.monotonic()))
            if time.monotonic() - at > too_late(hold.way.rate):
                # its slot has passed: the next is as good
                self.holds.setdefault(hold.way.lane, hold).in_hand.appendleft(one)
                return
            if self._lease_is_over(claimed):
                self.per_gateway[claimed.lane.gateway] -= 1
                return  # the machine slept: the sweep finds out what became of it
            crashing.point("sending")
            outcome = await provider.send(message)
            crashing.point("sent")
        except SendError as error:
            outcome = error
        except Exception as error:
            log.exception("provider_broke_its_contract", delivery=claimed.id)
            outcome = Unknown(f"{type(error).__name__} in the gateway's own code")
        self.per_gateway[claimed.lane.gateway] -= 1
        hold.learn(outcome, time.monotonic())
        self._note(claimed, outcome)

    def _lease_is_over(self, claimed: Claimed) -> bool:
        held = (self.runtime.clock() - claimed.started_at).total_seconds()
        return held > self.runtime.settings.dispatch.lease_seconds

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

    # what comes back

    def _settle(self, *, at_once: bool = False) -> None:
        if not (self.landed or self.leftover) or self._busy("settle"):
            return
        if at_once or time.monotonic() - self.settling.begun >= self.settling.span:
            batch, self.landed = self.landed, []
            ends, self.leftover = self.leftover, []
            self._begin("settle", lambda: self._settle_both(batch, ends))

    async def _settle_both(
        self, batch: list[Settled], ends: list[tuple[Claimed, rights.Verdict]]
    ) -> None:
        self.settling.begun = began = time.monotonic()
        if ends:
            await self._write(lambda: self._undo_rows(ends), [c.id for c, _ in ends])
        if batch:
            await self._settle_batch(batch)
        self.settling.note(time.monotonic() - began)

    async def _settle_batch(self, batch: list[Settled]) -> None:
        ids = [settled.claimed.id for settled in batch]
        if not await self._write(lambda: self._settle_rows(batch), ids):
            await self._settle_singly(batch)
        else:
            await asyncio.to_thread(self._learn, batch)

    async def _write(self, change: Callable[[], None], ids: list[int]) -> bool:
        """Write, patiently while the database is away; False when it refuses these rows."""
        give_up = time.monotonic() + PATIENCE
        while True:
            try:
                await asyncio.to_thread(change)
            except OperationalError as error:
                if time.monotonic() > give_up:
                    # the leases run out and the sweep looks what became of them
                    log.error("outcomes_not_written", count=len(ids), error=str(error.orig)[:80])
                    return True
                await asyncio.sleep(0.5)
            except Exception:
                log.exception("outcomes_refused", deliveries=ids)
                return False
            else:
                return True

    def _learn(self, batch: list[Settled]) -> None:
        """What the batch says of its lanes; a judgement that is lost is made again."""
        if self.unwell or any(isinstance(one.outcome, SendError) for one in batch):
            try:
                with self.runtime.store.begin() as session:
                    self.unwell = health.learn(session, batch, self.runtime.clock())
            except DBAPIError as error:
                log.warning("health_not_written", error=type(error.orig).__name__)

    async def _settle_singly(self, batch: list[Settled]) -> None:
        """One outcome that cannot be written must not take the others with it (R10)."""
        for one in batch if len(batch) > 1 else ():
            await self._settle_batch([one])

    def _undo_rows(self, ends: list[tuple[Claimed, rights.Verdict]]) -> None:
        with self.runtime.store.begin() as session:
            leaving.undo(session, ends, self.runtime.clock())

    def _settle_rows(self, batch: list[Settled]) -> None:
        with self.runtime.store.begin() as session:
            settlement.settle(session, batch)
            crashing.point("settling")
        crashing.point("settled")

    async def _drain(self) -> None:
        """Nothing more is claimed; what has not left goes back, what is in flight lands."""
        await self._finish("claim")
        await self._finish("reread")
        await self._finish("refresh")
        for hold in self.holds.values():
            self._close(hold)
        while self._in_hand() or self.flying or self.landed or self._busy("settle"):
            for hold in self.holds.values():
                self._put_all_away(hold)
            self._settle(at_once=True)
            await self._nap(0.02)

    def _in_hand(self) -> bool:
        return bool(self.leftover) or any(hold.in_hand for hold in self.holds.values())

    async def _finish(self, name: str) -> None:
        """Wait for an errand; that it failed was said, or does not matter any more."""
        if (task := self.errands.pop(name, None)) is not None:
            await asyncio.wait([task])
            if (error := task.exception()) is not None:
                log.warning("errand_failed", errand=name, error=type(error).__name__)
