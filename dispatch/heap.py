"""The garbage collector of a process that has loaded what it needs, and works for weeks."""

from __future__ import annotations

import gc

YOUNG, OLDER, OLDEST = 10_000, 20, 20  # new objects, and rounds, between two looks


def freeze() -> None:
    """Look no more through what is loaded, which stays, and seldom through the rest.

    Half a million objects of libraries were looked through again and again: a fifth of
    the processor time of a dispatch worker, in pauses of tens of milliseconds. What a
    message or a page leaves behind is nearly all freed without the collector.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, OLDER, OLDEST)
