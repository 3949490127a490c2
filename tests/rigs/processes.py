"""Child processes that never outlive the tests, and waiting for what they do."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TypeVar

T = TypeVar("T")


def free_port() -> int:
    """A TCP port of loopback that nobody listens on and that nobody else is given.

    Below the ports the system lends to outgoing connections (32768 and up on Linux), which
    would otherwise take one between the question and the server's own bind; from a block of
    ports that this process holds against the other tests of the machine until it ends.
    """
    for port in _ports:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError(f"no port left between {_FIRST_PORT} and {_LAST_PORT}")


def _handed_out() -> Iterator[int]:
    """Each port of each block that this process could lock, then those of the next block."""
    folder = Path(tempfile.gettempdir()) / f"tocsin-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    for first in range(_FIRST_PORT, _LAST_PORT, _BLOCK):
        lock = (folder / str(first)).open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        _locks.append(lock)
        yield from range(first, first + _BLOCK)


_FIRST_PORT, _LAST_PORT, _BLOCK = 12_000, 32_000, 200
_locks: list[IO[str]] = []
_ports = _handed_out()


def until(
    condition: Callable[[], T | None], what: str, seconds: float = 10.0, *, pause: float = 0.01
) -> T:
    """Wait for a condition and return its first true value; fail after `seconds`.

    `pause` is how long to wait before asking again.
    """
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds:g} s, still not: {what}")
        time.sleep(pause)


def listening(port: int) -> bool:
    """Whether something accepts connections on this port of loopback."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def short_folder() -> Iterator[Path]:
    """A folder whose path leaves room for a Unix socket (107 bytes), gone at the end."""
    folder = Path(tempfile.mkdtemp(prefix="tocsin-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Process:
    """A program in a process group of its own, which dies with the tests' process."""

    argv: Sequence[str]
    log: Path
    cwd: Path | None = None
    env: Mapping[str, str] | None = None
    stdin: bool = False
    child: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(
                [*dies_with_parent(), *self.argv],
                cwd=self.cwd,
                env=self.env,
                stdin=subprocess.PIPE if self.stdin else subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        return self.child.poll() is None

    def wait_for(self, condition: Callable[[], T | None], what: str, seconds: float = 15.0) -> T:
        """As `until`, but a process that ended says so at once, with its last lines."""

        def check() -> T | None:
            if not self.alive:
                raise AssertionError(f"{self.argv[0]} ended before {what}:\n{self.tail()}")
            return condition()

        return until(check, what, seconds)

    def write(self, line: str) -> None:
        """Send a line to its standard input."""
        assert self.child.stdin is not None
        self.child.stdin.write(line.encode() + b"\n")
        self.child.stdin.flush()

    def send(self, number: signal.Signals) -> None:
        """Signal the whole group; it may already be gone."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, number)

    def stop(self, number: signal.Signals = signal.SIGTERM, grace: float = 8.0) -> None:
        """Ask the group to end; kill it after `grace` seconds."""
        self.send(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.child.wait(grace)
        self.kill()

    def kill(self) -> None:
        """End the group at once, as a power cut would."""
        self.send(signal.SIGKILL)
        self.child.wait(10)
        if self.child.stdin is not None:
            self.child.stdin.close()

    def tail(self, lines: int = 20) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def dies_with_parent() -> list[str]:
    """A prefix by which Linux ends the child even when this process is killed outright."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM"] if setpriv else []


@contextlib.contextmanager
def running(process: Process) -> Iterator[Process]:
    """Stop the process at the end of the block, whatever happened in it."""
    try:
        yield process
    finally:
        process.stop()
