"""A gateway that stopped itself goes on by itself once it answers well."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from community_store.models import DeliveryState as State
from community_store.models import GatewayPause, Number, NumberState
from dispatch import recovery
from gateway.contract import Channel, Misconfigured, NotNow, SendError
from tests.dispatch.standin import StandIn, accepts, in_turn
from tests.dispatch.world import World

ODD = Misconfigured("Twilio answered 307")


@dataclass
class Asked(StandIn):
    """A provider whose doctor hears `ill`."""

    ill: SendError | None = None

    async def check(self) -> str:
        if self.ill is not None:
            raise self.ill
        return "it answers"


def raised(world: World, provider: StandIn) -> World:
    world = world.with_providers(sim=provider)
    home = world.community()
    world.number(rate=100)
    author = world.member(home)
    world.add(*[world.person(home) for _ in range(5)])
    world.raised(author)
    world.pump(1)
    return world


def states(world: World) -> set[str]:
    return {row.state for row in world.deliveries(channel=Channel.SMS)}


def test_an_odd_answer_does_not_hold_an_alert_until_it_is_too_old(world: World) -> None:
    provider = Asked(answers=in_turn(ODD))
    world = raised(world, provider)
    assert states(world) == {State.QUEUED}
    provider.answers = accepts
    assert asyncio.run(recovery.resume(world.runtime)) == ["sim"]
    world.clock.forward(seconds=1)
    world.pump(1)
    assert states(world) == {State.ACCEPTED}


@pytest.mark.parametrize("ill", [ODD, NotNow("no connection to the provider")])
def test_it_stays_stopped_while_it_does_not_answer_well(world: World, ill: SendError) -> None:
    world = raised(world, Asked(answers=in_turn(ODD), ill=ill))
    assert asyncio.run(recovery.resume(world.runtime)) == []
    assert [pause.gateway for pause in world.rows(GatewayPause)] == ["sim"]


def test_what_the_operator_paused_is_theirs_to_resume(world: World) -> None:
    world = world.with_providers(sim=Asked())
    world.add(GatewayPause(gateway="sim", reason="by the operator"))
    assert asyncio.run(recovery.resume(world.runtime)) == []
    assert len(world.rows(GatewayPause)) == 1


def test_a_gateway_that_is_configured_no_more_stays_stopped(world: World) -> None:
    world.add(GatewayPause(gateway="gone", reason="wrong password", by_itself=True))
    assert asyncio.run(recovery.resume(world.runtime)) == []


@pytest.mark.parametrize("only_sender", [False, True])
def test_a_late_refusal_does_not_make_the_operators_pause_its_own(
    world: World, only_sender: bool
) -> None:
    def pauses(_: object) -> SendError:
        if not world.rows(GatewayPause):
            world.add(GatewayPause(gateway="sim", reason="by the operator"))
            world.change(world.rows(Number)[0], state=NumberState.PAUSED, reason="by the operator")
        return Misconfigured("wrong password", only_sender=only_sender)

    raised(world, Asked(answers=pauses))
    assert [(p.reason, p.by_itself) for p in world.rows(GatewayPause)] == [
        ("by the operator", False)
    ]
    assert [(n.reason, n.by_itself) for n in world.rows(Number)] == [("by the operator", False)]
