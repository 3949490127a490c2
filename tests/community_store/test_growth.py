"""Statistics that follow a table's growth, where the database does not see it in time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from community_store import growth
from community_store.store import Store, open_store
from tests.rigs.processes import until

_NUMBERS = (
    "INSERT INTO number (value, gateway, kind, rate, price, is_default, sms, voice, call_rate,"
    " call_price, calls_paused, state, reason, created_at) SELECT '+3363998' || n, 'sim', 'long',"
    " 1, 0, false, true, false, 1, 0, '', 'active', '', now() FROM generate_series(1, 2000) AS t(n)"
)


def _fill(store: Store) -> None:
    with store.begin() as session:
        session.connection().execute(text(_NUMBERS))


@pytest.fixture
def postgres_store(postgres_url: str) -> Iterator[Store]:
    store = open_store(postgres_url)
    yield store
    store.close()


def test_a_table_that_grew_is_analysed_once(postgres_store: Store) -> None:
    found: list[str] = []

    def seen() -> bool:
        found.extend(growth.analyze_grown(postgres_store))
        return bool(found)

    _fill(postgres_store)
    until(seen, "the growth is seen", 10)
    assert found == ["number"]
    with postgres_store.read() as session:
        estimate = "SELECT reltuples FROM pg_class WHERE relname = 'number'"
        assert session.connection().scalar(text(estimate)) == 2000
    assert growth.analyze_grown(postgres_store) == []


def test_sqlite_needs_none(sqlite_store: Store) -> None:
    assert growth.analyze_grown(sqlite_store) == []
