"""Crash points: inert unless told, and then as hard as a power cut."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dispatch import crashing

ROOT = Path(__file__).parents[2]
PASSES = """
from dispatch import crashing
import atexit
atexit.register(print, "closed down")
for n in (1, 2, 3):
    crashing.point("claimed")
    crashing.point("settled")
    print("passed", n, flush=True)
"""


def run(told: str | None) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name != crashing.VARIABLE}
    env = kept | ({} if told is None else {crashing.VARIABLE: told})
    argv = [sys.executable, "-c", PASSES]
    return subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def test_without_the_variable_nothing_happens() -> None:
    done = run(None)
    assert (done.returncode, done.stdout.count("passed"), done.stderr) == (0, 3, "")


def test_a_process_ends_at_once_when_it_has_passed_as_often_as_told() -> None:
    done = run("swept,settled:2")
    assert done.returncode == crashing.CODE
    assert done.stdout == "passed 1\n", "not even its exit functions ran"
    assert done.stderr == "crash point settled\n"


def test_a_point_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="no crash point 'settle'"):
        crashing.parse("settle:2")


def test_every_point_stands_once_in_the_code() -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "dispatch").glob("*.py"))
    assert sorted(re.findall(r'crashing\.point\("(\w+)"\)', code)) == sorted(crashing.POINTS)
