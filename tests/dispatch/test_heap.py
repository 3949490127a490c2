"""What a process has loaded is left alone by the garbage collector."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import gc
from dispatch import heap, pump, wake
heap.freeze()
assert gc.get_freeze_count() > 100_000, gc.get_freeze_count()
class Knot: pass
before = len(gc.get_objects())
for _ in range(50_000):
    knot = Knot()
    knot.itself = knot
assert len(gc.get_objects()) - before < 3 * heap.YOUNG, "but what is left behind is found"
"""


def test_what_is_loaded_is_left_alone_and_what_is_left_behind_is_found() -> None:
    subprocess.run([sys.executable, "-c", SCRIPT], check=True)
