"""Doubt and silence: looked for, sent again only when it is safe, ended in the end."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, update

from community_store.models import AlertState, Delivery, Stop
from community_store.models import DeliveryState as State
from community_store.store import Store
from dispatch import (
    asking,
    figures,
    looking,
    metrics,
    outbox,
    patience,
    queues,
    sweep,
    tally,
)
from dispatch.act import Act
from gateway.contract import Accepted, NotNow, Receipt, Stage, Traits, Unknown
from tests.dispatch.doubtful import Doubtful, arrived, reported
from tests.dispatch.standin import StandIn
from tests.dispatch.world import World, make_world

pytestmark = pytest.mark.both


def test_a_look_that_finds_it_settles_the_doubt(world: World) -> None:
    doubtful = Doubtful(world)
    doubtful.provider.finds = arrived
    assert doubtful.look(seconds=4) == State.UNKNOWN
    assert doubtful.look(seconds=1) == State.SENT
    assert world.delivery().provider_id == "P1"
    assert figures_of(world)["unknown"] == 0


def figures_of(world: World) -> dict[str, int]:
    with world.store.read() as session:
        (sim,) = queues.gateways(session, ["sim"], world.clock())
    return {"unknown": sim.unknown, "due": sim.due, "sending": sim.sending}


def test_only_two_empty_looks_and_the_quiet_period_send_it_again(world: World) -> None:
    doubtful = Doubtful(world)
    assert doubtful.look(seconds=5) == State.UNKNOWN
    assert doubtful.look(seconds=30) == State.UNKNOWN
    assert len(doubtful.provider.looked) == 1, "the second look comes after the quiet period"
    assert doubtful.look(seconds=25) == State.QUEUED
    assert len(doubtful.provider.looked) == 2
    assert [claimed.attempt for claimed in world.claim(doubtful.number)] == [2]


def test_one_that_left_twice_is_counted_once_its_provider_says_so(world: World) -> None:
    doubtful = Doubtful(world)
    doubtful.look(seconds=5)
    assert doubtful.look(seconds=60) == State.QUEUED
    (second,) = world.claim(doubtful.number)
    world.settle(second, Accepted("P2"))
    assert twice(world) == 0
    reported(world, Receipt(Stage.DELIVERED, "P2", second.id, 2))
    assert twice(world) == 0
    reported(world, Receipt(Stage.FAILED, "P1", second.id, 1))
    assert twice(world) == 0
    for stage in (Stage.SENT, Stage.DELIVERED):
        reported(world, Receipt(stage, "P1", second.id, 1))
    assert twice(world) == 1


def twice(world: World) -> int:
    with world.store.read() as session:
        return figures.duplicates(session)


def sent_again(doubtful: Doubtful) -> None:
    """The second and the third attempt, in doubt as the first."""
    for attempt in (2, 3):
        doubtful.look(seconds=5)
        doubtful.look(seconds=60)
        if attempt == 3:
            doubtful.look(minutes=10)
        assert doubtful.attempt().attempt == attempt


def test_an_outage_of_ten_minutes_does_not_use_all_attempts_up(sqlite_world: World) -> None:
    """Twilio answers 502 to each message, and its list says truly that it has none (R6)."""
    doubtful = Doubtful(sqlite_world)
    began = sqlite_world.clock()
    while sqlite_world.clock() - began < timedelta(minutes=10):
        if doubtful.look(seconds=5) == State.QUEUED:
            doubtful.attempt()
    while doubtful.look(seconds=5) == State.UNKNOWN:
        assert sqlite_world.clock() - began < timedelta(minutes=15)
    assert [claimed.attempt for claimed in sqlite_world.claim(doubtful.number)] == [3]


def twice_in_doubt(world: World) -> Doubtful:
    doubtful = Doubtful(world)
    doubtful.look(seconds=5)
    doubtful.look(seconds=60)
    assert doubtful.attempt().attempt == 2
    return doubtful


def takes_another(doubtful: Doubtful) -> None:
    """The gateway takes another message."""
    world = doubtful.world
    author, _ = world.members(world.community(f"C{world.clock()}"), 2)
    world.raised(author)
    (claimed,) = world.claim(doubtful.number)
    world.settle(claimed, Accepted("P9"))


def test_one_that_was_unlucky_twice_waits_no_longer_where_others_are_taken(world: World) -> None:
    doubtful = twice_in_doubt(world)
    world.clock.forward(seconds=20)
    takes_another(doubtful)
    assert doubtful.look(seconds=5) == State.UNKNOWN
    assert doubtful.look(seconds=30) == State.UNKNOWN
    assert doubtful.look(seconds=5) == State.QUEUED


def test_the_long_wait_ends_with_the_outage(sqlite_world: World) -> None:
    doubtful = twice_in_doubt(sqlite_world)
    for _ in range(18):
        assert doubtful.look(seconds=10) == State.UNKNOWN
    looked = len(doubtful.provider.looked)
    assert 3 <= looked - 2 <= 4, "once a quiet period"
    takes_another(doubtful)
    seen = [doubtful.look(seconds=10) for _ in range(6)]
    assert seen[-1] == State.QUEUED


def test_what_was_taken_before_says_nothing_of_an_outage(sqlite_world: World) -> None:
    doubtful = Doubtful(sqlite_world)
    doubtful.look(seconds=5)
    takes_another(doubtful)
    assert doubtful.look(seconds=60) == State.QUEUED
    doubtful.attempt()
    seen = {doubtful.look(seconds=10) for _ in range(30)}
    assert seen == {State.UNKNOWN}


def test_what_another_gateway_takes_says_nothing_of_this_one(sqlite_world: World) -> None:
    doubtful = twice_in_doubt(sqlite_world)
    sqlite_world.clock.forward(seconds=1)
    takes_another(doubtful)
    sqlite_world.change(sqlite_world.rows(Delivery)[-1], gateway="other")
    seen = {doubtful.look(seconds=10) for _ in range(30)}
    assert seen == {State.UNKNOWN}


def test_what_was_taken_last_is_found_by_keys_alone(world: World) -> None:
    """Among millions of deliveries: nothing is read but the newest attempts and theirs."""
    doubtful = twice_in_doubt(world)
    takes_another(doubtful)
    with world.store.read() as session:
        assert patience.last_taken(session) == {"sim": world.clock()}
        if world.store.sqlite:
            plan = "EXPLAIN QUERY PLAN "
        else:
            session.execute(
                text("SET LOCAL enable_seqscan = off")
            )  # too few rows to be worth a key
            plan = "EXPLAIN "
        statement = patience.LAST_TAKEN.compile(
            session.connection(), compile_kwargs={"literal_binds": True}
        )
        lines = [str(row) for row in session.execute(text(f"{plan}{statement}"))]
    read = [line for line in lines if re.search(r"(?i)(scan|search).*(attempt|delivery)", line)]
    assert len(read) == 2, lines
    assert all(re.search(r"(?i)index|primary key", line) for line in read), lines


def test_a_short_time_to_live_is_not_waited_for_in_vain(sqlite_world: World) -> None:
    doubtful = Doubtful(sqlite_world)
    row = sqlite_world.delivery(alert_id=doubtful.alert.id)
    sqlite_world.change(row, expires_at=sqlite_world.clock() + timedelta(minutes=5))
    doubtful.look(seconds=5)
    assert doubtful.look(seconds=60) == State.QUEUED
    doubtful.attempt()
    seen = {doubtful.look(seconds=10) for _ in range(20)}
    assert State.QUEUED in seen, "there was time for a last attempt"


def test_it_is_sent_three_times_at_most(sqlite_world: World) -> None:
    doubtful = Doubtful(sqlite_world)
    sent_again(doubtful)
    doubtful.look(seconds=5)
    assert doubtful.look(seconds=60) == State.NO_RECEIPT
    assert sqlite_world.claim(doubtful.number) == []


def test_what_no_provider_ever_took_is_not_counted_as_accepted(world: World) -> None:
    doubtful = Doubtful(world)
    sent_again(doubtful)
    doubtful.look(seconds=5)
    assert doubtful.look(seconds=60) == State.NO_RECEIPT
    with world.store.read() as session:
        figures_of_it = tally.by_channel(session, doubtful.alert.id or 0)["sms"]
        people = tally.total(session, doubtful.alert.id or 0)
    for counted in (figures_of_it, people):
        assert (counted["told"], counted["accepted"], counted["unknown"]) == (1, 0, 1)


def test_a_look_that_fails_is_no_empty_look(sqlite_world: World) -> None:
    doubtful = Doubtful(sqlite_world)
    doubtful.provider.finds = lambda _: NotNow("connection refused")
    for _ in range(30):
        assert doubtful.look(seconds=10) == State.UNKNOWN
    doubtful.provider.finds = lambda _: None
    assert doubtful.look(seconds=10) == State.UNKNOWN
    assert doubtful.look(seconds=10) == State.QUEUED


def test_a_provider_that_can_never_be_asked_is_asked_for_a_day(sqlite_world: World) -> None:
    doubtful = Doubtful(sqlite_world)
    doubtful.provider.finds = lambda _: NotNow("connection refused")
    assert doubtful.look(seconds=23 * 3600) == State.UNKNOWN
    assert doubtful.look(seconds=2 * 3600) == State.NO_RECEIPT
    assert "could not be asked" in sqlite_world.delivery().reason


def test_what_is_still_worth_telling_is_not_given_up_while_its_provider_cannot_be_asked(
    sqlite_world: World,
) -> None:
    doubtful = Doubtful(sqlite_world)
    doubtful.provider.finds = lambda _: NotNow("connection refused")
    with sqlite_world.store.begin() as session:
        lives = sqlite_world.clock() + timedelta(days=3)
        session.execute(update(Delivery).values(expires_at=lives))
    assert doubtful.look(seconds=30 * 3600) == State.UNKNOWN
    doubtful.provider.finds = lambda _: None
    assert doubtful.look(seconds=10) == State.UNKNOWN
    assert doubtful.look(seconds=10) == State.QUEUED


def test_a_look_that_was_overtaken_says_nothing_of_what_came_after(world: World) -> None:
    doubtful = Doubtful(world)
    assert doubtful.look(seconds=1) == State.UNKNOWN
    row = world.delivery()
    with world.store.begin() as session:
        assert not outbox.requeue(session, row.id or 0, row.attempts - 1, world.clock())
        outbox.postpone_look(session, row.id or 0, row.attempts - 1, world.clock())
    after = world.delivery()
    assert (after.state, after.looks) == (State.UNKNOWN, row.looks)


def test_a_task_that_breaks_is_undone_and_stops_no_other(world: World) -> None:
    def breaks(act: Act) -> None:
        act.session.add(Stop(address="+33639980099", channel="sms"))
        act.session.flush()
        raise ValueError("a row that nobody expected")

    Doubtful(world)
    world.change(world.delivery(), state=State.QUEUED, expires_at=world.clock())
    failed = metrics.TASKS_FAILED.labels("breaks")
    before = failed._value.get()
    sweep.sweep(world.runtime, {"breaks": breaks, **sweep.TASKS})
    assert world.delivery().state == State.EXPIRED
    assert world.rows(Stop) == []
    assert failed._value.get() == before + 1


def test_a_provider_whose_looks_are_final_is_asked_once(sqlite_world: World) -> None:
    doubtful = Doubtful(sqlite_world, Traits(looks=True, look_is_final=True))
    assert doubtful.look(seconds=5) == State.QUEUED


def test_where_nothing_can_be_asked_the_quiet_period_decides(sqlite_world: World) -> None:
    doubtful = Doubtful(sqlite_world, Traits(receipts=True))
    assert doubtful.look(seconds=5) == State.UNKNOWN
    assert doubtful.look(seconds=55) == State.QUEUED
    assert doubtful.provider.looked == []


def test_a_doubt_that_outlives_its_use_is_not_sent_again(sqlite_world: World) -> None:
    doubtful = Doubtful(sqlite_world)
    doubtful.look(seconds=5)
    assert doubtful.look(hours=2) == State.EXPIRED


def test_a_doubt_about_a_withdrawn_alert_is_not_sent_again(sqlite_world: World) -> None:
    world = sqlite_world
    doubtful = Doubtful(world)
    world.change(doubtful.alert, state=AlertState.WITHDRAWN)
    doubtful.look(seconds=5)
    doubtful.look(seconds=60)
    assert world.claim(doubtful.number) == []
    assert world.delivery().state == State.CANCELLED


def test_a_look_that_breaks_does_not_stop_the_others(sqlite_world: World) -> None:
    world = sqlite_world
    doubtful = Doubtful(world)
    author, _ = world.members(world.community("B"), 2)
    healthy = world.raised(author)
    doubtful.attempt()
    broken = world.delivery(alert_id=doubtful.alert.id).id
    doubtful.provider.finds = lambda m: KeyError("a bug") if m.delivery == broken else arrived(m)
    assert doubtful.look(seconds=6) == State.UNKNOWN
    assert world.delivery(alert_id=healthy.id).state == State.SENT


def test_a_provider_that_hangs_does_not_hold_the_sweep(sqlite_world: World) -> None:
    doubtful = Doubtful(sqlite_world)
    doubtful.provider.seconds = 30
    began = time.monotonic()
    assert doubtful.look(seconds=6) == State.UNKNOWN
    assert time.monotonic() - began < asking.LONGEST + 2
    doubtful.provider.seconds = 0
    doubtful.provider.finds = arrived
    assert doubtful.look(seconds=6) == State.SENT


def test_a_receipt_that_never_comes_is_asked_for_and_ends_after_a_day(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    doubtful = Doubtful(world)
    doubtful.provider.finds = arrived
    doubtful.look(seconds=6)
    asked = len(doubtful.provider.looked)
    for _ in range(23 * 6):
        assert doubtful.look(minutes=10) == State.SENT
    assert 2 <= len(doubtful.provider.looked) - asked <= 5
    assert doubtful.look(hours=1, minutes=1) == State.NO_RECEIPT
    assert doubtful.look(days=2) == State.NO_RECEIPT


def test_what_a_look_settled_waits_for_its_receipt_no_longer_than_the_rest(
    sqlite_store: Store, redis_url: str, tmp_path: Path
) -> None:
    hours = {"receipt_hours": 0.05}
    with make_world(sqlite_store, redis_url, tmp_path, dispatch=hours) as world:
        doubtful = Doubtful(world)
        doubtful.provider.finds = arrived
        assert doubtful.look(seconds=6) == State.SENT
        assert doubtful.look(minutes=4) == State.NO_RECEIPT


def test_a_receipt_after_a_day_still_counts(sqlite_world: World) -> None:
    world = sqlite_world
    number = world.number()
    author, _ = world.members(world.community(), 2)
    world.raised(author)
    (claimed,) = world.claim(number)
    world.settle(claimed, Accepted("P1"))
    with world.store.begin() as session:
        outbox.give_up(session, claimed.id, (State.NO_RECEIPT, "no receipt came"), world.clock())
        receipt = Receipt(Stage.DELIVERED, "P1", claimed.id, 1)
        assert outbox.advance(session, receipt, claimed.id, world.clock())
    assert world.delivery().state == State.DELIVERED


def test_a_provider_that_could_not_be_asked_for_a_receipt_is_asked_again_soon(
    sqlite_world: World,
) -> None:
    provider = StandIn(traits=Traits(looks=True, receipts=True))
    world = sqlite_world.with_providers(sim=provider)
    number = world.number()
    author, _ = world.members(world.community(), 2)
    alert = world.raised(author)
    (claimed,) = [each for each in world.claim(number) if each.to != author.mobile]
    world.settle(claimed, Accepted("P1"))
    provider.finds = lambda _: Unknown("time-out")
    world.clock.forward(seconds=601)
    looking.look(world.runtime)
    provider.finds = arrived
    world.clock.forward(seconds=61)
    looking.look(world.runtime)
    assert world.delivery(alert_id=alert.id).state == State.SENT
