"""The emulator's ledger, read from its file: the truth of what left, and when."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.emulator.client import Emulator
from tests.rigs.processes import until

Entry = Mapping[str, Any]
NOTHING_SO_FAR = 10**12


@dataclass
class Tape:
    """The part of a ledger that began at the last `mark`."""

    emulator: Emulator
    path: Path
    _start: int = 0
    _read: int = field(default=0)
    _entries: list[Entry] = field(default_factory=list)

    def mark(self) -> None:
        """Forget what happened so far, in the emulator too: it keeps all in memory."""
        self.emulator.reset()
        self._start = self._read = self.path.stat().st_size
        self._entries = []

    def entries(self, event: str = "accepted") -> list[Entry]:
        self.emulator.ledger(since=NOTHING_SO_FAR)  # it writes what is new first
        with self.path.open("rb") as lines:
            lines.seek(self._read)
            for line in lines:
                self._entries.append(json.loads(line))
                self._read += len(line)
        return [entry for entry in self._entries if entry["event"] == event]

    def wait(self, count: int, seconds: float, event: str = "accepted") -> list[Entry]:
        """The entries of a kind, once there are `count`."""
        what = f"{count} messages at the emulator"
        until(lambda: len(self.entries(event)) >= count, what, seconds, pause=0.1)
        return self.entries(event)


def twice(entries: Iterable[Entry]) -> int:
    """How many messages of an alert somebody got more than once."""
    seen: set[tuple[str, str]] = set()
    total = 0
    for entry in entries:
        seen.add((entry["to"], entry["body"]))
        total += 1
    return total - len(seen)


def by_sender(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """The messages of each number, in the order of their arrival."""
    found: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in sorted(entries, key=lambda each: each["mono"]):
        found[entry["sender"]].append(entry)
    return dict(found)


def used(entries: Sequence[Entry], rate: float) -> float:
    """The share of a number's rate that was used between its first and its last message."""
    seconds = entries[-1]["mono"] - entries[0]["mono"]
    segments = sum(entry["segments"] for entry in entries[:-1])
    return float(segments / seconds / rate)


def busiest_second(entries: Sequence[Entry]) -> int:
    """The segments that arrived within the worst second, wherever it began."""
    times = [entry["mono"] for entry in entries]
    sums = [0]
    for entry in entries:
        sums.append(sums[-1] + entry["segments"])
    ends = (bisect_left(times, start + 1.0) for start in times)
    return max(sums[end] - sums[i] for i, end in enumerate(ends))
