"""The agents of a town that does not subscribe, or no longer does, know nothing of its alerts."""

from __future__ import annotations

import pytest

from community_store.models import Agent, Alert, AlertState, Member, Town
from dispatch import powers
from tests.dispatch.world import INSEE, World


@pytest.fixture
def raised(sqlite_world: World) -> Alert:
    """A resident's alert, told while the town was a subscriber."""
    sqlite_world.number()
    sqlite_world.town(subscribed=True)
    author, _ = sqlite_world.members(sqlite_world.community(), 2)
    return sqlite_world.raised(author)


def leaves(world: World) -> None:
    with world.act() as act:
        act.session.get_one(Town, INSEE).subscribed = False


@pytest.mark.parametrize("word", ["FIN", "FAUX"])
def test_their_agent_ends_nothing(sqlite_world: World, raised: Alert, word: str) -> None:
    leaves(sqlite_world)
    assert sqlite_world.text(sqlite_world.agent().mobile or "", f"{word} {raised.id}") != "end"
    (found,) = sqlite_world.rows(Alert)
    assert found.state == AlertState.OPEN


def test_their_agent_is_given_no_figures_nor_the_page(sqlite_world: World, raised: Alert) -> None:
    """References are small numbers: whoever counts up would read the whole town."""
    leaves(sqlite_world)
    agent = sqlite_world.agent().mobile or ""
    assert sqlite_world.text(agent, f"ETAT {raised.id}") == "members_only"
    sqlite_world.pump()
    assert "/a/" not in "".join(sqlite_world.phone(agent))


def test_their_agent_who_is_a_referent_here_decides_as_one(
    sqlite_world: World, raised: Alert
) -> None:
    leaves(sqlite_world)
    agent = sqlite_world.agent()
    member = sqlite_world.member(raised.community_id, referent=True)
    with sqlite_world.act() as act:
        mine = act.session.get_one(Member, member.id), act.session.get_one(Agent, agent.id)
        assert powers.may_release(act.session, raised, member=mine[0], agent=mine[1])
        assert powers.may_close(act.session, raised, member=mine[0], agent=mine[1], by_text=False)


def test_an_agent_hears_no_answer_to_a_town_alert_of_before(sqlite_world: World) -> None:
    world = sqlite_world
    world.number()
    world.town(subscribed=True)
    neighbour, agent = world.member(world.community()), world.agent()
    assert world.text(agent.mobile or "", "MAIRIE Route coupée") == "town_alert"
    world.pump()
    leaves(world)
    assert world.text(neighbour.mobile or "", "Je suis bloqué chez moi") == "reply"
    assert "reply" not in world.answers(agent.mobile or "")
