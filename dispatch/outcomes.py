"""What comes back to a pump: outcomes of attempts, and deliveries that did not leave.

Written in batches beside the sending, patiently while the database is away.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog
from sqlalchemy.exc import DBAPIError, OperationalError

from dispatch import crashing, health, leaving, metrics, redialling, rights, settlement
from dispatch.errands import Errands, Timing
from dispatch.outbox import Claimed
from dispatch.runtime import Runtime
from dispatch.settlement import Settled
from gateway.contract import Accepted, Channel, Misconfigured, SendError

log = structlog.get_logger(__name__)

ASK = 600.0  # seconds after which a receipt that did not come is asked for
CALL_ASK = 120.0  # a call is over by then, and may have to be made again
PATIENCE = 20.0  # seconds that outcomes are kept for while the database is away
ERRAND = "settle"

End = tuple[Claimed, rights.Verdict]


@dataclass(slots=True)
class Outcomes:
    """`landed` and `undone` wait to be written; `sent` counts what a provider accepted."""

    runtime: Runtime
    errands: Errands
    landed: list[Settled] = field(default_factory=list)
    undone: list[End] = field(default_factory=list)
    timing: Timing = field(default_factory=lambda: Timing(0.02, 0.2))
    unwell: bool = True  # until a look at the lanes' health says otherwise
    sent: int = 0

    def note(self, claimed: Claimed, outcome: Accepted | SendError) -> None:
        """Take the outcome of an attempt."""
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

    def put_away(self, claimed: Claimed, verdict: rights.Verdict) -> None:
        """Take back a delivery that no provider has heard of."""
        self.undone.append((claimed, verdict))

    @property
    def pending(self) -> bool:
        """Whether something waits to be written, or is being written."""
        return bool(self.landed or self.undone) or self.errands.busy(ERRAND)

    def write(self, *, at_once: bool = False) -> None:
        """Begin to write what waits, when it is time."""
        if not (self.landed or self.undone) or self.errands.busy(ERRAND):
            return
        if at_once or time.monotonic() - self.timing.begun >= self.timing.span:
            batch, self.landed = self.landed, []
            ends, self.undone = self.undone, []
            self.errands.begin(ERRAND, lambda: self._write_both(batch, ends))

    async def _write_both(self, batch: list[Settled], ends: list[End]) -> None:
        self.timing.begun = began = time.monotonic()
        if ends:
            await self._write(lambda: self._undo_rows(ends), [c.id for c, _ in ends])
        if batch:
            await self._settle_batch(batch)
        self.timing.note(time.monotonic() - began)

    async def _settle_batch(self, batch: list[Settled]) -> None:
        ids = [settled.claimed.id for settled in batch]
        if not await self._write(lambda: self._settle_rows(batch), ids):
            await self._settle_singly(batch)
        else:
            await asyncio.to_thread(self._learn, batch)

    async def _settle_singly(self, batch: list[Settled]) -> None:
        """One outcome that cannot be written must not take the others with it (R10)."""
        for one in batch if len(batch) > 1 else ():
            await self._settle_batch([one])

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

    def _learn(self, batch: Sequence[Settled]) -> None:
        """What the batch says of its lanes; a judgement that is lost is made again."""
        if self.unwell or any(isinstance(one.outcome, SendError) for one in batch):
            try:
                with self.runtime.store.begin() as session:
                    self.unwell = health.learn(session, batch, self.runtime.clock())
                crashing.point("learned")
            except DBAPIError as error:
                log.warning("health_not_written", error=type(error.orig).__name__)

    def _undo_rows(self, ends: list[End]) -> None:
        with self.runtime.store.begin() as session:
            leaving.undo(session, ends, self.runtime.clock())
        crashing.point("undone")

    def _settle_rows(self, batch: list[Settled]) -> None:
        with self.runtime.store.begin() as session:
            settlement.settle(session, batch)
            crashing.point("settling")
        crashing.point("settled")
