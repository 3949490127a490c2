"""The worker processes: RQ's SimpleWorker (no fork: 3 ms to wake), one queue each."""

from __future__ import annotations

import os
import signal
import threading
from contextvars import ContextVar
from types import FrameType

import structlog
from redis import Redis
from rq import SimpleWorker
from rq.serializers import JSONSerializer
from sqlalchemy.exc import DBAPIError

from dispatch import heap, wake
from dispatch.runtime import Runtime

log = structlog.get_logger(__name__)

DRAIN_SECONDS = 25.0  # the supervisor kills after 30

_current: ContextVar[Runtime] = ContextVar("runtime")


def current() -> Runtime:
    """The runtime of the worker that runs the present job."""
    return _current.get()


class DrainingWorker(SimpleWorker):
    """On SIGTERM or SIGINT the job in hand is told to end, and the worker after it."""

    runtime: Runtime
    limit: threading.Timer | None = None

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        self.runtime.stopping.set()
        self.limit = self.limit or end_within(DRAIN_SECONDS)
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]  # RQ has no types there

    def request_force_stop(self, signum: int, frame: FrameType | None) -> None:
        """A second signal changes nothing: draining is bounded by the send time-out."""
        self.runtime.stopping.set()


def work(runtime: Runtime, queue_name: str, *, burst: bool = False) -> None:
    """Run jobs of one queue until told to stop (`burst`: until the queue is empty).

    Raises redis.exceptions.ConnectionError while Redis is away.
    """
    from dispatch.jobs import AllowedJob  # the jobs know current()

    # RQ waits for jobs in a blocking call: a connection of its own, without our time-out
    connection = Redis.from_url(runtime.settings.redis_url)
    worker = DrainingWorker(
        [wake.queue(queue_name, connection)],
        connection=connection,
        serializer=JSONSerializer,
        job_class=AllowedJob,
    )
    worker.runtime = runtime
    if queue_name == wake.DISPATCH:
        _warm(runtime)
    worker.log_result_lifespan = False
    if not burst:
        heap.freeze()
    token = _current.set(runtime)
    try:
        worker.work(burst=burst, with_scheduler=False, logging_level="WARNING")
    finally:
        _current.reset(token)
        if worker.limit is not None:
            worker.limit.cancel()
        connection.close()


def _warm(runtime: Runtime) -> None:
    from dispatch import pump

    try:
        pump.warm(runtime)
    except DBAPIError as error:  # the first job meets a database that is away, and says so
        log.warning("not_warmed", error=type(error.orig).__name__)


def end_within(seconds: float) -> threading.Timer:
    """End this process then, whatever it waits for: a Redis that is frozen never answers.

    Nothing is lost by it: it is what a kill does.
    """

    def end() -> None:
        log.warning("ended_undrained", seconds=seconds)
        os._exit(1)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    return timer


def on_signals(runtime: Runtime) -> None:
    """Let SIGTERM and SIGINT ask a process without RQ to drain."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        if not runtime.stopping.is_set():
            end_within(DRAIN_SECONDS)
        runtime.stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
