"""The rate of each number, as a provider that does not queue enforces it."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field

WINDOW = 1.0  # seconds
LET_PASS = 1  # segment beyond the rate


@dataclass
class Limits:
    """What each number sent within the last second."""

    sent: defaultdict[str, deque[tuple[float, int]]] = field(
        default_factory=lambda: defaultdict(deque)
    )

    def within(self, sender: str, arrived: float) -> int:
        """The segments of a number in the second before `arrived`."""
        recent = self.sent[sender]
        while recent and recent[0][0] <= arrived - WINDOW:
            recent.popleft()
        return sum(segments for _, segments in recent)

    def take(self, sender: str, arrived: float, segments: int) -> int:
        """Count one message; the segments in the second that ends with it."""
        before = self.within(sender, arrived)
        self.sent[sender].append((arrived, segments))
        return before + segments
