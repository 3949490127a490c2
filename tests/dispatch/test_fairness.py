"""A storm in forty communities does not keep a lone alert elsewhere waiting (A8, V6)."""

from __future__ import annotations

import threading
import time

import pytest

from community_store.models import Alert, AlertState
from community_store.models import DeliveryState as State
from dispatch import pump
from dispatch.pace import LocalSlots
from gateway.contract import Channel
from tests.dispatch.standin import StandIn
from tests.dispatch.world import World

COMMUNITIES = 40
NEIGHBOURS = 30
WORDS = ("Camionnette suspecte", "Porte forcée", "Chien perdu", "Fumée", "Bruit", "Rôdeur")


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_lone_alert_is_handed_over_at_once_in_a_storm(world: World) -> None:
    """200 alerts in 40 communities of 31 are 6,000 messages: a minute of a number's 100 a second."""
    provider = StandIn()
    world = world.with_providers(sim=provider)
    world.number(rate=100.0)
    lone = world.community("Ailleurs")
    calm, *others = world.members(lone, 4)
    authors = []
    for n in range(COMMUNITIES):
        home = world.community(f"Quartier {n}")
        people = [world.person(home) for _ in range(1 + NEIGHBOURS)]
        world.add(*people)
        authors.append(people[0])
    for text in WORDS[:5]:
        for author in authors:
            world.text(author.mobile or "", text)
    storm = world.deliveries(channel=Channel.SMS, state=State.QUEUED)
    assert len(storm) >= COMMUNITIES * NEIGHBOURS * 4
    began: list[float] = []

    def alone() -> None:
        world.raised(calm, "Fuite de gaz rue basse")
        began.append(time.monotonic())

    timer = threading.Timer(2.0, alone)
    timer.start()
    pump.run(world.runtime, LocalSlots(), 9)
    timer.join()
    theirs = {other.mobile for other in others}
    waited = [
        at - began[0]
        for message, at in zip(provider.sent, provider.left_at, strict=True)
        if message.to in theirs
    ]
    assert len(waited) == len(theirs)
    assert max(waited) < 5.0


def test_no_member_and_no_community_raises_more_than_its_share(world: World) -> None:
    world.number()
    home = world.community()
    author, _ = world.members(home, 2)
    for text in WORDS:
        world.text(author.mobile or "", text)
    states = [alert.state for alert in world.rows(Alert)]
    assert states == [AlertState.OPEN] * 5 + [AlertState.HELD]
