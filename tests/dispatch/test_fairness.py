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

pytestmark = pytest.mark.both

COMMUNITIES = 40
NEIGHBOURS = 30
SOON = 5.0  # seconds
PATIENT = 180.0  # seconds, for a busy machine
LONE = "Fuite de gaz rue basse"
WORDS = ("Camionnette suspecte", "Porte forcée", "Chien perdu", "Fumée", "Bruit", "Rôdeur")


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("neighbours", [3, 31, 60])
def test_a_lone_alert_is_handed_over_at_once_in_a_storm(world: World, neighbours: int) -> None:
    """200 alerts in 40 communities of 31 are 6,000 messages: a minute of a number's 100 a second.

    The lone alert is the next to go, and then has one turn in 41, however large the others are.
    """
    rate = 100.0
    world.number(rate=rate)
    calm, *others = world.members(world.community("Ailleurs"), 1 + neighbours)
    storm(world, lambda author, text: world.text(author.mobile or "", text))
    passed = in_the_storm(world, calm, neighbours)
    assert passed.keys() == {other.mobile for other in others}
    first, last = min(passed.values()), max(passed.values())
    assert first < SOON * rate
    assert last - first <= (1 + COMMUNITIES) * (neighbours - 1) + rate


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_on_a_slow_number_too_a_lone_alert_has_the_next_turn(world: World) -> None:
    """At 10 a second the storm lasts ten minutes; the lone alert begins within one round."""
    rate = 10.0
    world.number(rate=rate)
    calm, *_ = world.members(world.community("Ailleurs"), 61)
    storm(world, world.raised)
    assert min(in_the_storm(world, calm, 1).values()) < SOON * rate


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


def in_the_storm(world: World, calm: Member, neighbours: int) -> dict[str, int]:
    """Somebody warns two seconds later: how many messages left before the one to each phone.

    Messages, not seconds: those are as many as the number's rate, and a busy machine's too.
    """
    provider = StandIn()
    world = world.with_providers(sim=provider)
    began: list[float] = []

    def alone() -> None:
        world.raised(calm, LONE)
        began.append(time.monotonic())

    timer = threading.Timer(2.0, alone)
    timer.start()
    ends = time.monotonic() + PATIENT
    slots = LocalSlots()
    while sum(LONE in message.text for message in provider.sent) < neighbours:
        assert time.monotonic() < ends
        pump.run(world.runtime, slots, 1.0)
    timer.join()
    after = [
        message
        for message, at in zip(provider.sent, provider.left_at, strict=True)
        if at > began[0] or LONE in message.text
    ]
    return {message.to: at for at, message in enumerate(after) if LONE in message.text}


def test_no_member_and_no_community_raises_more_than_its_share(world: World) -> None:
    world.number()
    home = world.community()
    author, _ = world.members(home, 2)
    for text in WORDS:
        world.text(author.mobile or "", text)
    states = [alert.state for alert in world.rows(Alert)]
    assert states == [AlertState.OPEN] * 5 + [AlertState.HELD]
