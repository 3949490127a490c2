"""What a crash leaves, and what comes too late."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from community_store.models import Alert, AlertState, Notice, Number
from community_store.models import DeliveryState as State
from dispatch import lost, sweep
from gateway.contract import Accepted, Outbound, Stage
from tests.dispatch.world import World, mobile

pytestmark = pytest.mark.both


# what a crash leaves


def test_a_lease_that_runs_out_is_a_doubt(world: World) -> None:
    number = world.number()
    author, _ = world.members(world.community(), 2)
    world.raised(author)
    world.claim(number, lease=30)
    world.clock.forward(seconds=29)
    sweep.sweep(world.runtime)
    assert world.delivery().state == State.SENDING
    world.clock.forward(seconds=1)
    doubt(world)
    found = world.delivery()
    assert (found.state, found.doubts, found.reason) == (State.UNKNOWN, 1, "worker lost")


def doubt(world: World) -> None:
    with world.store.begin() as session:
        dead = sweep.dead_workers(session)
        lost.doubt(session, world.clock(), dead)


@pytest.mark.parametrize(
    ("worker", "dead"),
    [
        ("{host}:999999999", True),
        ("{host}:{pid}", False),
        ("another:999999999", False),
        ("x", False),
    ],
)
def test_a_dead_worker_of_this_machine_is_noticed_at_once(
    sqlite_world: World, worker: str, dead: bool
) -> None:
    host, _, pid = sqlite_world.runtime.worker.rpartition(":")
    name = worker.format(host=host, pid=pid)
    world = replace(sqlite_world, runtime=replace(sqlite_world.runtime, worker=name))
    number = world.number()
    author, _ = world.members(world.community(), 2)
    world.raised(author)
    world.claim(number)
    doubt(world)
    assert world.delivery().state == (State.UNKNOWN if dead else State.SENDING)


def test_what_a_dead_worker_had_sent_is_not_sent_again(sqlite_world: World) -> None:
    world = sqlite_world
    world.number()
    author, neighbour = world.members(world.community(), 2)
    world.raised(author)
    lost = replace(world, runtime=replace(world.runtime, worker=dead_name(world)))
    (claimed,) = lost.claim(world.rows(Number)[0])
    sim = world.runtime.providers["sim"]
    message = Outbound(claimed.id, claimed.attempt, claimed.to, "38000", claimed.sms)
    asyncio.run(sim.send(message))
    sweep.sweep(world.runtime)
    world.clock.forward(seconds=6)
    sweep.sweep(world.runtime)
    assert world.delivery().state == State.DELIVERED
    world.pump()
    assert len(world.phone(neighbour.mobile or "")) == 1


def dead_name(world: World) -> str:
    return world.runtime.worker.rpartition(":")[0] + ":999999999"


def test_what_a_dead_worker_had_not_sent_goes_out(sqlite_world: World) -> None:
    world = sqlite_world
    world.number()
    author, neighbour = world.members(world.community(), 2)
    world.raised(author)
    lost = replace(world, runtime=replace(world.runtime, worker=dead_name(world)))
    assert len(lost.claim(world.rows(Number)[0])) == 1
    sweep.sweep(world.runtime)
    assert world.pump().sent == 1
    assert len(world.phone(neighbour.mobile or "")) == 1


# what comes too late


def test_what_is_too_late_expires_with_one_summary(world: World) -> None:
    number = world.number()
    author, *_ = world.members(world.community(), 6)
    alert = world.raised(author)
    for claimed in world.claim(number, 2):
        world.settle(claimed, Accepted("P", Stage.DELIVERED))
    world.clock.forward(hours=2)
    sweep.sweep(world.runtime)
    sweep.sweep(world.runtime)
    states = sorted(row.state for row in world.deliveries(alert_id=alert.id))
    assert states == [State.DELIVERED] * 2 + [State.EXPIRED] * 3
    (summary,) = world.rows(Notice)
    assert summary.kind == "expired_summary"
    words = world.said(world.delivery(notice_id=summary.id)).sms
    assert "3 envois" in words
    assert "2 ont" in words
    assert world.claim(number)[0].to == author.mobile


def test_an_alert_that_all_had_in_time_has_no_summary(sqlite_world: World) -> None:
    world = sqlite_world
    number = world.number()
    author, *_ = world.members(world.community(), 3)
    world.raised(author)
    for claimed in world.claim(number):
        world.settle(claimed, Accepted("P", Stage.DELIVERED))
    world.clock.forward(hours=2)
    sweep.sweep(world.runtime)
    assert world.rows(Notice) == []


def test_an_alert_that_nobody_ended_rests_after_the_time_to_reply(sqlite_world: World) -> None:
    world = sqlite_world
    author, _ = world.members(world.community(), 2)
    world.raised(author)
    for hours, state in ((2, AlertState.OPEN), (3.9, AlertState.OPEN), (0.2, AlertState.EXPIRED)):
        world.clock.forward(hours=hours)
        sweep.sweep(world.runtime)
        assert world.rows(Alert)[0].state == state


def test_a_text_whose_wake_was_lost_is_found_after_two_seconds(sqlite_world: World) -> None:
    world = sqlite_world
    row = world.arrives(mobile(1), "Bonjour")
    assert sweep.unread(world.runtime) == []
    world.clock.now += timedelta(seconds=2)
    assert sweep.unread(world.runtime) == [row]
