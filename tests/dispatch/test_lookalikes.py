"""What looks like a message in doubt, and is another's."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from community_store.models import DeliveryState as State
from community_store.models import Number
from config import TwilioGateway
from dispatch import (
    asking,
    looking,
    outbox,
)
from dispatch.outbox import Claimed
from gateway.contract import Accepted, Outbound, Receipt, Stage, Unknown
from gateway.providers import Wiring
from gateway.providers.twilio import Twilio
from tests.dispatch.doubtful import arrived, reported
from tests.dispatch.standin import StandIn
from tests.dispatch.world import World
from tests.emulator.client import Emulator

pytestmark = pytest.mark.both


def at_twilio(world: World, emulator: Emulator) -> World:
    section = TwilioGateway(
        type="twilio",
        account_sid=emulator.account_sid,
        auth_token=emulator.auth_token,
        api_base=emulator.url,
    )
    wiring = Wiring(world.settings.data_dir, 5.0, "https://tocsin.example")
    return world.with_providers(sim=Twilio("sim", section, wiring))


def same_words(world: World, number: Number, count: int = 2) -> list[Claimed]:
    """Messages of the same words to the same phone, claimed."""
    for n in range(count):
        author, _ = world.members(world.community(f"C{n}"), 2)
        world.raised(author)
    claims = world.claim(number)
    assert len(claims) == count
    first = world.delivery(id=claims[0].id)
    for row in world.deliveries():
        world.change(row, address=first.address, wording_id=first.wording_id)
    return [replace(each, to=first.address, sms=claims[0].sms) for each in claims]


def leaves(world: World, claimed: Claimed) -> Accepted:
    """It reaches its provider; what that answers."""

    async def send() -> Accepted:
        provider = world.runtime.providers["sim"]
        await provider.open()
        try:
            return await provider.send(
                Outbound(claimed.id, claimed.attempt, claimed.to, "38000", claimed.sms)
            )
        finally:
            await provider.close()

    return asyncio.run(send())


def looked(world: World, seconds: float, *claims: Claimed) -> list[str]:
    world.clock.forward(seconds=seconds)
    looking.look(world.runtime)
    return [world.delivery(id=each.id).state for each in claims]


def test_the_same_words_to_the_same_phone_are_not_taken_for_it(
    world: World, emulator: Emulator
) -> None:
    world = at_twilio(world, emulator)
    one, other = same_words(world, world.number())
    world.settle(one, leaves(world, one))
    world.settle(other, Unknown("the connection broke"))
    assert looked(world, 5, other) == [State.UNKNOWN]
    assert looked(world, 60, other) == [State.QUEUED]
    assert world.delivery(id=other.id).provider_id is None


def test_of_two_in_doubt_that_say_the_same_one_is_sent_again(
    world: World, emulator: Emulator
) -> None:
    world = at_twilio(world, emulator)
    claims = same_words(world, world.number())
    leaves(world, claims[1])
    for claimed in claims:
        world.settle(claimed, Unknown("time-out"))
    assert looked(world, 5, *claims).count(State.UNKNOWN) == 1
    assert State.QUEUED in looked(world, 60, *claims)


def test_one_among_many_that_say_the_same_is_found(sqlite_world: World, emulator: Emulator) -> None:
    world = at_twilio(sqlite_world, emulator)
    *others, mine = same_words(world, world.number(), 4)
    sid = leaves(world, mine).provider_id
    for other in others:
        world.settle(other, leaves(world, other))
    world.settle(mine, Unknown("time-out"))
    looked(world, 5, mine)
    assert world.delivery(id=mine.id).provider_id == sid


def test_among_too_many_that_say_the_same_it_is_not_sent_again(sqlite_world: World) -> None:
    """A provider that heeds nothing: it is asked for as long as the message is of use."""
    provider = StandIn(finds=arrived)
    world = sqlite_world.with_providers(sim=provider)
    one, other = same_words(world, world.number())
    world.settle(one, Accepted("P1"))
    world.settle(other, Unknown("time-out"))
    assert looked(world, 5, other) == [State.UNKNOWN]
    assert len(provider.looked) == 1 + asking.LOOKALIKES
    assert looked(world, 60, other) == [State.UNKNOWN]


def test_what_an_attempt_before_sent_is_not_taken_for_the_next(
    world: World, emulator: Emulator
) -> None:
    """It failed, and the operator had it sent again at once."""
    world = at_twilio(world, emulator)
    number = world.number()
    (first,) = same_words(world, number, 1)
    world.settle(first, accepted := leaves(world, first))
    reported(world, Receipt(Stage.UNDELIVERED, accepted.provider_id, first.id, 1))
    with world.store.begin() as session:
        outbox.retry(session, first.id, world.clock())
    (second,) = world.claim(number)
    world.settle(second, Unknown("time-out"))
    assert looked(world, 5, second) == [State.UNKNOWN]
    assert looked(world, 60, second) == [State.QUEUED]


def test_it_is_found_where_our_clock_is_ahead(sqlite_world: World, emulator: Emulator) -> None:
    world = at_twilio(sqlite_world, emulator)
    number = world.number()
    world.clock.forward(seconds=40)
    (claimed,) = same_words(world, number, 1)
    sid = leaves(world, claimed).provider_id
    world.settle(claimed, Unknown("time-out"))
    looked(world, 5, claimed)
    assert world.delivery(id=claimed.id).provider_id == sid
