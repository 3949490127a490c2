"""Who hears a town's alert (A3)."""

from __future__ import annotations

import pytest

from community_store.errors import RuleError
from community_store.models import MemberState, Topic, Town
from dispatch import alerts
from dispatch.alerts import Raised, Told, TownVoice
from gateway.contract import Channel
from tests.dispatch.world import INSEE, World, addresses

pytestmark = pytest.mark.both

SMS, EMAIL = Channel.SMS, Channel.EMAIL


def town_alert(world: World, voice: TownVoice, insee: str = INSEE) -> Raised:
    with world.act() as act:
        town = act.session.get(Town, insee)
        assert town is not None
        return alerts.raise_town(act, town, Told("Vague de cambriolages"), voice)


def test_a_town_alert_reaches_all_its_communities_and_no_other_town(world: World) -> None:
    world.town(subscribed=True)
    one, two = world.community("A"), world.community("B")
    far = world.community("C", "38421")
    world.number()
    people = [
        world.member(one, email="one@residents.example"), world.member(two), world.member(far),
        world.member(one, state=MemberState.PENDING),
    ]  # fmt: skip
    raised = town_alert(world, TownVoice())
    assert world.told(SMS, raised.alert) == addresses(people[:2])
    assert world.told(EMAIL, raised.alert) == {"one@residents.example"}
    assert raised.heard.residents == 2
    assert "MAIRIE" in world.said(world.deliveries()[0]).sms


def test_a_town_alert_can_be_for_chosen_communities(world: World) -> None:
    world.town(subscribed=True)
    one, two = world.community("A"), world.community("B")
    far = world.community("C", "38421")
    world.number()
    chosen = world.member(one)
    world.member(two)
    world.member(far)
    raised = town_alert(world, TownVoice(communities=(one, far)))
    assert world.told(SMS, raised.alert) == addresses([chosen])


def test_a_town_alert_is_turned_off_by_its_own_topic(world: World) -> None:
    world.town(subscribed=True)
    home = world.community()
    world.number()
    deaf, keen = world.members(home, 2)
    world.mute(deaf, Topic.TOWN, SMS)
    world.mute(keen, Topic.ALERT, SMS)
    raised = town_alert(world, TownVoice())
    assert world.told(SMS, raised.alert) == addresses([keen])
    assert world.pump().sent == 1


def test_an_unsubscribed_town_does_not_speak(world: World) -> None:
    world.member(world.community())
    with pytest.raises(RuleError) as refused:
        town_alert(world, TownVoice())
    assert refused.value.code == "not_subscribed"
