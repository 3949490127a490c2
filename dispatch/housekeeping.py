"""The process that looks after the others: sweeps, asks, and stands in for Redis."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from functools import partial

import structlog
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError

from community_store import growth, retention
from community_store.store import AWAY
from dispatch import (
    crashing,
    digests,
    duty,
    heap,
    inbound,
    locating,
    pictures,
    polling,
    proofs,
    pump,
    recovery,
    standing_in,
    sweep,
    wake,
)
from dispatch.pace import LocalSlots
from dispatch.probing import Probe
from dispatch.runtime import Runtime
from dispatch.spool import Spool

log = structlog.get_logger(__name__)

TICK = 0.5
FORGET_SECONDS = 3600.0  # between two pieces of what is too old to be kept
ALIVE, ALIVE_SECONDS = "tocsin:alive", 60
STAND_IN_SECONDS = 2.0  # a slice of pumping while Redis is away
HURRIED = 0.05  # seconds that whoever stands in waits for Redis to say that it is back


def run(runtime: Runtime) -> None:
    """Look after the installation until told to stop. Survives every outage."""
    keeper = Housekeeping(runtime)
    heap.freeze()
    while not runtime.stopping.is_set():
        try:
            keeper.tick()
        except AWAY as error:
            log.warning("database_away", error=str(getattr(error, "orig", error))[:80])
            runtime.stopping.wait(1)
        except Exception:
            log.exception("housekeeping_failed")
            runtime.stopping.wait(1)
        runtime.stopping.wait(TICK)


class Housekeeping:
    """What is due when, in this process."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.slots: LocalSlots | None = None  # while it stands in for Redis
        self.spool = Spool(runtime.settings.data_dir)
        self._probe = Probe(self._redis_takes)
        self._swept = float("-inf")
        self._polled = float("-inf")
        self._forgot = float("-inf")
        self._told: dict[str, datetime] = {}  # until when each gateway's list has told all

    def tick(self) -> None:
        """One look around: leftovers at once, the sweep and the poll when it is time."""
        dispatch, now = self.runtime.settings.dispatch, time.monotonic()
        for row in self.spool.replay(self.runtime.store):
            wake.read_inbound(self.runtime, row)
        if not self._probe.answers(HURRIED if self.slots is not None else None):
            self._stand_in()
        elif self._steps_back():
            sweep.wake_for_leftovers(self.runtime)
        if now - self._swept >= dispatch.sweep_seconds:
            self._swept = now
            sweep.sweep(self.runtime)
            digests.run(self.runtime)
            growth.analyze_grown(self.runtime.store)
        if now - self._polled >= dispatch.poll_seconds:
            self._polled = now
            if asyncio.run(recovery.resume(self.runtime)):
                wake.pump(self.runtime)
            self._poll()
        if now - self._forgot >= FORGET_SECONDS:
            self._forgot = now
            self._forget()

    def _redis_takes(self) -> bool:
        """Whether Redis takes what is written: one that is full answers, and helps nobody."""
        try:
            return bool(self.runtime.redis.set(ALIVE, 1, ex=ALIVE_SECONDS))
        except RedisError:
            return False

    def _stand_in(self) -> None:
        """Read and send by itself, at the configured rates, until Redis is back."""
        if not standing_in.take(self.runtime):
            return
        self.slots = self.slots or LocalSlots()
        for inbound_id in sweep.unread(self.runtime):
            self._read(inbound_id)
        if sweep.due(self.runtime):
            gate = partial(standing_in.mine, self.runtime)
            pump.run(self.runtime, self.slots, STAND_IN_SECONDS, gate)
        for enrolment_id in locating.waiting(self.runtime)[:1]:  # a slow answer costs alerts time
            locating.locate(self.runtime, enrolment_id)

    def _steps_back(self) -> bool:
        """Leave sending to the workers, once what was reserved here has left."""
        if self.slots is None:
            return True
        if self.slots.ahead() > 0:
            return False
        self.slots = None
        standing_in.end(self.runtime)
        return True

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
        for row in asyncio.run(polling.poll(self.runtime, self._told)):
            crashing.point("polled")
            wake.read_inbound(self.runtime, row)

    def _forget(self) -> None:
        """What `[retention]` says is too old, a piece at a time; more of it soon."""
        with self.runtime.store.read() as session:  # no duty: each machine has files of its own
            for kept in (proofs, pictures):
                kept.tidy(session, self.runtime.settings, self.runtime.clock())
        if not duty.take(self.runtime, "retention", FORGET_SECONDS):
            return
        ages = self.runtime.settings.retention
        limits = retention.Limits.of(
            self.runtime.clock(),
            text_days=ages.alert_text_days,
            delivery_months=ages.delivery_months,
            pending_days=ages.pending_days,
            gazette_days=ages.gazette_days,
            message_days=ages.message_days,
            movement_months=ages.movement_months,
        )
        with self.runtime.store.read() as session:
            found = retention.due(session, limits)
        if not any(found.values()):
            return
        with self.runtime.store.begin() as session:
            retention.forget(session, found)
        log.info("forgotten", **{kind: len(ids) for kind, ids in found.items() if ids})
        self._forgot = float("-inf")
