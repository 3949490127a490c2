"""What happened, appended as JSON lines: the truth that tests compare with."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path
from typing import Any


class Ledger:
    """Entries in memory, and in a file a moment later (`flush`); nothing waits for a disk.

    Every entry has `n`, `event`, `mono` (seconds, the machine's monotonic clock, so
    comparable between its processes) and `wall` (seconds since 1970, UTC). Events of messages:
    accepted, refused, fault (what befell it), too_fast (refused for its number's rate), became
    (how it ended, reported or not), receipt and webhook (what we called, and the answer), inbound;
    of calls: call, call_refused, key, call_status; of this process: stalled.
    """

    def __init__(self, path: Path | None) -> None:
        self._file = path.open("a", encoding="utf-8") if path else None
        self._numbers = itertools.count(1)
        self._unwritten = 0
        self.lines: list[str] = []

    def add(self, event: str, arrived: float | None = None, /, **facts: Any) -> None:
        now = time.monotonic()
        mono = now if arrived is None else arrived
        entry = {"n": next(self._numbers), "event": event, "mono": mono}
        entry["wall"] = time.time() - (now - mono)
        self.lines.append(json.dumps(entry | facts, ensure_ascii=False))

    def flush(self) -> None:
        """Hand what is new to the operating system."""
        if self._file and self._unwritten < len(self.lines):
            self._file.write("\n".join(self.lines[self._unwritten :]) + "\n")
            self._file.flush()
            self._unwritten = len(self.lines)

    def since(self, count: int) -> str:
        """All entries but the first `count`, as a JSON array."""
        return f"[{','.join(self.lines[count:])}]"

    def clear(self) -> None:
        """Forget what is in memory; the file only ever grows."""
        self.flush()
        self.lines.clear()
        self._unwritten = 0
