"""Systems that end with their tests, and a village that is settled once and copied."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance import village
from tests.acceptance.system import Make, System

PACE = {"sweep_seconds": 0.5, "quiet_seconds": 2.0, "poll_seconds": 1.0}
"""What takes seconds or a minute in production, shortened."""


@pytest.fixture(scope="session")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a village at the simulator, on SQLite, never started.

    It takes a dozen commands, so the workers of pytest-xdist share one.
    """
    folder = tmp_path_factory.getbasetemp()
    shared = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "village"
    shared.mkdir(exist_ok=True)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "done").exists():
            village.settle(System(shared))
            (shared / "done").touch()
    return shared


@pytest.fixture(scope="module")
def make_system(tmp_path_factory: pytest.TempPathFactory, settled: Path) -> Iterator[Make]:
    """make_system(empty=False, **sections): a village in a folder of its own, not started."""
    with contextlib.ExitStack() as stack:

        def make(*, empty: bool = False, **sections: dict[str, object]) -> System:
            folder = tmp_path_factory.mktemp("system")
            if not empty:
                shutil.copytree(settled / "var", folder / "var")
            dispatch = PACE | sections.pop("dispatch", {})
            system = System(folder, {"dispatch": dispatch, **sections})
            stack.callback(system.close)
            return system

        yield make
