"""Starting peers: clients that wait for the word go, and workers of a queue."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.rigs.processes import Process

ROOT = Path(__file__).parents[2]


def race(commands: Sequence[Sequence[str]]) -> float:
    """Run `python -m <command>` of each side by side; seconds from the word go to the last end."""
    runners = [
        subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for command in commands
    ]  # fmt: skip
    try:
        _hear(runners, "ready")
        start = time.monotonic()
        for runner in runners:
            assert runner.stdin is not None
            runner.stdin.write("go\n")
            runner.stdin.flush()
        _hear(runners, "done")
        return time.monotonic() - start
    finally:
        for runner in runners:
            runner.kill()
            runner.communicate()


def _hear(runners: Sequence[subprocess.Popen[str]], word: str) -> None:
    for runner in runners:
        assert runner.stdout is not None
        said = runner.stdout.readline().strip()
        if said != word:
            raise AssertionError(f"a peer said {said!r} instead of {word!r}")


@contextlib.contextmanager
def workers(
    command: Sequence[str], count: int, log: Path, environment: Mapping[str, str]
) -> Iterator[list[Process]]:
    """So many processes of `python <command>`, until the end of the block."""
    started: list[Process] = []
    try:
        for _ in range(count):
            argv = [sys.executable, *command]
            started.append(Process(argv, log, cwd=ROOT, env=dict(environment)))
        yield started
    finally:
        for process in started:
            process.stop(grace=5)
