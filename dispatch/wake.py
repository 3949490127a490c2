"""Waking the workers: what a Redis that may forget everything is for (decision 1).

A wake carries ids only and is sent after the commit. One that is lost costs nothing
but the time until the next sweep, so a Redis that is away is a log line here. One that
hangs is let alone for a while: each wake would cost the caller seconds, which a webhook
has not.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog
from redis import Redis
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as NoAnswer
from rq import Queue
from rq.serializers import JSONSerializer

if TYPE_CHECKING:
    from dispatch.runtime import Runtime

log = structlog.get_logger(__name__)

INBOUND = "inbound"
DISPATCH = "dispatch"
QUEUES = (INBOUND, DISPATCH)
PENDING = "tocsin:pump-pending"
PENDING_SECONDS = 5
JOB_SECONDS = 3600
LET_ALONE = 3.0  # seconds without wakes once Redis has given no answer in time


def queue(name: str, redis: Redis) -> Queue:
    """One of QUEUES; jobs are JSON and only those of dispatch.jobs run."""
    return Queue(name, connection=redis, serializer=JSONSerializer)


def read_inbound(runtime: Runtime, inbound_id: int) -> bool:
    """Ask an inbound worker to read a text; False when Redis is away."""
    return _enqueue(runtime, INBOUND, "dispatch.jobs.read_inbound", inbound_id)


def locate(runtime: Runtime, enrolment_id: int) -> bool:
    """Ask an inbound worker where somebody lives; False when Redis is away."""
    return _enqueue(runtime, INBOUND, "dispatch.jobs.locate", enrolment_id)


def pump(runtime: Runtime) -> bool:
    """Ask a dispatch worker to send what is due; False when Redis is away.

    One pending wake is enough: a pump clears the mark when it begins.
    """
    if _is_let_alone(runtime):
        return False
    try:
        if not runtime.redis.set(PENDING, 1, nx=True, ex=PENDING_SECONDS):
            return True
    except RedisError as error:
        _failed(runtime, DISPATCH, error)
        return False
    return _enqueue(runtime, DISPATCH, "dispatch.jobs.pump")


def are_queued(runtime: Runtime, name: str) -> bool:
    """Whether jobs wait on one of QUEUES; False when Redis is away."""
    try:
        return queue(name, runtime.redis).count > 0
    except RedisError:
        return False


def _enqueue(runtime: Runtime, name: str, function: str, *ids: int) -> bool:
    if _is_let_alone(runtime):
        return False
    try:
        queue(name, runtime.redis).enqueue(
            function, *ids, result_ttl=0, failure_ttl=3600, job_timeout=JOB_SECONDS
        )
    except RedisError as error:
        _failed(runtime, name, error)
        return False
    return True


def _is_let_alone(runtime: Runtime) -> bool:
    return time.monotonic() < runtime.hangs.since + LET_ALONE


def _failed(runtime: Runtime, name: str, error: RedisError) -> None:
    if isinstance(error, NoAnswer):
        runtime.hangs.since = time.monotonic()
    log.warning("wake_failed", queue=name, error=type(error).__name__)
