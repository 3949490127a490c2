"""Landlines are residents too: who is called, who is missed."""

from __future__ import annotations

from datetime import timedelta

from community_store.models import DeliveryState, MemberState, NumberState, Topic
from dispatch import alerts
from dispatch.alerts import Told, TownVoice
from dispatch.tally import Why
from tests.dispatch.landlines import EMAIL, SMS, VOICE, caller, landline, missed, old
from tests.dispatch.world import INSEE, World, addresses, at

# who is called


def test_a_landline_is_called_where_there_is_no_mobile(world: World) -> None:
    home, twin = world.community("A"), world.community("B")
    world.twin(home, twin)
    world.number()
    number = caller(world)
    author = world.member(home, landline=landline(9))
    both = world.member(home, landline=landline(2))
    only = old(world, home, 3, email="ana@residents.example")
    old(world, twin, 4)
    old(world, home, 5, state=MemberState.PENDING)
    raised = world.raise_alert(author)
    assert world.told(SMS, raised.alert) == addresses([both])
    assert world.told(VOICE, raised.alert) == {only.landline}
    assert world.told(EMAIL, raised.alert) == {only.email}
    assert raised.heard.neighbours == 2
    [call] = world.deliveries(channel=VOICE)
    assert (call.number_id, call.gateway, call.segments, call.price) == (number.id, "sim", 0, 0.03)
    assert world.said(call).voice.count("Camionnette suspecte") == 2


def test_a_household_is_called_once(world: World) -> None:
    home = world.community()
    caller(world)
    author = world.member(home)
    old(world, home, 1)
    old(world, home, 1)
    alert = world.raised(author)
    assert world.told(VOICE, alert) == {landline(1)}
    world.change(world.delivery(channel=VOICE), state=DeliveryState.DELIVERED)
    assert missed(world, alert) == {}


def test_a_stop_a_pause_and_a_topic_turned_off_hold_for_calls(world: World) -> None:
    world.clock.now = at(10)
    home = world.community()
    caller(world)
    author = world.member(home)
    people = [old(world, home, n) for n in range(1, 5)]
    world.stop(landline(1), VOICE)
    world.stop(landline(4), SMS)  # another channel
    world.mute(people[1], Topic.ALERT, VOICE)
    world.change(people[2], paused_until=world.clock() + timedelta(hours=2))
    alert = world.raised(author)
    assert world.told(VOICE, alert) == {landline(4)}
    assert missed(world, alert) == {
        people[0].id: Why.STOPPED, people[1].id: Why.TURNED_OFF, people[2].id: Why.PAUSED,
    }  # fmt: skip


def test_a_town_alert_calls_too_but_only_where_it_is_for(world: World) -> None:
    world.town(subscribed=True)
    here, there = world.community("A"), world.community("B")
    caller(world)
    mine, other = old(world, here, 1), old(world, there, 2)
    with world.act() as act:
        from community_store.models import Town

        town = act.session.get(Town, INSEE)
        assert town is not None
        every = alerts.raise_town(act, town, Told("Route barrée"), TownVoice()).alert
        some = alerts.raise_town(act, town, Told("Fumée"), TownVoice(communities=(here,))).alert
    assert world.told(VOICE, every) == {mine.landline, other.landline}
    assert world.told(VOICE, some) == {mine.landline}
    [call] = world.deliveries(channel=VOICE, alert_id=some.id)
    assert "Message de la mairie" in world.said(call).voice
    assert missed(world, some) == {}


def test_with_no_number_that_calls_nobody_is_planned_and_they_are_named(world: World) -> None:
    home = world.community()
    world.number()
    author = world.member(home)
    alone = old(world, home, 1)
    mailed = old(world, home, 2, email="ana@residents.example")
    raised = world.raise_alert(author)
    assert world.told(VOICE, raised.alert) == set()
    assert raised.heard.neighbours == 1
    assert missed(world, raised.alert) == {alone.id: Why.NO_CALLS}
    assert mailed.id not in missed(world, raised.alert)


def test_default_numbers_call_and_a_paused_one_stands_back(world: World) -> None:
    home = world.community()
    author, listener = world.member(home), old(world, home)
    first = caller(world, is_default=False)
    second = world.number("+33937000002", kind="long", voice=True, is_default=True)
    world.raised(author)
    assert world.delivery(channel=VOICE).number_id == second.id
    world.change(second, state=NumberState.PAUSED)
    world.change(first, is_default=True)
    with world.act() as act:
        again = alerts.raise_resident(act, act.session.merge(author), Told("Autre chose")).alert
    assert world.delivery(channel=VOICE, alert_id=again.id).number_id == first.id
    assert listener.landline


# who was missed


def test_each_reason_for_not_having_it(world: World) -> None:
    world.clock.now = at(10)
    home = world.community()
    world.number()
    author = world.member(home)
    names = ("failed", "expired", "cancelled", "delivered", "queued", "undelivered")
    people = {name: world.member(home) for name in names}
    nobody = world.member(home, mobile=None, email=None)
    late = world.member(home, activated_at=at(11))
    stopped = world.member(home)
    world.stop(stopped.mobile or "")
    elsewhere = world.member(world.community("B"))
    alert = world.raised(author)
    for name, person in people.items():
        world.change(world.delivery(member_id=person.id), state=DeliveryState(name), reason="why")
    if stray := world.deliveries(member_id=late.id):
        world.delete(stray[0])
    assert missed(world, alert) == {
        people["failed"].id: Why.FAILED, people["expired"].id: Why.EXPIRED,
        people["cancelled"].id: Why.CANCELLED, people["undelivered"].id: Why.FAILED,
        nobody.id: Why.NO_CONTACT, stopped.id: Why.STOPPED,
    }  # fmt: skip
    assert elsewhere.id not in missed(world, alert)


def test_one_channel_that_worked_is_enough(world: World) -> None:
    home = world.community()
    world.number()
    author = world.member(home)
    person = world.member(home, email="ana@residents.example")
    alert = world.raised(author)
    world.change(world.delivery(channel=SMS), state=DeliveryState.FAILED)
    assert missed(world, alert) == {}
    world.change(world.delivery(channel=EMAIL), state=DeliveryState.FAILED)
    assert missed(world, alert) == {person.id: Why.FAILED}
