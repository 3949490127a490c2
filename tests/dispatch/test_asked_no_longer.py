"""Whoever may no longer vouch is not told who asks, what is queued already included (R7)."""

from __future__ import annotations

import pytest

from community_store.models import Agent, Member, MemberState, Mode
from community_store.models import DeliveryState as State
from dispatch import requests
from tests.dispatch.world import World


def asks(world: World, home: int) -> None:
    jeanne = world.member(home, state=MemberState.PENDING, last_name="Jeannecanari")
    with world.act() as act:
        requests.ask(act, act.session.get_one(Member, jeanne.id))


def heard(world: World, who: Member | Agent) -> bool:
    """Whether the name reached them, by SMS or by mail."""
    mails = [one for one in world.mails() if one["to"] == who.email]
    texts = world.phone(who.mobile or "") + [one["text"] for one in mails]
    return any("Jeannecanari" in text for text in texts)


@pytest.mark.parametrize(
    "since",
    [{"state": MemberState.SUSPENDED}, {"state": MemberState.CLOSED}, {"referent": False}, {}],
    ids=["suspended", "closed", "no longer référent", "still"],
)
def test_a_referent(sqlite_world: World, since: dict[str, object]) -> None:
    world = sqlite_world
    world.number()
    home = world.community("Les Lilas", mode=Mode.REFERENT)
    rose = world.member(home, referent=True, email="rose@voisins.example")
    asks(world, home)
    world.change(rose, **since)
    world.pump()
    assert heard(world, rose) is not bool(since)
    states = {row.state for row in world.deliveries(member_id=rose.id)}
    assert (State.SUPPRESSED in states) is bool(since)


@pytest.mark.parametrize("gone", [True, False])
def test_an_agent(sqlite_world: World, gone: bool) -> None:
    world = sqlite_world
    world.number()
    world.town(subscribed=True)
    home = world.community("Les Lilas", mode=Mode.TOWN)
    agent = world.agent(email="agent@ville.example")
    asks(world, home)
    if gone:
        world.delete(agent)
    world.pump()
    assert heard(world, agent) is not gone


@pytest.mark.parametrize("still", [True, False])
def test_what_is_held_is_told_to_who_is_still_a_referent(sqlite_world: World, still: bool) -> None:
    world = sqlite_world
    world.number()
    home = world.community()
    author, rose = world.member(home), world.member(home, referent=True)
    for n in range(6):
        world.raised(author, f"Alerte {n}")
    if not still:
        world.change(rose, referent=False)
    world.pump()
    assert any("Alerte 5" in text for text in world.phone(rose.mobile or "")) is still
