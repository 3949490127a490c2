"""Notifications: what becomes of each, in doubt too; on a real push service."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from community_store import subscriptions
from community_store.models import (
    Attempt,
    MemberState,
    Topic,
)
from community_store.models import DeliveryState as State
from dispatch import (
    figures,
    looking,
)
from gateway.contract import Channel
from tests.dispatch.devices import notified, pushed, subscribe, subscribed, world
from tests.dispatch.world import World
from tests.rigs.pushservice import PushService

__all__ = ["world"]


def later(world: World, **by: float) -> None:
    """Time passes, housekeeping looks after what is in doubt, and what is due leaves."""
    world.clock.forward(**by)
    looking.look(world.runtime)
    world.pump()


def test_a_device_that_is_gone_is_forgotten(world: World, pushes: PushService) -> None:
    author, other = world.members(world.community(), 2)
    gone, there = notified(world, pushes, other, 2)
    pushes.gone(gone)
    alert = world.raised(author)
    world.pump()
    assert sorted(row.state for row in pushed(world)) == [State.ACCEPTED, State.FAILED]
    [left] = subscribed(world, other)
    assert left.endpoint == there.endpoint
    later(world, minutes=5)
    assert {row.attempts for row in pushed(world, alert_id=alert.id)} == {1}
    world.raised(author, "Une autre")
    assert len(pushed(world)) == 3


def test_what_waits_for_a_device_goes_with_it(world: World, pushes: PushService) -> None:
    author, other, thief = world.members(world.community(), 3)
    first, second, third = notified(world, pushes, other, 3)
    world.raised(author)
    with world.store.begin() as session:
        [row] = [one for one in subscribed(world, other) if one.endpoint == first.endpoint]
        assert not subscriptions.remove(session, row.address, member_id=thief.id)
        assert subscriptions.remove(session, row.address, member_id=other.id)
    subscribe(world, thief, second)  # signs in with the same browser
    world.pump()
    reasons = {(row.state, row.reason) for row in pushed(world)}
    assert reasons == {(State.SUPPRESSED, "notifications turned off"), (State.ACCEPTED, "")}
    assert [len(pushes.received(one)) for one in (first, second, third)] == [0, 0, 1]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"state": MemberState.SUSPENDED}, "not an active member"),
        ({"community_id": None}, "left the community"),
    ],
)
def test_rights_are_read_again_before_it_leaves(
    world: World, pushes: PushService, change: dict[str, Any], reason: str
) -> None:
    author, other = world.members(world.community(), 2)
    [device] = notified(world, pushes, other)
    world.raised(author)
    world.change(other, **change)
    world.pump()
    assert [(row.state, row.reason) for row in pushed(world)] == [(State.SUPPRESSED, reason)]
    assert pushes.received(device) == []


def test_what_is_turned_off_meanwhile_does_not_leave(world: World, pushes: PushService) -> None:
    author, other = world.members(world.community(), 2)
    notified(world, pushes, other)
    world.raised(author)
    world.mute(other, Topic.ALERT, Channel.PUSH)
    world.pump()
    assert [row.reason for row in pushed(world)] == ["turned off"]


def test_what_is_too_late_does_not_leave(world: World, pushes: PushService) -> None:
    author, other = world.members(world.community(), 2)
    notified(world, pushes, other)
    world.raised(author)
    world.clock.forward(hours=3)
    world.pump()
    assert [row.state for row in pushed(world)] == [State.EXPIRED]


def test_a_service_that_asks_to_wait_is_left_alone_so_long(
    world: World, pushes: PushService
) -> None:
    author, other = world.members(world.community(), 2)
    slow, quick = notified(world, pushes, other, 2)
    pushes.fault(token=slow.token, status=429, headers={"Retry-After": "120"})
    world.raised(author)
    world.pump()
    by = {row.state: row for row in pushed(world)}
    assert by[State.QUEUED].due_at == world.clock() + timedelta(seconds=120)
    assert len(pushes.received(quick)) == 1, "the others go on"
    later(world, seconds=121)
    assert len(pushes.received(slow)) == 1
    assert {row.state for row in pushed(world)} == {State.ACCEPTED}


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 503, "takes": True}])
def test_doubt_is_settled_by_sending_again_which_takes_its_own_place(
    world: World, pushes: PushService, fault: dict[str, Any]
) -> None:
    author, other = world.members(world.community(), 2)
    [device] = notified(world, pushes, other)
    pushes.fault(**fault)
    world.raised(author)
    world.pump()
    assert [row.state for row in pushed(world)] == [State.UNKNOWN]
    later(world, seconds=6)
    [row] = pushed(world)
    assert (row.state, row.attempts, row.doubts) == (State.ACCEPTED, 2, 1)
    assert len(pushes.shown(device)) == 1
    received = pushes.received(device)
    assert {one["topic"] for one in received} == {f"d{row.id}"}
    assert received[-1]["said"]["again"] is True, "so that it rings no second time"
    with world.store.read() as session:
        assert figures.duplicates(session) == 0


def test_a_device_that_is_off_gets_what_was_sent_twice_once(
    world: World, pushes: PushService
) -> None:
    author, other = world.members(world.community(), 2)
    [device] = notified(world, pushes, other)
    pushes.switch(device, on=False)
    pushes.fault(status=500, takes=True)
    world.raised(author)
    world.pump()
    later(world, seconds=6)
    assert (len(pushes.received(device)), len(pushes.shown(device))) == (2, 0)
    pushes.switch(device, on=True)
    assert len(pushes.shown(device)) == 1


def test_doubt_ends_after_three_tries(world: World, pushes: PushService) -> None:
    author, other = world.members(world.community(), 2)
    notified(world, pushes, other)
    pushes.fault(status=502, times=9)
    world.raised(author)
    world.pump()
    for _ in range(4):
        later(world, seconds=20)
    [row] = pushed(world)
    assert (row.state, row.attempts) == (State.NO_RECEIPT, 3)
    assert len(world.rows(Attempt, delivery_id=row.id)) == 3


def test_the_other_channels_do_not_wait_for_a_push_service_that_hangs(
    world: World, pushes: PushService
) -> None:
    author, other, third = world.members(world.community(), 3)
    slow, quick = (notified(world, pushes, one)[0] for one in (other, third))
    pushes.fault(token=slow.token, after=1.5)
    world.raised(author)
    world.pump()
    handed = {row.address: row.handed_over_at for row in world.deliveries()}
    assert None not in handed.values()
    assert len(world.phone(str(other.mobile))) == len(pushes.received(quick)) == 1
