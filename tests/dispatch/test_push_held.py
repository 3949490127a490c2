"""Notifications: what is seen of them, and what is held of devices."""

from __future__ import annotations

import json

import pytest

from community_store import personal_data, subscriptions
from community_store.models import (
    Alert,
    GatewayPause,
    Member,
    Topic,
)
from community_store.models import DeliveryState as State
from community_store.subscriptions import Browser
from dispatch import (
    alerts,
    figures,
    hearers,
    lanes,
    notices,
    outbox,
    queues,
    tally,
)
from dispatch.runtime import PUSH, rates
from gateway.contract import Channel
from tests.dispatch.devices import PUBLIC, notified, pushed, said, subscribe, subscribed, world
from tests.dispatch.world import World
from tests.rigs.pushservice import Device, PushService

__all__ = ["world"]


# what is seen of it


def test_lanes_queues_and_figures_know_it(world: World, pushes: PushService) -> None:
    author, other = world.members(world.community(), 2)
    notified(world, pushes, other, 2)
    alert = world.raised(author)
    with world.store.read() as session:
        found = lanes.look(session, rates(world.settings), world.clock()).lanes
        assert (outbox.Lane(PUSH, None, Channel.PUSH), 200.0) in [(w.lane, w.rate) for w in found]
        known = [*world.runtime.providers]
        shown = queues.gateways(session, known, world.clock(), rates=rates(world.settings))
        (queue,) = [one for one in shown if one.gateway == PUSH]
        assert (queue.due, [(one.channel, one.rate) for one in queue.lanes]) == (2, [(PUSH, 200.0)])
    world.pump()
    with world.store.read() as session:
        assert alert.id is not None
        assert tally.by_channel(session, alert.id)[Channel.PUSH] == {
            **dict.fromkeys(tally.FIGURES, 0), "told": 2, "accepted": 2,
        }  # fmt: skip
        assert tally.total(session, alert.id)["told"] == 1
        assert figures.deliveries_by_state(session)[Channel.PUSH, State.ACCEPTED] == 2


def test_a_paused_gateway_keeps_notifications_and_nothing_else(
    world: World, pushes: PushService
) -> None:
    author, other = world.members(world.community(), 2)
    notified(world, pushes, other)
    world.add(GatewayPause(gateway=PUSH, reason="maintenance"))
    world.raised(author)
    world.pump()
    assert {row.channel: row.state for row in world.deliveries()} == {
        Channel.SMS: State.DELIVERED, Channel.PUSH: State.QUEUED,
    }  # fmt: skip


def test_a_member_tries_their_devices(world: World, pushes: PushService) -> None:
    member = world.member(world.community())
    devices = notified(world, pushes, member, 2)
    with world.act() as act:
        me = act.session.get_one(Member, member.id)
        about = notices.Subject("push_trial", {})
        assert notices.notify(act, me, about) == 2
    world.pump()
    assert [said(pushes, one) for one in devices] == [
        [("Essai réussi", "Les notifications de Tocsin arrivent sur cet appareil.")]
    ] * 2
    assert {one["said"]["path"] for one in pushes.received(devices[0])} == {"/home"}


def test_a_notice_of_a_topic_that_was_turned_off_is_none(world: World, pushes: PushService) -> None:
    member = world.member(world.community())
    notified(world, pushes, member)
    world.mute(member, Topic.MESSAGE, Channel.PUSH)
    with world.act() as act:
        me, about = act.session.get_one(Member, member.id), notices.Subject("push_trial", {})
        assert notices.notify(act, me, about, topic=Topic.MESSAGE) == 0
        assert notices.notify(act, me, about, topic=Topic.GAZETTE) == 1


def test_what_is_no_notification_is_never_sent_as_one(world: World, pushes: PushService) -> None:
    member = world.member(world.community())
    notified(world, pushes, member)
    with world.act() as act:
        me = act.session.get_one(Member, member.id)
        with pytest.raises(KeyError):
            notices.notify(act, me, notices.Subject("proof_code", {"code": "123456"}))


# what is held


def test_a_browser_that_subscribes_again_is_one_device(world: World, pushes: PushService) -> None:
    one, other = world.members(world.community(), 2)
    device = pushes.browser(PUBLIC)
    first = subscribe(world, one, device)
    second = subscribe(world, one, device)
    assert first != second
    assert [row.address for row in subscribed(world, one)] == [second]
    subscribe(world, other, device)
    assert (len(subscribed(world, one)), len(subscribed(world, other))) == (0, 1)


def test_a_member_has_ten_devices_and_the_oldest_makes_room(world: World) -> None:
    member = world.member(world.community())
    for n in range(12):
        world.clock.forward(minutes=1)
        subscribe(world, member, Device("", f"https://push.example/{n}", "p", "a"), f"n{n}")
    assert [row.device for row in subscribed(world, member)] == [f"n{n}" for n in range(11, 1, -1)]


def test_a_browser_that_moves_stays_the_same_device(world: World, pushes: PushService) -> None:
    member = world.member(world.community())
    old, new = pushes.browser(PUBLIC), pushes.browser(PUBLIC)
    subscribe(world, member, old, "Firefox · Android")

    def browser(device: Device, auth: str = "") -> Browser:
        return Browser(device.endpoint, device.p256dh, auth or device.auth, PUBLIC)

    with world.store.begin() as session:
        assert not subscriptions.moved(session, browser(old, "another secret"), browser(new))
        assert subscriptions.moved(session, browser(old), browser(new))
    [row] = subscribed(world, member)
    assert (row.endpoint, row.device) == (new.endpoint, "Firefox · Android")


def test_nothing_is_left_of_devices_when_an_account_is_erased(
    world: World, pushes: PushService
) -> None:
    author, other = world.members(world.community(), 2)
    [device] = notified(world, pushes, other)
    alert = world.raised(author)
    world.pump()
    with world.store.begin() as session:
        me = session.get_one(Member, other.id)
        exported = json.dumps(personal_data.export(session, me))
        assert "notified_devices" in exported
        assert device.auth not in exported
        assert device.endpoint not in exported
        personal_data.erase(session, me)
        personal_data.erase(session, session.get_one(Member, author.id))
    assert subscribed(world, other) == []
    assert [row.address.partition("-")[0] for row in pushed(world)] == ["erased"]
    [said_] = {world.said(row).push for row in pushed(world)}
    assert said_ == ""
    with world.act() as act:
        assert alerts.end(act, act.session.get_one(Alert, alert.id)) >= 0
    world.pump()
    assert len(pushes.received(device)) == 1


def test_planning_is_one_statement_more_with_devices_and_none_without(world: World) -> None:
    """`hearers.listeners` finds no group of devices where nobody has any."""
    author, _ = world.members(world.community(), 2)
    alert = world.raised(author)
    with world.store.read() as session:
        found = hearers.listeners(session, alert)
    assert {group.channel for group in found} == {Channel.SMS}
