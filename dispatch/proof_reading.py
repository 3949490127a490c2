"""An uploaded proof of address, read by a process that may do nothing else.

Formats are told by content, never by name. What is kept is a picture that the child drew
(see proof_press.py); the bytes that were uploaded go no further.
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

import structlog

from community_store.errors import RuleError
from config import Settings

log = structlog.get_logger(__name__)

PRESS = Path(__file__).with_name("proof_press.py")
SECONDS = 25.0  # of the clock; the child's processor time ends before
PATIENCE = 20.0  # seconds until it is one's turn: the children are heavy, so one at a time
REFUSED = 3
REASONS = frozenset(
    {"proof_kind", "proof_unreadable", "proof_locked", "proof_pages", "proof_pixels"}
)


@dataclass(frozen=True, slots=True)
class Picture:
    """What a document looks like: an image/jpeg, or an application/pdf of pictures."""

    data: bytes
    media_type: str


def read(settings: Settings, data: bytes) -> Picture:
    """Draw what was uploaded. Takes up to a second, so no transaction may be open.

    Raises RuleError: "proof_too_big", "proof_kind", "proof_unreadable", "proof_locked" (a
    password), "proof_pages", "proof_pixels", "proof_busy".
    """
    most = round(settings.joining.proof_megabytes * 1_000_000)
    if len(data) > most:
        raise RuleError(
            "proof_too_big",
            f"the document has {len(data)} bytes: {most} is the most",
            facts={"megabytes": round(settings.joining.proof_megabytes)},
        )
    with _turn(settings.data_dir), _memory(data) as given, _memory() as drawn:
        code, said = _press(given, drawn)
        return _picture(code, said, drawn)


def _press(given: int, drawn: int) -> tuple[int, str]:
    argv = [sys.executable, "-I", str(PRESS)]
    try:
        done = subprocess.run(  # noqa: S603  # our own program, and no argument from outside
            argv, stdin=given, stdout=drawn, stderr=subprocess.PIPE, timeout=SECONDS,
            env={}, cwd="/", check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return -1, "out of time"
    return done.returncode, done.stderr[-400:].decode("ascii", "replace").strip()


def _picture(code: int, said: str, drawn: int) -> Picture:
    if code == REFUSED and said in REASONS:
        raise RuleError(said, f"the document is refused: {said}")
    if code:
        log.warning("proof_press_broke", code=code)
        raise RuleError("proof_unreadable", "the document could not be read")
    os.lseek(drawn, 0, os.SEEK_SET)
    with os.fdopen(os.dup(drawn), "rb") as picture:
        return Picture(picture.read(), said)


@contextmanager
def _memory(data: bytes = b"") -> Iterator[int]:
    """A file that is nowhere on a disk, and whose size the child's limits hold down."""
    handle = os.memfd_create("proof")
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
    with (data_dir / "proofs.lock").open("w") as mine:
        while not _taken(mine.fileno()):
            if time.monotonic() > until:
                raise RuleError("proof_busy", "too many documents are being read: try again")
            time.sleep(0.05)
        yield


def _taken(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
