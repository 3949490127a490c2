"""Alembic's entry: on the connection that schema.upgrade gives, or on the configured one."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection
from sqlmodel import AutoString, SQLModel

import community_store.models  # noqa: F401  # fills the metadata
import config
from community_store.columns import PolygonColumn, UtcDateTime
from community_store.store import open_store


def render(kind: str, value: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write our column types by the name that a migration imports."""
    if kind == "type" and isinstance(value, UtcDateTime | PolygonColumn):
        return f"columns.{type(value).__name__}()"
    if kind == "type" and isinstance(value, AutoString):
        return f"sa.String(length={value.length})" if value.length else "sa.String()"
    return False


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_item=render,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    with open_store(config.load().database_url).begin() as session:
        migrate(session.connection())
