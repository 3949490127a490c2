"""One way to the database, the same on SQLite and PostgreSQL."""

from __future__ import annotations

import math
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import InterfaceError, InternalError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

AWAY = (OperationalError, InterfaceError, InternalError, PoolTimeout)  # InternalError: read-only
RESTED = 1.0  # seconds unused after which a connection is tried before it is relied on


class Store:
    """An open database.

    `begin()` is a transaction that may write; `read()` one that may not. SQLite has one
    writer: `begin()` takes its lock at once (BEGIN IMMEDIATE), so that no transaction
    finds half-way that what it read has changed.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.sqlite = engine.dialect.name == "sqlite"
        self._readers = engine.execution_options(tocsin_read=True)

    @contextmanager
    def begin(self) -> Iterator[Session]:
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """As `begin()`, for a statement or two: what a session does besides costs as much."""
        with self.engine.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Session]:
        with Session(self._readers, expire_on_commit=False) as session:
            yield session

    def close(self) -> None:
        self.engine.dispose()


def open_store(url: str, *, pool_size: int = 10) -> Store:
    """Connect lazily to `url` (sqlite:///path or postgresql://...).

    A bare postgresql:// URL means psycopg 3. SQLite opens with WAL, synchronous=FULL
    (a power cut loses nothing that was answered 2xx), foreign keys, 10 s of patience.
    """
    parsed = make_url(url)
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    # what goes wrong is logged: without the numbers and texts it went wrong with
    options: dict[str, Any] = {"pool_size": pool_size, "hide_parameters": True}
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        options["connect_args"] = {"check_same_thread": False}
    else:
        options["connect_args"] = {"connect_timeout": 3}
    engine = create_engine(parsed, **options)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _note_use)
        event.listen(engine, "checkin", _note_use)
        event.listen(engine, "checkout", _ping_if_rested)
    return Store(engine)


def lock(session: Session, name: str) -> None:
    """Hold until the end of the transaction what only one may do at a time.

    On SQLite the transaction itself is the lock.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(
            text("SELECT pg_advisory_xact_lock(:key)"), {"key": zlib.crc32(name.encode())}
        )


def _note_use(_connection: Any, entry: ConnectionPoolEntry) -> None:
    entry.info["used_at"] = time.monotonic()


def _ping_if_rested(connection: Any, entry: ConnectionPoolEntry, _proxy: Any) -> None:
    """Replace a connection that the server has closed meanwhile.

    As pool_pre_ping, but without its round trip for what was in use a moment ago: a
    connection that broke since then is met like any that breaks in the middle of use.
    """
    if time.monotonic() - entry.info.get("used_at", -math.inf) < RESTED:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except psycopg.Error as error:
        raise InvalidatePoolError from error  # those that rest beside it are dead too


def _prepare_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # we emit BEGIN ourselves
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=10000",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Any) -> None:
    read = connection.get_execution_options().get("tocsin_read")
    connection.exec_driver_sql("BEGIN" if read else "BEGIN IMMEDIATE")
