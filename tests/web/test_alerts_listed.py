"""Lists of alerts: what they cost, and whom they are for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from community_store.models import Member
from tests.dispatch.world import World
from tests.web.house import House, Visitor, words


@contextmanager
def counted(world: World) -> Iterator[list[str]]:
    """The questions that the database is asked meanwhile."""
    statements: list[str] = []

    def note(*said: object) -> None:
        if not str(said[2]).startswith("BEGIN"):
            statements.append(str(said[2]))

    event.listen(world.store.engine, "before_cursor_execute", note)
    yield statements
    event.remove(world.store.engine, "before_cursor_execute", note)


def browser(house: House, who: Member) -> Visitor:
    return house.inside(house.account_of(who, password=False))


@pytest.mark.parametrize("path", ["/home", "/alerts/"])
@pytest.mark.parametrize("place", ["neighbour", "twin", "referent"])
def test_more_alerts_ask_the_database_nothing_more(house: House, path: str, place: str) -> None:
    world = house.world
    home, other = world.community("Les Lilas"), world.community("Les Roses")
    world.twin(home, other)
    reader = world.member(other if place == "twin" else home, referent=place == "referent")
    visitor = browser(house, reader)
    counts = []
    for more in (1, 6):
        for one in world.members(home, more):
            world.raised(one, f"Camionnette blanche {one.id}")
        visitor.get(path)
        with counted(world) as asked:
            page = words(visitor.get(path))
        counts.append((page.count("alert-head"), len(asked)))
    assert [shown for shown, _ in counts] == [1, 7]
    assert counts[0][1] == counts[1][1]
