"""A PostgreSQL server of the tests' own, and fresh databases copied from a template."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from tests.rigs.debian import program
from tests.rigs.processes import Process, dies_with_parent, free_port, short_folder

# Tests of what a power cut leaves ask for a durable server; the others want speed.
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")


@dataclass
class Postgres:
    """A running server. `database()` makes one; `restart` and `process.kill` disturb it."""

    process: Process
    port: int
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, name: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    @contextlib.contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """The URL of a new database, dropped at the end of the block."""
        name = f"test_{next(self._numbers)}"
        self.create(name, template)
        try:
            yield self.url(name)
        finally:
            self.drop(name)

    def create(self, name: str, template: str = "template0") -> None:
        self._run(sql.SQL("CREATE DATABASE {} TEMPLATE {}"), name, template)

    def drop(self, name: str) -> None:
        """Also while somebody is connected to it."""
        self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)"), name)

    def restart(self) -> None:
        """As an administrator would: transactions in progress are broken off."""
        self.process.stop(signal.SIGINT)
        self.process.start()
        self.wait()

    def wait(self) -> None:
        self.process.wait_for(self._answers, "PostgreSQL answers", 30.0)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, statement: sql.SQL, *names: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement.format(*map(sql.Identifier, names)))


@contextlib.contextmanager
def postgres(*, durable: bool = False) -> Iterator[Postgres]:
    """Start a server on a free port of loopback; about 1.5 s."""
    initdb = program("initdb", "postgresql")
    server = program("postgres", "postgresql")
    with short_folder() as folder:
        _hand_over(folder)
        data = str(folder / "data")
        argv = [*_as_postgres(), initdb, "-D", data, "-A", "trust", "-U", "postgres"]
        argv += ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run(argv, check=True, capture_output=True, cwd=folder)
        port = free_port()
        settings = ["listen_addresses=127.0.0.1", "max_connections=200"]
        settings += [] if durable else _FAST
        options = [part for setting in settings for part in ("-c", setting)]
        argv = [*_as_postgres(), *dies_with_parent(), server, "-D", data]
        process = Process(
            [*argv, "-p", str(port), "-k", str(folder), *options], folder / "log", cwd=folder
        )
        try:
            rig = Postgres(process, port)
            rig.wait()
            yield rig
        finally:
            process.stop(signal.SIGINT)  # fast shutdown: does not wait for clients


def _as_postgres() -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []


def _hand_over(folder: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
