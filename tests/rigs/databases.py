"""Databases with the schema in them, copied from one that was made once."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from community_store.schema import upgrade
from community_store.store import open_store
from tests.rigs.postgres import Postgres


def make_schema(url: str) -> None:
    """Bring an empty database up to date, by the migrations."""
    store = open_store(url)
    try:
        upgrade(store)
    finally:
        store.close()


@dataclass
class SqliteTemplate:
    """One migrated file, copied for each test."""

    folder: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        make_schema(f"sqlite:///{self.folder / 'template.db'}")

    @contextmanager
    def database(self) -> Iterator[str]:
        path = self.folder / f"test_{next(self._numbers)}.db"
        shutil.copy(self.folder / "template.db", path)
        try:
            yield f"sqlite:///{path}"
        finally:
            for leftover in self.folder.glob(f"{path.name}*"):
                leftover.unlink()


@dataclass
class PostgresTemplate:
    """One migrated database, copied by PostgreSQL for each test."""

    server: Postgres

    def __post_init__(self) -> None:
        self.server.create("tocsin_template")
        make_schema(self.server.url("tocsin_template"))

    @contextmanager
    def database(self) -> Iterator[str]:
        with self.server.database(template="tocsin_template") as url:
            yield url
