"""A question to a server that may hang, asked beside whoever must not wait for the answer."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field


@dataclass
class Probe:
    """One question at a time, in a thread of its own. `ask` raises nothing."""

    ask: Callable[[], bool]
    _crew: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "probe"))
    _asked: Future[bool] | None = None

    def answers(self, patience: float | None) -> bool:
        """Whether it says yes within `patience` seconds; None: as long as it takes.

        A question that is still under way is not asked again: a later call has its answer.
        """
        asked = self._asked or self._crew.submit(self.ask)
        try:
            said = asked.result(patience)
        except TimeoutError:
            self._asked = asked
            return False
        self._asked = None
        return said
