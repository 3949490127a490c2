"""With Redis away one process sends, at the configured rates; no two exceed one between them."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from community_store.columns import utcnow
from community_store.models import DeliveryState as State
from community_store.models import Duty
from community_store.store import open_store
from dispatch import pump, standing_in, wake
from dispatch.housekeeping import Housekeeping
from dispatch.pace import LocalSlots
from dispatch.runtime import connect_redis
from tests.dispatch import crew
from tests.dispatch.standin import StandIn
from tests.dispatch.world import World, make_world
from tests.emulator.client import Emulator
from tests.rigs.processes import until
from tests.rigs.redis import RedisServer

pytestmark = pytest.mark.both

RATE = 20.0


@pytest.mark.slow
def test_an_outage_of_redis_and_its_return_never_exceed_the_rate(
    postgres_url: str, own_valkey: RedisServer, tmp_path: Path, emulator: Emulator
) -> None:
    """A worker and two housekeepings; Redis dies twice, with its memory and without."""
    told = crew.settings(postgres_url, own_valkey.url, tmp_path, {"sim": emulator.url})
    store = open_store(postgres_url)
    with make_world(store, own_valkey.url, tmp_path) as world:
        crew.numbers(world, 1, "sim", RATE)
        author = world.member(world.community())
        world.add(*[world.person(author.community_id) for _ in range(int(RATE * 40))])
        world.raised(author)
        with crew.crew(told, [crew.work, crew.keep, crew.keep], 25):
            emulator.accepted(20, 60)
            own_valkey.process.kill()
            crew.rest(6)
            own_valkey.restart()
            crew.rest(4)
            with own_valkey.asleep():
                crew.rest(6)
            crew.rest(2)
        (came,) = crew.arrivals(emulator.ledger("accepted")).values()
        doubled = len({entry["to"] for entry in emulator.ledger("accepted")}) != len(came)
    store.close()
    gaps = [after[0] - before[0] for before, after in itertools.pairwise(came)]
    assert not doubled
    assert crew.crowded(came) <= RATE + 2, "the second one for a machine that stands still"
    assert max(gaps) < 10, "R3"
    assert len(came) >= RATE * 10


def test_a_worker_does_not_send_while_another_stands_in(sqlite_world: World) -> None:
    provider = StandIn()
    world = sqlite_world.with_providers(sim=provider)
    world.number(rate=50.0)
    author, *_ = world.members(world.community(), 20)
    world.raised(author)
    world.add(Duty(name="pump", holder="elsewhere:1", until=world.clock() + timedelta(seconds=5)))
    done = pump.run(world.runtime, LocalSlots(), 5, standing_in.nobody)
    assert (done.sent, done.more_due) == (0, False)
    world.clock.forward(seconds=6)
    assert pump.run(world.runtime, LocalSlots(), 5, standing_in.nobody).sent == 19


def test_a_worker_that_sends_stops_when_another_begins_to_stand_in(sqlite_world: World) -> None:
    provider = StandIn()
    world = sqlite_world.with_providers(sim=provider)
    world.number(rate=20.0)
    author, *_ = world.members(world.community(), 100)
    world.raised(author)
    taken: list[float] = []

    def take() -> None:
        until = world.clock() + timedelta(seconds=60)
        world.add(Duty(name="pump", holder="elsewhere:1", until=until))
        taken.append(time.monotonic())

    timer = threading.Timer(1.5, take)
    timer.start()
    done = pump.run(world.runtime, LocalSlots(), 10, standing_in.nobody)
    timer.join()
    assert 0 < done.sent < 99
    assert max(provider.left_at) - taken[0] < 0.5, "within the guard of whoever stands in"
    assert {row.state for row in world.deliveries()} == {State.ACCEPTED, State.QUEUED}


def test_only_one_housekeeping_stands_in(sqlite_world: World, own_valkey: RedisServer) -> None:
    own_valkey.process.kill()
    with own_valkey.client() as away:
        first = replace(sqlite_world.runtime, redis=away, worker="here:1", clock=utcnow)
        second = replace(first, worker="there:2")
        one, two = Housekeeping(first), Housekeeping(second)
        one.tick()
        two.tick()
    assert one.slots is not None
    assert two.slots is None


@pytest.mark.slow
def test_who_stands_in_does_not_wait_for_a_redis_that_hangs(
    sqlite_world: World, own_valkey: RedisServer
) -> None:
    """One that was killed refuses at once; of one that hangs each question takes seconds."""
    provider = StandIn()
    world = sqlite_world.with_providers(sim=provider)
    world.number(rate=10.0)
    author, *_ = world.members(world.community(), 200)
    world.raised(author)
    noon, began = world.clock(), time.monotonic()

    def clock() -> datetime:
        return noon + timedelta(seconds=time.monotonic() - began)

    hanging = connect_redis(own_valkey.url)
    keeper = Housekeeping(replace(world.runtime, redis=hanging, clock=clock))
    with own_valkey.asleep():
        while time.monotonic() < began + 16:
            keeper.tick()
    hanging.close()
    gaps = [after - before for before, after in itertools.pairwise(provider.left_at)]
    assert len(gaps) > 50
    assert max(gaps) < 2.0


def test_a_wake_is_not_tried_again_at_once_at_a_redis_that_hangs(
    sqlite_world: World, own_valkey: RedisServer
) -> None:
    runtime = replace(sqlite_world.runtime, redis=connect_redis(own_valkey.url))
    with own_valkey.asleep():
        assert not wake.pump(runtime)
        began = time.monotonic()
        assert not wake.read_inbound(runtime, 1)
        assert not wake.pump(runtime)
        assert time.monotonic() - began < 1
    until(lambda: wake.pump(runtime), "it is tried again", wake.LET_ALONE + 2)
    runtime.redis.close()


def test_it_steps_back_once_its_last_slot_has_passed(world: World) -> None:
    keeper = Housekeeping(world.runtime)
    assert standing_in.take(world.runtime)
    keeper.slots = slots = LocalSlots()
    slots.reserve("sim:1", 1.0, 1)
    keeper.tick()
    with world.store.read() as session:
        assert not standing_in.nobody(session, world.clock())
    until(lambda: slots.ahead() == 0, "its last slot has passed")
    keeper.tick()
    with world.store.read() as session:
        assert standing_in.nobody(session, world.clock())


@pytest.mark.parametrize(("holder", "left", "mine"), [("me", 8, True), ("me", 0.5, False),
                                                      ("other", 8, False)])  # fmt: skip
def test_who_stands_in_makes_sure_that_it_still_does(
    sqlite_world: World, holder: str, left: float, mine: bool
) -> None:
    runtime = replace(sqlite_world.runtime, worker="me")
    until = sqlite_world.clock() + timedelta(seconds=left)
    sqlite_world.add(Duty(name="pump", holder=holder, until=until))
    with sqlite_world.store.read() as session:
        assert standing_in.mine(runtime, session, sqlite_world.clock()) is mine
