"""What residents upload is read by a program of its own (a press), which may do nothing else.

A press sets its own limits, imports nothing of ours and opens no file; whatever goes wrong in
it ends with it. It reads standard input and writes what it drew to standard output, with a
word or two about it on standard error.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SECONDS = 25.0  # of the clock; the child's processor time ends before
PATIENCE = 20.0  # seconds until it is one's turn: the children are heavy, so one at a time
REFUSED = 3  # the press's exit code when it says why
LOCK = "proofs.lock"


class Busy(Exception):
    """Others have kept the press at work for PATIENCE seconds: try again."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a press made: `code` 0, what it drew and what it says of it; REFUSED and why; or
    anything else, when it broke.
    """

    code: int
    said: str
    drawn: bytes


def press(data_dir: Path, program: Path, data: bytes) -> Pressed:
    """Have `program` read `data`. Takes up to a second, so no transaction may be open.

    Raises Busy.
    """
    with _turn(data_dir), _memory(data) as given, _memory() as drawn:
        code, said = _run(program, given, drawn)
        os.lseek(drawn, 0, os.SEEK_SET)
        with os.fdopen(os.dup(drawn), "rb") as out:
            return Pressed(code, said, out.read() if code == 0 else b"")


def _run(program: Path, given: int, drawn: int) -> tuple[int, str]:
    argv = [sys.executable, "-I", str(program)]
    try:
        done = subprocess.run(  # noqa: S603  # our own program, and no argument from outside
            argv, stdin=given, stdout=drawn, stderr=subprocess.PIPE, timeout=SECONDS,
            env={}, cwd="/", check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return -1, "out of time"
    return done.returncode, done.stderr[-400:].decode("ascii", "replace").strip()


@contextmanager
def _memory(data: bytes = b"") -> Iterator[int]:
    """A file that is nowhere on a disk, and whose size the child's limits hold down."""
    handle = os.memfd_create("pressed")
    try:
        with os.fdopen(os.dup(handle), "wb") as out:
            out.write(data)
        os.lseek(handle, 0, os.SEEK_SET)
        yield handle
    finally:
        os.close(handle)


@contextmanager
def _turn(data_dir: Path) -> Iterator[None]:
    """One child at a time on a machine, so that uploads at once cannot fill its memory."""
    data_dir.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + PATIENCE
    with (data_dir / LOCK).open("w") as mine:
        while not _taken(mine.fileno()):
            if time.monotonic() > until:
                raise Busy
            time.sleep(0.05)
        yield


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
