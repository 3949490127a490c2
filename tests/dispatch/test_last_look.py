"""Between the claim and the call: what was committed meanwhile still counts (R7)."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from community_store.models import (
    AlertState,
    Attempt,
    GatewayPause,
    MemberState,
    Number,
    NumberState,
)
from community_store.models import DeliveryState as State
from dispatch import leaving, lost, outbox, pump
from dispatch.pace import LocalSlots
from gateway.contract import Channel
from tests.dispatch.standin import StandIn
from tests.dispatch.world import World

pytestmark = pytest.mark.both

MOST = 0.25  # seconds after a commit, on a machine that others use too; usually 0.03
RACES = 100


def claimed(world: World, people: int = 1) -> list[outbox.Claimed]:
    number = world.number()
    author, *_ = world.members(world.community(), 1 + people)
    world.raised(author)
    return world.claim(number)


def judged(world: World, batch: list[outbox.Claimed]) -> dict[int, object]:
    with world.store.read() as session:
        return dict(leaving.verdicts(session, batch, world.clock()))


def stop(world: World, one: outbox.Claimed) -> None:
    world.stop(one.to)


def withdraw(world: World, one: outbox.Claimed) -> None:
    world.change(world.alert_of(one.id), state=AlertState.WITHDRAWN)


def suspend(world: World, one: outbox.Claimed) -> None:
    world.change(world.member_of(one.id), state=MemberState.SUSPENDED)


def depart(world: World, one: outbox.Claimed) -> None:
    world.change(world.member_of(one.id), community_id=None)


@pytest.mark.parametrize(
    ("what", "state"),
    [
        (stop, State.SUPPRESSED),
        (withdraw, State.CANCELLED),
        (suspend, State.SUPPRESSED),
        (depart, State.SUPPRESSED),
    ],
)
def test_what_happens_after_the_claim_still_counts(
    world: World, what: Callable[[World, outbox.Claimed], None], state: State
) -> None:
    (one,) = claimed(world)
    assert judged(world, [one]) == {one.id: None}
    what(world, one)
    verdict = judged(world, [one])[one.id]
    assert isinstance(verdict, tuple)
    with world.store.begin() as session:
        assert leaving.undo(session, [(one, verdict)], world.clock()) == 1
    row = world.delivery()
    assert (row.state, row.attempts, row.lease) == (state, 0, None)
    assert world.rows(Attempt) == [], "no provider ever heard of it"


def test_what_is_given_back_is_due_again(world: World) -> None:
    batch = claimed(world, 3)
    with world.store.begin() as session:
        leaving.undo(session, [(one, leaving.BACK) for one in batch[:2]], world.clock())
    states = sorted(row.state for row in world.deliveries())
    assert states == [State.QUEUED, State.QUEUED, State.SENDING]
    again = world.claim(world.rows(Number)[0])
    assert [(one.id, one.attempt) for one in again] == [(one.id, 1) for one in batch[:2]]


def test_a_lease_that_ran_out_is_not_ours_any_more(world: World) -> None:
    (one,) = claimed(world)
    world.clock.forward(seconds=31)
    with world.store.begin() as session:
        assert lost.doubt(session, world.clock()) == 1
    assert judged(world, [one]) == {}
    with world.store.begin() as session:
        assert leaving.undo(session, [(one, leaving.BACK)], world.clock()) == 0
    assert world.delivery().state == State.UNKNOWN
    assert len(world.rows(Attempt)) == 1


def test_only_the_last_of_two_claims_of_a_delivery_is_undone(world: World) -> None:
    """The first one's lease ran out in our hands, and it was claimed again."""
    number = world.number()
    author, _ = world.members(world.community(), 2)
    world.raised(author)
    (first,) = world.claim(number)
    (row,) = world.deliveries()
    world.change(row, state=State.QUEUED, lease=None, lease_until=None)
    (second,) = world.claim(number)
    assert (second.id, second.attempt) == (first.id, 2)
    with world.store.begin() as session:
        both = [(first, leaving.BACK), (second, leaving.BACK)]
        assert leaving.undo(session, both, world.clock()) == 1
    (row,) = world.deliveries()
    assert (row.state, row.attempts) == (State.QUEUED, 1)
    assert [attempt.n for attempt in world.rows(Attempt)] == [1]


def test_nothing_goes_out_after_a_stop(world: World) -> None:
    """Every stop is committed while the next messages are already claimed."""
    provider = StandIn()
    world = world.with_providers(sim=provider)
    world.number(rate=40.0)
    author = world.member(world.community())
    world.add(*[world.person(author.community_id) for _ in range(3 * RACES)])
    world.raised(author)
    addresses = [row.address for row in world.deliveries(channel=Channel.SMS)]
    stopped: dict[str, float] = {}

    def race() -> None:
        chance = random.Random(7)
        while len(stopped) < RACES:
            time.sleep(chance.random() * 0.02)
            first = len(provider.sent)
            address = addresses[min(first + chance.randrange(10), len(addresses) - 1)]
            if address not in stopped:
                world.stop(address)
                stopped[address] = time.monotonic()

    thread = threading.Thread(target=race)
    thread.start()
    pump.run(world.runtime, LocalSlots(), 20)
    thread.join()
    late = [
        at - stopped[message.to]
        for message, at in zip(provider.sent, provider.left_at, strict=True)
        if message.to in stopped and at > stopped[message.to]
    ]
    spared = world.deliveries(state=State.SUPPRESSED)
    assert len(spared) >= 5
    assert max(late, default=0.0) <= MOST
    assert {row.state for row in world.deliveries()} == {State.SUPPRESSED, State.ACCEPTED}


@pytest.mark.parametrize("what", ["gateway", "number"])
def test_nothing_goes_out_after_a_pause(sqlite_world: World, what: str) -> None:
    provider = StandIn()
    world = sqlite_world.with_providers(sim=provider)
    number = world.number(rate=20.0)
    author = world.member(world.community())
    world.add(*[world.person(author.community_id) for _ in range(60)])
    world.raised(author)
    paused: list[float] = []

    def pause() -> None:
        if what == "gateway":
            world.add(GatewayPause(gateway="sim", reason="by the operator"))
        else:
            world.change(number, state=NumberState.PAUSED)
        paused.append(time.monotonic())

    timer = threading.Timer(1.5, pause)
    timer.start()
    done = pump.run(world.runtime, LocalSlots(), 10)
    timer.join()
    assert not done.more_due
    assert 0 < done.sent < 60
    assert max(provider.left_at) - paused[0] <= MOST
    assert {row.state for row in world.deliveries()} == {State.ACCEPTED, State.QUEUED}
    assert all(row.due_at <= world.clock() + timedelta(seconds=1) for row in world.deliveries())
