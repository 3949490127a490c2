"""Databases with the schema in them, copied from one that was made once."""

from __future__ import annotations

import itertools
import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from sqlalchemy import Engine

from community_store.schema import upgrade
from community_store.store import Store, open_store
from tests.rigs.postgres import Postgres

log = logging.getLogger(__name__)

SHARED_MEMORY = Path("/dev/shm")
ROOM = 2**30  # bytes


def make_schema(url: str) -> None:
    """Bring an empty database up to date, by the migrations."""
    store = open_store(url)
    try:
        upgrade(store)
    finally:
        store.close()


@contextmanager
def folder_in_memory() -> Iterator[Path]:
    """A folder in memory where there is room for it: no test of ours cuts the power, and each
    transaction on a disk waits for it.
    """
    roomy = SHARED_MEMORY.is_dir() and shutil.disk_usage(SHARED_MEMORY).free > ROOM
    with tempfile.TemporaryDirectory("-tocsin", dir=SHARED_MEMORY if roomy else None) as folder:
        yield Path(folder)


@dataclass
class Stores:
    """Stores of databases that come back under the same name, each with the engine of the one
    before: a statement is compiled once for all tests. To compile it in each was half of their
    time.
    """

    _engines: dict[str, Engine] = field(default_factory=dict)

    @contextmanager
    def opened(self, url: str) -> Iterator[Store]:
        if url not in self._engines:
            self._engines[url] = open_store(url).engine
        store = Store(self._engines[url])
        try:
            yield store
        finally:
            store.close()  # its connections; the engine makes others when it is asked again


@dataclass
class SqliteTemplate:
    """One migrated file, copied for each test; a name that is free again is taken again."""

    folder: Path
    _idle: list[Path] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        make_schema(f"sqlite:///{self.folder / 'template.db'}")

    @contextmanager
    def database(self) -> Iterator[str]:
        path = self._idle.pop() if self._idle else self.folder / f"test_{next(self._numbers)}.db"
        shutil.copy(self.folder / "template.db", path)
        try:
            yield f"sqlite:///{path}"
        finally:
            for leftover in self.folder.glob(f"{path.name}*"):
                leftover.unlink()
            self._idle.append(path)


@dataclass
class PostgresTemplate:
    """Databases with the schema, emptied and used again: to empty one takes 10 ms, to make
    and drop one 200. What a test changed beyond rows is dropped.
    """

    server: Postgres
    _idle: list[tuple[str, int]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _schema: str = ""

    def __post_init__(self) -> None:
        self.server.create("tocsin_template")
        make_schema(self.server.url("tocsin_template"))
        with psycopg.connect(self.server.url("tocsin_template")) as connection:
            self._schema = schema_of(connection)

    @contextmanager
    def database(self) -> Iterator[str]:
        name, uses = self._idle.pop() if self._idle else (self._made(), 0)
        try:
            yield self.server.url(name)
        finally:
            if uses < MOST_USES and self._emptied(name):
                self._idle.append((name, uses + 1))
            else:
                self.server.drop(name)

    def _made(self) -> str:
        name = f"lent_{next(self._numbers)}"
        self.server.create(name, "tocsin_template")
        return name

    def _emptied(self, name: str) -> bool:
        """Put it back as it was made; False where it cannot be."""
        try:
            with psycopg.connect(self.server.url(name), autocommit=True) as connection:
                connection.execute(ALONE)
                if schema_of(connection) != self._schema:
                    return False
                connection.execute(EMPTY)
        except psycopg.Error as error:  # a test that broke it, or the server, says so itself
            log.warning("%s is not used again: %s", name, error)
            return False
        return True


MOST_USES = 40  # without a vacuum, what was deleted stays in the way
ALONE = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
# as a replica no trigger runs: the audit lets itself be emptied, and keys are not looked at
EMPTY = """
    DO $$
    DECLARE one record; filled boolean;
    BEGIN
        SET LOCAL session_replication_role = replica;
        FOR one IN SELECT relname FROM pg_class
                   WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
                     AND relname <> 'alembic_version' LOOP
            EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', one.relname) INTO filled;
            IF filled THEN EXECUTE format('DELETE FROM %I', one.relname); END IF;
        END LOOP;
        FOR one IN SELECT relname FROM pg_class
                   WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace LOOP
            PERFORM setval(one.relname::regclass, 1, false);
        END LOOP;
    END $$
"""
SCHEMA = """
    SELECT md5(string_agg(line, chr(10) ORDER BY line)) FROM (
        SELECT concat_ws('|', c.relname, c.relkind, a.attname, a.atttypid, a.attnotnull) AS line
        FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        WHERE c.relnamespace = 'public'::regnamespace
        UNION ALL SELECT concat_ws('|', tgname, tgenabled) FROM pg_trigger
        UNION ALL SELECT conname FROM pg_constraint
        UNION ALL SELECT version_num FROM alembic_version
    ) AS schema
"""


def schema_of(connection: psycopg.Connection) -> str:
    """What tells that nobody changed tables, columns, indexes, constraints or triggers."""
    row = connection.execute(SCHEMA).fetchone()
    assert row is not None
    return str(row[0])
