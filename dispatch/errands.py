"""Errands to the database beside an event loop that must never wait for it.

One of each name at a time, in a thread; whichever ends wakes the loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Timing:
    """How an errand is timed, by what it lately took (seconds).

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
class Errands:
    """Those under way, by name."""

    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    nap: asyncio.Future[None] | None = None

    def busy(self, name: str) -> bool:
        """Whether an errand is under way. Raises what the last one of that name raised."""
        task = self.tasks.get(name)
        if task is not None and task.done():
            del self.tasks[name]
            task.result()
            return False
        return task is not None

    def begin(self, name: str, errand: Callable[[], Coroutine[None, None, None]]) -> None:
        """Begin an errand, unless one of that name is under way."""
        if not self.busy(name):
            self.tasks[name] = asyncio.create_task(errand())
            self.tasks[name].add_done_callback(self._wake)

    async def sleep(self, seconds: float) -> None:
        """Sleep, but no longer than until an errand ends."""
        loop = asyncio.get_running_loop()
        self.nap = loop.create_future()
        timer = loop.call_later(seconds, self._wake)
        await self.nap
        timer.cancel()

    async def finish(self, name: str) -> None:
        """Wait for an errand; that it failed was said, or does not matter any more."""
        if (task := self.tasks.pop(name, None)) is not None:
            await asyncio.wait([task])
            if (error := task.exception()) is not None:
                log.warning("errand_failed", errand=name, error=type(error).__name__)

    def _wake(self, _done: object = None) -> None:
        if self.nap is not None and not self.nap.done():
            self.nap.set_result(None)
