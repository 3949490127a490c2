"""Where people join by text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from community_store.store import Store
from tests.dispatch.joiners import settle
from tests.dispatch.script import Stage
from tests.dispatch.world import World, make_world


@pytest.fixture
def stage(store: Store, redis_url: str, tmp_path: Path, addok: str) -> Iterator[Stage]:
    """On both databases, with the real address server."""
    sections = {"geo": {"geocoder_url": addok}, "redis": {"url": redis_url}}
    with make_world(store, redis_url, tmp_path, **sections) as world:
        yield settle(world)


@pytest.fixture
def handmade(sqlite_world: World) -> Stage:
    """On SQLite, with no geocoder at all."""
    return settle(sqlite_world)
