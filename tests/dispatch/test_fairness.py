"""A storm in forty communities does not keep a lone alert elsewhere waiting (A8, V6)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from community_store.models import Alert, AlertState, Audience, Member
from community_store.models import DeliveryState as State
from dispatch import pump
from dispatch.pace import LocalSlots
from tests.dispatch.standin import StandIn
from tests.dispatch.world import World

COMMUNITIES = 40
NEIGHBOURS = 30
SOON = 5.0  # seconds
LONE = "Fuite de gaz rue basse"
WORDS = ("Camionnette suspecte", "Porte forcée", "Chien perdu", "Fumée", "Bruit", "Rôdeur")


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("neighbours", [3, 31, 60])
def test_a_lone_alert_is_handed_over_at_once_in_a_storm(world: World, neighbours: int) -> None:
    """200 alerts in 40 communities of 31 are 6,000 messages: a minute of a number's 100 a second.

    The lone alert is the next to go, and then has one turn in 41, however large the others are.
    """
    world.number(rate=100.0)
    calm, *others = world.members(world.community("Ailleurs"), 1 + neighbours)
    storm(world, lambda author, text: world.text(author.mobile or "", text))
    its_share = (1 + COMMUNITIES) * neighbours / 100.0
    waited = in_the_storm(world, calm, SOON + its_share)
    assert waited.keys() == {other.mobile for other in others}
    assert min(waited.values()) < SOON
    assert max(waited.values()) < its_share + 1.0


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_on_a_slow_number_too_a_lone_alert_has_the_next_turn(world: World) -> None:
    """At 10 a second the storm lasts ten minutes; the lone alert begins within one round."""
    world.number(rate=10.0)
    calm, *_ = world.members(world.community("Ailleurs"), 61)
    storm(world, world.raised)
    assert min(in_the_storm(world, calm, 2 + SOON).values()) < SOON


def storm(world: World, warn: Callable[[Member, str], object]) -> None:
    """Five alerts in each of forty communities, within a minute, and all still to be sent."""
    authors = []
    for n in range(COMMUNITIES):
        home = world.community(f"Quartier {n}")
        people = [world.person(home) for _ in range(1 + NEIGHBOURS)]
        world.add(*people)
        authors.append(people[0])
    for text in WORDS[:5]:
        for author in authors:
            warn(author, text)
    assert {alert.state for alert in world.rows(Alert)} == {AlertState.OPEN}
    waiting = world.deliveries(state=State.QUEUED, audience=Audience.NEIGHBOUR)
    assert len(waiting) == 5 * COMMUNITIES * NEIGHBOURS


def in_the_storm(world: World, calm: Member, seconds: float) -> dict[str, float]:
    """Somebody warns two seconds later: after how many seconds the message to each phone left."""
    provider = StandIn()
    world = world.with_providers(sim=provider)
    began: list[float] = []

    def alone() -> None:
        began.append(time.monotonic())
        world.raised(calm, LONE)

    timer = threading.Timer(2.0, alone)
    timer.start()
    pump.run(world.runtime, LocalSlots(), 2 + seconds)
    timer.join()
    return {
        message.to: at - began[0]
        for message, at in zip(provider.sent, provider.left_at, strict=True)
        if LONE in message.text
    }


def test_no_member_and_no_community_raises_more_than_its_share(world: World) -> None:
    world.number()
    home = world.community()
    author, _ = world.members(home, 2)
    for text in WORDS:
        world.text(author.mobile or "", text)
    states = [alert.state for alert in world.rows(Alert)]
    assert states == [AlertState.OPEN] * 5 + [AlertState.HELD]
