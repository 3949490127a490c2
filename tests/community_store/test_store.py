"""Connections that the server closed while they rested."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from community_store import store as stores
from community_store.store import Store, open_store

_OTHERS = text(
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
def one_connection(postgres_url: str) -> Iterator[Store]:
    store = open_store(postgres_url, pool_size=1)
    yield store
    store.close()


def _use(store: Store) -> int:
    with store.read() as session:
        return int(session.connection().scalar(text("SELECT pg_backend_pid()")) or 0)


def _terminate(postgres_url: str) -> None:
    other = open_store(postgres_url)
    with other.begin() as session:
        session.connection().execute(_OTHERS)
    other.close()


def _rest(store: Store, seconds: float) -> None:
    """As if it had been used last so long ago."""

    def older(_connection: object, entry: ConnectionPoolEntry, _proxy: object) -> None:
        entry.info["used_at"] = entry.info.get("used_at", 0.0) - seconds

    event.listen(store.engine, "checkout", older, insert=True)


def test_one_that_rested_is_replaced_when_it_is_dead(
    one_connection: Store, postgres_url: str
) -> None:
    first = _use(one_connection)
    _terminate(postgres_url)
    _rest(one_connection, stores.RESTED + 1)
    assert _use(one_connection) not in (0, first)


def test_one_in_use_a_moment_ago_is_relied_on_and_replaced_once_it_broke(
    one_connection: Store, postgres_url: str
) -> None:
    first = _use(one_connection)
    _terminate(postgres_url)
    with pytest.raises(OperationalError):
        _use(one_connection)
    assert _use(one_connection) not in (0, first)
