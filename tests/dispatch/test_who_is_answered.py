"""Who an answer by SMS went to, as whoever answers may know them (visibility.py)."""

from __future__ import annotations

import pytest

from community_store.models import Agent, Community, Member, Town
from tests.dispatch.world import INSEE, World


@pytest.fixture
def author(sqlite_world: World) -> Member:
    world = sqlite_world
    world.number()
    home, other = world.community("Les Lilas"), world.community("Les Roses")
    world.twin(home, other)
    world.member(home, referent=True)
    return world.member(home, first_name="Odette", last_name="Martin", pseudonym="Mésange")


def answered(world: World, who: Member | Agent) -> str:
    """What somebody who has the alert reads after answering it."""
    assert who.mobile
    assert world.text(who.mobile, "Je l'ai vue passer vers la gare") == "reply"
    world.pump()
    return world.phone(who.mobile)[-1]


def test_who_moved_to_a_twin_reads_no_pseudonym_beside_words_read_under_a_name(
    sqlite_world: World, author: Member
) -> None:
    neighbour = sqlite_world.member(author.community_id)
    sqlite_world.raised(author)
    sqlite_world.pump()
    roses = sqlite_world.rows(Community, name="Les Roses")[0]
    sqlite_world.change(neighbour, community_id=roses.id)
    said = answered(sqlite_world, neighbour)
    assert "Mésange" not in said
    assert "Odette" not in said
    assert "l'auteur" in said


@pytest.mark.parametrize("state", ["active", "suspended"])
def test_a_neighbour_reads_a_name_while_they_are_neighbours(
    sqlite_world: World, author: Member, state: str
) -> None:
    neighbour = sqlite_world.member(author.community_id)
    sqlite_world.raised(author)
    sqlite_world.pump()
    sqlite_world.change(author, state=state)
    said = answered(sqlite_world, neighbour)
    assert ("Odette Martin" in said) is (state == "active")
    assert ("l'auteur" in said) is (state == "suspended")


def test_who_moved_away_reads_no_name(sqlite_world: World, author: Member) -> None:
    neighbour = sqlite_world.member(author.community_id)
    sqlite_world.raised(author)
    sqlite_world.pump()
    sqlite_world.change(neighbour, community_id=sqlite_world.community("Le Bourg"))
    assert "Odette" not in answered(sqlite_world, neighbour)


def test_the_agent_of_a_town_that_subscribes_reads_a_name(
    sqlite_world: World, author: Member
) -> None:
    with sqlite_world.act() as act:
        act.session.get_one(Town, INSEE).subscribed = True
    agent = sqlite_world.agent(mobile="+33639980099")
    sqlite_world.raised(author)
    sqlite_world.pump()
    assert "Odette Martin" in answered(sqlite_world, agent)
