"""The clock of a process, which `make chaos` may set while it runs.

`TOCSIN_CLOCK=path` names a file that holds seconds: how far the clock of every process is
set forward, or back, from now on. Without the variable it is the machine's clock.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from community_store.columns import utcnow

VARIABLE = "TOCSIN_CLOCK"


def clock() -> Callable[[], datetime]:
    """The clock that the environment names: aware UTC instants."""
    named = os.environ.get(VARIABLE)
    if not named:
        return utcnow
    path = Path(named)
    return lambda: utcnow() + timedelta(seconds=_set_by(path))


def _set_by(path: Path) -> float:
    try:
        return float(path.read_text() or 0)
    except FileNotFoundError:
        return 0.0
