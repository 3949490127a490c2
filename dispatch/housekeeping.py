"""The process that looks after the others: sweeps, asks, and stands in for Redis."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError, OperationalError

from dispatch import crashing, duty, inbound, locating, polling, pump, sweep, wake
from dispatch.pace import StandInSlots
from dispatch.runtime import Runtime
from dispatch.spool import Spool

log = structlog.get_logger(__name__)

TICK = 0.5
STAND_IN_SECONDS = 2.0  # a slice of pumping while Redis is away
OVERLAP = timedelta(minutes=10)
AT_START = timedelta(hours=24)  # what may have been missed while nothing ran


def run(runtime: Runtime) -> None:
    """Look after the installation until told to stop. Survives every outage."""
    keeper = Housekeeping(runtime)
    while not runtime.stopping.is_set():
        try:
            keeper.tick()
        except OperationalError as error:
            log.warning("database_away", error=str(error.orig)[:80])
            runtime.stopping.wait(1)
        except Exception:
            log.exception("housekeeping_failed")
            runtime.stopping.wait(1)
        runtime.stopping.wait(TICK)


class Housekeeping:
    """What is due when, in this process."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.slots = StandInSlots(runtime.redis)
        self.spool = Spool(runtime.settings.data_dir)
        self._swept = float("-inf")
        self._polled = float("-inf")
        self._missed = AT_START

    def tick(self) -> None:
        """One look around: leftovers at once, the sweep and the poll when it is time."""
        dispatch, now = self.runtime.settings.dispatch, time.monotonic()
        for row in self.spool.replay(self.runtime.store):
            wake.read_inbound(self.runtime, row)
        if self._redis_answers():
            sweep.wake_for_leftovers(self.runtime)
        else:
            self._stand_in()
        if now - self._swept >= dispatch.sweep_seconds:
            self._swept = now
            sweep.sweep(self.runtime)
        if now - self._polled >= dispatch.poll_seconds:
            self._polled = now
            self._poll()

    def _redis_answers(self) -> bool:
        try:
            return bool(self.runtime.redis.ping())
        except RedisError:
            return False

    def _stand_in(self) -> None:
        """Read and send by itself, at the configured rates, until Redis is back."""
        if not duty.take(self.runtime, "pump", 15):
            return
        for inbound_id in sweep.unread(self.runtime):
            self._read(inbound_id)
        if sweep.due(self.runtime):
            pump.run(self.runtime, self.slots, STAND_IN_SECONDS)
        for enrolment_id in locating.waiting(self.runtime)[:1]:  # a slow answer costs alerts time
            locating.locate(self.runtime, enrolment_id)

    def _read(self, inbound_id: int) -> None:
        try:
            inbound.read(self.runtime, inbound_id)
        except DBAPIError:
            raise
        except Exception:
            log.exception("inbound_failed", inbound=inbound_id)

    def _poll(self) -> None:
        if not duty.take(self.runtime, "poll", self.runtime.settings.dispatch.poll_seconds):
            return
        since = self.runtime.clock() - self._missed
        for row in asyncio.run(polling.poll(self.runtime, since)):
            crashing.point("polled")
            wake.read_inbound(self.runtime, row)
        self._missed = OVERLAP
