"""The schema of the database: is it up to date, and bring it there (Alembic)."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlmodel import Session

from community_store.store import Store, lock

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(store: Store) -> None:
    """Create the tables or bring them up to date. Two processes may do so at once.

    One transaction, also on SQLite: a migration that fails leaves nothing half-done.
    """
    with store.begin() as session:
        lock(session, "schema")
        configuration = _configuration()
        configuration.attributes["connection"] = session.connection()
        command.upgrade(configuration, "head")


def is_current(store: Store) -> bool:
    """Whether the database has exactly the tables that this version wants."""
    with store.read() as session:
        return _revision(session) == ScriptDirectory(str(MIGRATIONS)).get_current_head()


def _revision(session: Session) -> str | None:
    connection: Connection = session.connection()
    return MigrationContext.configure(connection).get_current_revision()


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return configuration
