"""What leaves: each delivery in hand at its slot, read once more just before (R7)."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from dispatch import crashing, leaving, rights
from dispatch.envelope import outbound
from dispatch.errands import Errands, Timing
from dispatch.outbox import Claimed, Lane
from dispatch.outcomes import Outcomes
from dispatch.pace import HORIZON, spacing, too_late
from dispatch.runtime import Runtime
from dispatch.slots import Hold, InHand
from gateway.contract import Accepted, SendError, Unknown

log = structlog.get_logger(__name__)

FRESH = 0.005  # seconds, besides what reading takes, that what was read is relied on
NEAR = 0.005  # seconds before its slot that a delivery is made ready to go
BATCH = 250
AT_ONCE = 16  # of a lane that start together: of more, the last would be late for their slots
HUNG = 1.0  # seconds after which a call in flight no longer delays the end of a slice
STUCK = 1.0  # seconds that a claimed delivery may wait for a slot or for a rest to end
ERRAND = "reread"


@dataclass(slots=True)
class Departures:
    """`holds` are the lanes with what waits in them, `in_the_air` the calls under way.

    `afoot` counts by gateway what is claimed and has not landed.
    """

    runtime: Runtime
    errands: Errands
    outcomes: Outcomes
    holds: dict[Lane, Hold] = field(default_factory=dict)
    in_the_air: dict[asyncio.Task[None], float] = field(default_factory=dict)
    afoot: Counter[str] = field(default_factory=Counter)
    timing: Timing = field(default_factory=lambda: Timing(0.006, HORIZON))

    def take(self, hold: Hold, batch: Sequence[Claimed], read_at: float) -> None:
        """Take deliveries that were just claimed, to leave at the next slots of their lane."""
        hold.take_in(batch, read_at)
        self.afoot[hold.way.lane.gateway] += len(batch)

    @property
    def waiting(self) -> bool:
        """Whether something is in hand that has not left."""
        return any(hold.in_hand for hold in self.holds.values())

    def hung(self, now: float) -> bool:
        """Whether calls have been under way for so long that nobody waits for them."""
        return any(now - since > HUNG for since in self.in_the_air.values())

    def next_at(self, now: float, latest: float) -> float:
        """When something must next be begun, `latest` at most (monotonic seconds)."""
        soonest, reading = latest, self.errands.busy(ERRAND)
        for hold in self.holds.values():
            if hold.in_hand:
                leaves = max(hold.slot() - NEAR, hold.rest_until)
                if leaves > now or not reading:
                    soonest = min(soonest, leaves)
        return soonest

    def leave(self, now: float) -> None:
        """Let go what has its slot; what was read too long ago is read again first."""
        stale: list[tuple[Hold, InHand]] = []
        keeps, may_read = self._keeps(), not self.errands.busy(ERRAND)
        for hold in self.holds.values():
            if hold.rest_until > now or hold.slot() > now + HORIZON + STUCK:
                self._unless_soon(hold, now)
                continue
            for _ in range(AT_ONCE):
                one = hold.next() if hold.slot() <= now + NEAR else None
                if one is None or now - one.read_at > keeps:
                    break
                self._launch(hold, one)
            if may_read:
                stale += [(hold, one) for one in self._leaving_soon(hold, now)]
        if stale:
            self.errands.begin(ERRAND, lambda: self._reread(stale))

    def put_all_away(self, hold: Hold) -> None:
        """Give back whatever waits in a lane."""
        for one in list(hold.in_hand):
            self._put_away(hold, one, leaving.BACK)

    def _keeps(self) -> float:
        """Seconds for which what was read of a delivery is relied on."""
        return FRESH + self.timing.lead + self.timing.span

    def _leaving_soon(self, hold: Hold, now: float) -> list[InHand]:
        """Those to read again now, when the first of them must be."""
        soon = now + NEAR + self.timing.lead
        last = soon + self.timing.span
        keeps, apart = self._keeps(), spacing(hold.way.rate)
        found: list[InHand] = []
        slot, must = hold.slot(), False
        for one in hold.in_hand:
            if slot > last or len(found) >= BATCH:
                break
            if max(slot - NEAR, now) - one.read_at > keeps:
                found.append(one)
                must = must or slot <= soon
            slot += one.claimed.segments * apart
        return found if must else []

    async def _reread(self, stale: Sequence[tuple[Hold, InHand]]) -> None:
        began = time.monotonic()
        batch = [one.claimed for _, one in stale]
        verdicts = await asyncio.to_thread(self._reread_rows, batch)
        self.timing.note(time.monotonic() - began)
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
            self.put_all_away(hold)

    def _put_away(self, hold: Hold, one: InHand, verdict: rights.Verdict) -> None:
        hold.in_hand.remove(one)
        self.afoot[hold.way.lane.gateway] -= 1
        self.outcomes.put_away(one.claimed, verdict)

    def _launch(self, hold: Hold, one: InHand) -> None:
        at = hold.take(one)
        task = asyncio.create_task(self._send(hold, one, at))
        self.in_the_air[task] = at
        task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self.in_the_air.pop(task, None)

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
                self.afoot[claimed.lane.gateway] -= 1
                return  # the machine slept: the sweep finds out what became of it
            crashing.point("sending")
            outcome = await provider.send(message)
            crashing.point("sent")
        except SendError as error:
            outcome = error
        except Exception as error:
            log.exception("provider_broke_its_contract", delivery=claimed.id)
            outcome = Unknown(f"{type(error).__name__} in the gateway's own code")
        self.afoot[claimed.lane.gateway] -= 1
        hold.learn(outcome, time.monotonic())
        self.outcomes.note(claimed, outcome)

    def _lease_is_over(self, claimed: Claimed) -> bool:
        held = (self.runtime.clock() - claimed.started_at).total_seconds()
        return held > self.runtime.settings.dispatch.lease_seconds
