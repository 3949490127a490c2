"""What a figure was measured on: without it, no figure means anything."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from tests.rigs.debian import program
from tests.rigs.redis import valkey_binary

PARTS = ("sqlalchemy", "psycopg", "rq", "celery", "aiohttp", "twilio", "granian")


def machine() -> dict[str, str]:
    """Processor, system and versions, for people and for the JSON."""
    return {
        "measured": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "processor": f"{_model()}, {os.cpu_count()} cores",
        "memory": _memory(),
        "system": f"Linux {platform.release()}",
        "python": platform.python_version(),
        "postgresql": _said(program("postgres", "postgresql"), "--version", word=2),
        "sqlite": sqlite3.sqlite_version,
        "valkey": _said(valkey_binary(), "--version", word=2).removeprefix("v="),
    } | {part: version(part) for part in PARTS}


class Watch:
    """How much of the machine others used while a bench ran: its figures suffer by that."""

    def __init__(self) -> None:
        self._start, self._busy, self._own = time.monotonic(), _busy(), _own()

    def facts(self) -> dict[str, str]:
        seconds = time.monotonic() - self._start
        others = (_busy() - self._busy) - (_own() - self._own)
        share = max(0.0, others / seconds / (os.cpu_count() or 1))
        return {"seconds": f"{seconds:.0f}", "others": f"{share:.0%}"}


def _busy() -> float:
    """Processor seconds that all processes of the machine have used."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - times.iowait - times.guest - times.guest_nice)


def _own() -> float:
    """The same of this process and of those it has started and seen end."""
    return sum(os.times()[:4])


def in_words(facts: dict[str, str]) -> str:
    """The same on two lines."""
    first = ("measured", "processor", "memory", "system", "seconds", "others")
    versions = [f"{name} {value}" for name, value in facts.items() if name not in first]
    return (
        f"{facts['measured']}, {facts['processor']}, {facts['memory']}, {facts['system']}; "
        f"{facts['seconds']} s, in which others used {facts['others']} of the machine\n"
        + ", ".join(versions)
    )


def _model() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())


def _memory() -> str:
    kilobytes = int(Path("/proc/meminfo").read_text().split()[1])
    return f"{kilobytes / 2**20:.0f} GB"


def _said(program: str, option: str, *, word: int) -> str:
    done = subprocess.run([program, option], capture_output=True, text=True, check=True)
    return done.stdout.split()[word]
