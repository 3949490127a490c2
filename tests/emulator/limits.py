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

    def take(self, sender: str, arrived: float, segments: int, *, rate: float) -> int:
        """The segments in the second that ends with this message; it counts when let pass."""
        recent = self.sent[sender]
        while recent and recent[0][0] <= arrived - WINDOW:
            recent.popleft()
        total = segments + sum(earlier for _, earlier in recent)
        if total <= rate + LET_PASS:
            recent.append((arrived, segments))
        return total
