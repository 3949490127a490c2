"""The RQ jobs: they carry ids, do nothing that the rows do not say, and may run twice.

ALLOWED is the whole list. RQ would import and call any function that a job names, the
operating system's included, so the job class refuses all others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from redis.exceptions import RedisError
from rq.job import Job

from dispatch import crashing, inbound, joining, locating, standing_in, wake
from dispatch import pump as pumping
from dispatch.pace import SharedSlots
from dispatch.worker import current

IDLE = 0.5  # seconds that a pump looks for more: the next alert then waits for no job

ALLOWED = frozenset({"dispatch.jobs.read_inbound", "dispatch.jobs.locate", "dispatch.jobs.pump"})


class ForbiddenJob(Exception):
    """Somebody put a job on the queue that is not ours."""


class AllowedJob(Job):
    """A job that runs only what ALLOWED names."""

    @property
    def func(self) -> Callable[..., Any] | None:
        if self.func_name not in ALLOWED:
            raise ForbiddenJob(str(self.func_name)[:80])
        function: Callable[..., Any] | None = super().func
        return function


def read_inbound(inbound_id: int) -> None:
    """Read one text, then wake whoever goes on with what it became."""
    runtime = current()
    outcome = inbound.read(runtime, inbound_id)
    crashing.point("text_read")
    if outcome == joining.ENROLMENT:
        if (enrolment := locating.of_text(runtime, inbound_id)) is not None:
            wake.locate(runtime, enrolment)
    elif outcome:
        wake.pump(runtime)


def locate(enrolment_id: int) -> None:
    """Find where somebody who enrolled lives, then wake the pump for what they are told."""
    runtime = current()
    if locating.locate(runtime, enrolment_id):
        wake.pump(runtime)


def pump() -> None:
    """Send what is due, then leave a successor if more is due."""
    runtime = current()
    try:
        runtime.redis.delete(wake.PENDING)
    except RedisError:
        return  # housekeeping pumps until Redis is back
    slots = SharedSlots(runtime.redis)
    seconds = runtime.settings.dispatch.slice_seconds
    pumped = pumping.run(runtime, slots, seconds, standing_in.nobody, idle=IDLE)
    crashing.point("slice_ended")
    if pumped.more_due:
        wake.pump(runtime)
