"""The sending loop: everything due, each once, whatever a provider does meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from redis import Redis

from community_store.models import Attempt, GatewayPause, Number, NumberState
from community_store.models import DeliveryState as State
from dispatch import jobs, pump, wake, worker
from dispatch.housekeeping import Housekeeping
from dispatch.pace import LocalSlots, SharedSlots
from dispatch.runtime import connect_redis
from gateway.contract import Accepted, Channel, Misconfigured, NotNow, Outbound, Refused, Unknown
from tests.dispatch.standin import StandIn, accepts, in_turn
from tests.dispatch.world import FreeSlots, World
from tests.rigs.redis import RedisServer

pytestmark = pytest.mark.both

SMS, EMAIL = Channel.SMS, Channel.EMAIL


def test_everybody_gets_it_once_by_phone_and_by_mail(world: World) -> None:
    home = world.community()
    world.number()
    author = world.member(home)
    neighbours = [world.member(home, email=f"n{n}@residents.example") for n in range(20)]
    world.raised(author)
    done = world.pump()
    assert done == pump.Pumped(sent=40, more_due=False)
    for neighbour in neighbours:
        assert len(world.phone(neighbour.mobile or "")) == 1
    assert sorted(mail["to"] for mail in world.mails()) == sorted(n.email or "" for n in neighbours)
    assert {row.state for row in world.deliveries()} == {State.DELIVERED}
    assert {row.outcome for row in world.rows(Attempt)} == {"accepted"}
    assert world.pump().sent == 0


def test_several_pumps_at_once_send_each_message_once(world: World) -> None:
    world.number()
    author = world.member(world.community())
    world.add(*[world.person(author.community_id) for _ in range(120)])
    world.raised(author)
    threads = [threading.Thread(target=world.pump) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {row.attempts for row in world.deliveries()} == {1}
    received = [len(world.phone(row.address)) for row in world.deliveries()]
    assert received == [1] * 120


def test_what_comes_while_a_pump_looks_on_leaves_by_it(sqlite_world: World) -> None:
    world = sqlite_world
    world.number()
    author, _ = world.members(world.community(), 2)
    later = threading.Timer(0.3, lambda: world.raised(author))
    later.start()
    done = pump.run(world.runtime, FreeSlots(), 10, idle=3.0)
    later.join()
    assert done == pump.Pumped(sent=1, more_due=False)


def test_a_lane_without_pace_is_emptied_in_one_go(sqlite_world: World) -> None:
    """A message that is late for its slot takes another: most may not be, or nothing gets on."""
    world = sqlite_world
    world.number(rate=1_000_000.0)
    author = world.member(world.community())
    world.add(*[world.person(author.community_id) for _ in range(400)])
    world.raised(author)
    sends: list[int] = []

    def slowly(message: Outbound) -> Accepted | Exception:
        time.sleep(0.0005)  # the processor's time, as a real client takes it
        sends.append(message.delivery)
        return accepts(message)

    slow = world.with_providers(sim=StandIn(answers=slowly))
    assert pump.run(slow.runtime, LocalSlots(), 20) == pump.Pumped(sent=400, more_due=False)
    assert len(sends) == len(set(sends)) == 400


def test_a_message_has_all_that_its_channel_needs(sqlite_world: World) -> None:
    provider, mail = StandIn(), StandIn(name="mail", channel=EMAIL)
    world = sqlite_world.with_providers(sim=provider, mail=mail)
    world.number("38000")
    home = world.community()
    author, _ = world.member(home), world.member(home, email="ana@residents.example")
    world.raised(author)
    world.pump()
    (text,), (letter,) = provider.sent, mail.sent
    assert (text.sender, text.subject, text.headers) == ("38000", "", {})
    assert text.callback.endswith(f"?d={text.delivery}&a=1")
    assert (letter.to, letter.sender) == ("ana@residents.example", "")
    assert letter.subject
    assert letter.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "https://tocsin.example/unsubscribe/" in letter.headers["List-Unsubscribe"]
    assert "ana@" not in letter.headers["List-Unsubscribe"]
    assert (provider.opened, mail.opened) == (0, 0), "what was opened is closed"


def told_by(world: World, provider: StandIn, neighbours: int = 3) -> World:
    told = world.with_providers(sim=provider)
    told.number()
    author, *_ = told.members(told.community(), 1 + neighbours)
    told.raised(author)
    return told


@pytest.mark.parametrize(
    ("fault", "state", "calls"),
    [
        (Refused("no such number"), State.FAILED, 1),
        (Unknown("time-out"), State.UNKNOWN, 1),
        (KeyError("a bug of the gateway"), State.UNKNOWN, 1),
        (RuntimeError("\ud800 and \x00"), State.UNKNOWN, 1),
        (NotNow("connection refused", delay=1), State.QUEUED, 1),
    ],
)
def test_a_provider_that_fails_once_fails_one_message(
    sqlite_world: World, fault: Exception, state: State, calls: int
) -> None:
    provider = StandIn(answers=in_turn(fault, Accepted("P")))
    world = told_by(sqlite_world, provider)
    world.pump()
    assert sorted(row.state for row in world.deliveries()) == sorted([state] + [State.ACCEPTED] * 2)
    assert len(provider.sent) == 2 + calls


def test_a_poisoned_outcome_does_not_take_the_others_with_it(world: World) -> None:
    def answers(message: Outbound) -> Accepted:
        return Accepted("P\x00" if message.delivery == poisoned else f"P{message.delivery}")

    world = told_by(world, StandIn(answers=answers), 5)
    poisoned = world.deliveries()[2].id
    world.pump(8)
    states = {row.id: row.state for row in world.deliveries()}
    assert set(states.values()) - {State.SENDING} == {State.ACCEPTED}
    assert list(states.values()).count(State.ACCEPTED) >= 4


def test_a_misconfigured_gateway_stops_and_mail_goes_on(world: World) -> None:
    provider = StandIn(answers=lambda _: Misconfigured("wrong password"))
    world = world.with_providers(sim=provider)
    home = world.community()
    world.number(rate=100)
    author = world.member(home)
    world.add(*[world.person(home, email=f"n{n}@residents.example") for n in range(30)])
    world.raised(author)
    world.pump(6)
    assert [pause.gateway for pause in world.rows(GatewayPause)] == ["sim"]
    assert len(provider.sent) < 30, "the rest was not even tried"
    assert {row.state for row in world.deliveries(channel=SMS)} == {State.QUEUED}
    assert len(world.mails()) == 30


@pytest.mark.parametrize(
    "hold_back",
    [
        lambda world: world.add(GatewayPause(gateway="sim", reason="by the operator")),
        lambda world: world.change(world.rows(Number)[0], state=NumberState.PAUSED),
        lambda world: world.change(
            world.rows(Number)[0],
            backoff_until=world.clock() + timedelta(seconds=30),
        ),
    ],
    ids=["gateway paused", "number paused", "number throttled"],
)
def test_what_is_held_back_waits(sqlite_world: World, hold_back: Callable[[World], None]) -> None:
    provider = StandIn()
    world = told_by(sqlite_world, provider)
    hold_back(world)
    assert world.pump(1) == pump.Pumped(sent=0, more_due=False)
    assert provider.sent == []
    assert {row.state for row in world.deliveries()} == {State.QUEUED}


def test_a_slow_gateway_holds_only_its_own_messages(sqlite_world: World) -> None:
    slow, quick = StandIn(seconds=1.5), StandIn(name="quick")
    world = sqlite_world.with_providers(sim=slow, quick=quick)
    world.number("38000", gateway="sim")
    world.number("38001", gateway="quick")
    author = world.member(world.community())
    world.add(*[world.person(author.community_id) for _ in range(40)])
    world.raised(author)
    began = time.monotonic()
    world.pump(5)
    assert len(slow.sent) + len(quick.sent) == 40
    assert max(quick.left_at) - min(quick.left_at) < 1.0
    assert time.monotonic() - began < 5


def test_no_more_than_the_limit_is_in_flight(sqlite_world: World) -> None:
    flying, most = 0, 0

    class Counting(StandIn):
        async def send(self, message: Outbound) -> Accepted:
            nonlocal flying, most
            flying += 1
            most = max(most, flying)
            try:
                return await super().send(message)
            finally:
                flying -= 1

    world = told_by(sqlite_world, Counting(seconds=0.05), 300)
    limit = world.settings.dispatch.concurrency
    assert world.pump().sent == 300
    assert most <= limit + 1


def test_a_slice_ends_and_says_that_more_is_due(sqlite_world: World) -> None:
    world = told_by(sqlite_world, StandIn(), 30)
    slots = LocalSlots()
    number = world.rows(Number)[0]
    world.change(number, rate=10.0)
    done = pump.run(world.runtime, slots, 1.5)
    assert done.more_due
    assert 3 <= done.sent <= 16
    states = {row.state for row in world.deliveries()}
    assert states == {State.ACCEPTED, State.QUEUED}, "nothing stays in flight"


def test_stopping_drains(sqlite_world: World) -> None:
    world = told_by(sqlite_world, StandIn(seconds=2.5), 300)
    world.change(world.rows(Number)[0], rate=200.0)
    threading.Timer(2.0, world.runtime.stopping.set).start()
    began = time.monotonic()
    done = world.pump(30)
    assert time.monotonic() - began < 20
    assert done.more_due
    assert 0 < done.sent < 300
    states = [row.state for row in world.deliveries()]
    assert states.count(State.ACCEPTED) == done.sent
    assert set(states) == {State.ACCEPTED, State.QUEUED}


def test_messages_leave_at_their_slots(sqlite_world: World) -> None:
    provider = StandIn()
    world = told_by(sqlite_world, provider, 60)
    world.change(world.rows(Number)[0], rate=50.0)
    world.pump(0.1)  # warm: nothing of this is timed
    provider.left_at.clear()
    pump.run(world.runtime, LocalSlots(), 10)
    gaps = sorted(provider.left_at)
    within = max(sum(1 for at in gaps if start <= at < start + 1.0) for start in gaps)
    assert within <= 52, "a second of 50 segments a second, and the jitter of a busy machine"


def test_a_database_that_refuses_while_sending_loses_no_outcome(sqlite_world: World) -> None:
    provider = StandIn(seconds=0.2)
    world = told_by(sqlite_world, provider, 10)
    locked, release = threading.Event(), threading.Event()

    def hold_the_database() -> None:
        while not provider.sent:
            time.sleep(0.005)
        with world.store.begin():
            locked.set()
            release.wait(2)

    thread = threading.Thread(target=hold_the_database)
    thread.start()
    world.pump()
    release.set()
    thread.join()
    assert locked.is_set()
    assert {row.state for row in world.deliveries()} == {State.ACCEPTED}
    assert len(provider.sent) == 10


# Redis and its jobs


def test_a_wake_makes_a_worker_read_and_another_send(sqlite_world: World) -> None:
    world = sqlite_world
    world.number()
    author, neighbour = world.members(world.community(), 2)
    row = world.arrives(author.mobile or "", "Camionnette suspecte")
    assert wake.read_inbound(world.runtime, row)
    worker.work(world.runtime, wake.INBOUND, burst=True)
    assert world.inbound(row).outcome == "alert"
    worker.work(world.runtime, wake.DISPATCH, burst=True)
    assert len(world.phone(neighbour.mobile or "")) == 1


def test_one_pending_wake_is_enough(sqlite_world: World, valkey: Redis) -> None:
    for _ in range(5):
        assert wake.pump(sqlite_world.runtime)
    assert len(wake.queue(wake.DISPATCH, valkey)) == 1


def test_a_job_that_is_not_ours_does_not_run(sqlite_world: World, valkey: Redis) -> None:
    marker = sqlite_world.settings.data_dir / "marker"
    queue = wake.queue(wake.DISPATCH, valkey)
    job = queue.enqueue("os.system", f"touch {marker}")
    worker.work(sqlite_world.runtime, wake.DISPATCH, burst=True)
    job.refresh()  # type: ignore[no-untyped-call]  # RQ has no types there
    assert job.is_failed
    assert not marker.exists()


@pytest.mark.parametrize(
    "name", ["os.system", "dispatch.sweep.sweep", "dispatch.jobs.__import__", ""]
)
def test_only_the_listed_jobs_are_allowed(valkey: Redis, name: str) -> None:
    job = jobs.AllowedJob.create("dispatch.jobs.pump", connection=valkey)
    job.func_name = name
    with pytest.raises(jobs.ForbiddenJob):
        _ = job.func


def test_the_listed_jobs_exist(valkey: Redis) -> None:
    for name in jobs.ALLOWED:
        assert callable(jobs.AllowedJob.create(name, connection=valkey).func)


def test_with_redis_away_housekeeping_reads_and_sends(
    sqlite_world: World, own_valkey: RedisServer
) -> None:
    with connect_redis(own_valkey.url) as redis:
        world = replace(sqlite_world, runtime=replace(sqlite_world.runtime, redis=redis))
        own_valkey.process.kill()
        world.number()
        author, neighbour = world.members(world.community(), 2)
        row = world.arrives(author.mobile or "", "Camionnette suspecte")
        assert not wake.read_inbound(world.runtime, row)
        world.clock.forward(seconds=3)
        keeper = Housekeeping(world.runtime)
        for _ in range(3):
            keeper.tick()
        assert len(world.phone(neighbour.mobile or "")) == 1
        own_valkey.restart()
        keeper.tick()
        assert redis.ping()


def test_with_redis_there_housekeeping_only_wakes(sqlite_world: World, valkey: Redis) -> None:
    world = told_by(sqlite_world, StandIn())
    row = world.arrives("+33639989000", "Bonjour")
    world.clock.forward(seconds=3)
    Housekeeping(world.runtime).tick()
    assert len(wake.queue(wake.DISPATCH, valkey)) == 1
    assert len(wake.queue(wake.INBOUND, valkey)) == 1
    assert world.inbound(row).state == "new"
    assert {r.state for r in world.deliveries()} == {State.QUEUED}


def test_a_text_that_no_reading_takes_does_not_stop_housekeeping(sqlite_world: World) -> None:
    world = sqlite_world
    world.number()
    author, neighbour = world.members(world.community(), 2)
    poisoned = world.member(author.community_id, language="xx")
    bad = world.arrives(poisoned.mobile or "", "Au feu")
    good = world.arrives(author.mobile or "", "Camionnette suspecte")
    world.clock.forward(seconds=3)
    keeper = Housekeeping(world.runtime)
    for _ in range(3):
        keeper._stand_in()
    assert world.inbound(bad).outcome == "set_aside"
    assert world.inbound(good).outcome == "alert"
    assert len(world.phone(neighbour.mobile or "")) == 1


def test_slots_that_are_away_end_the_slice(sqlite_world: World, own_valkey: RedisServer) -> None:
    world = told_by(sqlite_world, StandIn(answers=accepts))
    with Redis.from_url(own_valkey.url, socket_timeout=1) as redis:
        own_valkey.process.kill()
        done = pump.run(world.runtime, SharedSlots(redis), 5)
    assert done == pump.Pumped(sent=0, more_due=True)
    assert {row.state for row in world.deliveries()} == {State.QUEUED}
    assert pump.run(world.runtime, FreeSlots(), 5).sent == 3
