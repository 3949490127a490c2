"""The migrations make exactly the tables of the models, once, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlmodel import SQLModel, select

from community_store import schema
from community_store.models import Number, Town
from community_store.store import Store, open_store
from tests.rigs.postgres import Postgres

pytestmark = pytest.mark.both


@pytest.fixture(params=["sqlite", "postgresql"])
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A database with nothing in it."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path / 'bare.db'}"
        else:
            server: Postgres = request.getfixturevalue("postgres_server")
            url = stack.enter_context(server.database())
        opened = open_store(url)
        stack.callback(opened.close)
        yield opened


def test_an_empty_database_is_not_current_until_upgraded(bare: Store) -> None:
    assert not schema.is_current(bare)
    schema.upgrade(bare)
    assert schema.is_current(bare)


def test_upgrading_twice_keeps_what_is_there(bare: Store) -> None:
    schema.upgrade(bare)
    with bare.begin() as session:
        session.add(Town(insee="2A004", name="Ajaccio"))
    schema.upgrade(bare)
    with bare.read() as session:
        assert session.get(Town, "2A004") is not None


def test_each_migration_keeps_the_rows_of_the_one_before(bare: Store) -> None:
    """A number of the first version calls nobody, and texts as before."""
    schema.upgrade(bare, "0001")
    with bare.begin() as session:
        session.connection().execute(
            text(
                "INSERT INTO number (value, gateway, kind, rate, price, is_default, state, reason,"
                " created_at) VALUES ('38000', 'simulator', 'short', 5, 0.05, true, 'active', '',"
                " '2026-11-24 08:00:00')"
            )
        )
    assert not schema.is_current(bare)
    schema.upgrade(bare)
    with bare.read() as session:
        (number,) = session.exec(select(Number)).all()
        assert (number.sms, number.voice, number.call_rate, number.rate) == (True, False, 1.0, 5.0)


def test_two_may_upgrade_at_once(bare: Store) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: schema.upgrade(bare), range(4)))
    assert schema.is_current(bare)


def test_the_migrations_and_the_models_agree(bare: Store) -> None:
    schema.upgrade(bare)
    with bare.begin() as session:
        context = MigrationContext.configure(session.connection())
        assert compare_metadata(context, SQLModel.metadata) == []


def test_partial_indexes_are_partial(bare: Store) -> None:
    """Alembic's comparison does not look at their conditions."""
    schema.upgrade(bare)
    partial = {
        str(index.name) for index in SQLModel.metadata.tables["delivery"].indexes
        if index.dialect_options["sqlite"]["where"] is not None
    }  # fmt: skip
    query = (
        "SELECT name FROM sqlite_master WHERE sql LIKE '% WHERE %' AND tbl_name = 'delivery'"
        if bare.sqlite
        else "SELECT indexname FROM pg_indexes WHERE indexdef LIKE '% WHERE %' AND tablename = 'delivery'"
    )
    with bare.read() as session:
        found = {row[0] for row in session.connection().execute(text(query))}
    assert partial
    assert found == partial


def test_the_migrations_are_one_line() -> None:
    assert len(ScriptDirectory(str(schema.MIGRATIONS)).get_heads()) == 1
