"""Where gateways of each kind call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from community_store.store import Store
from tests.dispatch.world import NUMBER, World, make_world
from tests.webhooks.callers import GATEWAYS


@pytest.fixture
def site(store: Store, redis_url: str, tmp_path: Any) -> Iterator[World]:
    """A world with a gateway of each kind."""
    with make_world(store, redis_url, tmp_path, gateway=GATEWAYS) as world:
        world.number(NUMBER)
        yield world


@pytest.fixture
def lone(sqlite_store: Store, redis_url: str, tmp_path: Any) -> Iterator[World]:
    """The same on SQLite only."""
    with make_world(sqlite_store, redis_url, tmp_path, gateway=GATEWAYS) as world:
        world.number(NUMBER)
        yield world
