"""The schema of the database: is it up to date, and bring it there (Alembic).

Every command and every /readyz asks the first: Alembic, which takes a quarter of a
second to import, is needed for the second only.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text
from sqlmodel import Session

from community_store.store import Store, lock

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(store: Store, revision: str = "head") -> None:
    """Create the tables or bring them up to date. Two processes may do so at once.

    One transaction, also on SQLite: a migration that fails leaves nothing half-done.
    """
    from alembic import command

    with store.begin() as session:
        lock(session, "schema")
        configuration = _configuration()
        configuration.attributes["connection"] = session.connection()
        command.upgrade(configuration, revision)


def is_current(store: Store) -> bool:
    """Whether the database has exactly the tables that this version wants."""
    with store.read() as session:
        return _revision(session) == _newest()


@cache
def _newest() -> str:
    """The revision that the last migration makes: they are numbered in a line."""
    return max(path.stem for path in MIGRATIONS.glob("versions/*.py")).partition("_")[0]


def _revision(session: Session) -> str | None:
    connection = session.connection()
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _configuration() -> Config:
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return configuration
