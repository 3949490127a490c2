"""Named points between two durable steps, where `make chaos` lets a process end at once.

`TOCSIN_CRASH_AT=claimed:3,settled` ends each process the third time it has claimed, and
the first time it has settled, as kill -9 would: nothing is flushed, closed or given back.
Without the variable a point costs one call that does nothing.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Final

VARIABLE = "TOCSIN_CRASH_AT"
CODE = 86  # of a process that ended here, so that nobody takes it for a fault of its own
POINTS: Final = frozenset(
    {
        # the web process: a text or a receipt is kept, and nobody has been told yet
        "text_stored",
        "text_spooled",
        "receipt_stored",
        # the spool: written but not yet there; stored but still there
        "spool_written",
        "spool_replayed",
        # the inbound worker: read, not yet committed; committed, nobody woken yet
        "reading",
        "text_read",
        # the pump: leased, not committed; committed; about to call; answered; written back
        "claiming",
        "claimed",
        "sending",
        "sent",
        "settling",
        "settled",
        "learned",
        # the pump, of what did not leave: given back
        "undone",
        "slice_ended",
        # housekeeping: between the parts of its round
        "sweeping",
        "swept",
        "looked",
        "look_settled",
        "polled",
    }
)


def point(name: str) -> None:
    """End the process here if it was told to, and as often passed as it was told."""
    left = _armed()
    if left and name in left:
        left[name] -= 1
        if left[name] <= 0:
            os.write(2, f"crash point {name}\n".encode())
            os._exit(CODE)


@cache
def _armed() -> dict[str, int]:
    """How often each point may still be passed, by the environment."""
    return parse(os.environ.get(VARIABLE, ""))


def parse(told: str) -> dict[str, int]:
    """`name[:n]`, comma-separated. Raises ValueError for a point that there is not."""
    armed: dict[str, int] = {}
    for each in filter(None, told.split(",")):
        name, _, times = each.partition(":")
        if name not in POINTS:
            raise ValueError(f"{VARIABLE}: no crash point {name!r}")
        armed[name] = int(times or 1)
    return armed
