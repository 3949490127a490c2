"""What each answer of a provider does to its delivery, its number and its gateway."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from community_store.models import Attempt, Delivery, GatewayPause, Number, NumberState, Stop
from community_store.models import DeliveryState as State
from dispatch import lanes, receipts, settlement
from dispatch.outbox import Claimed
from dispatch.runtime import rates
from gateway.contract import (
    Accepted,
    Misconfigured,
    NotNow,
    Receipt,
    Refused,
    SendError,
    Stage,
    Unknown,
)
from tests.dispatch.world import TERMS, World

pytestmark = pytest.mark.both


class Odd(Refused):
    """A kind of refusal that the table does not name."""


@pytest.fixture
def claimed(world: World) -> Claimed:
    return claim_one(world)


def claim_one(world: World) -> Claimed:
    number = world.number()
    author, _ = world.members(world.community(), 2)
    world.raised(author)
    (claimed,) = world.claim(number)
    return claimed


def open_lanes(world: World) -> int:
    with world.store.read() as session:
        return len(lanes.look(session, rates(world.settings), world.clock()).lanes)


@pytest.mark.parametrize(
    ("stage", "state"),
    [
        (Stage.ACCEPTED, State.ACCEPTED),
        (Stage.SENT, State.SENT),
        (Stage.DELIVERED, State.DELIVERED),
        (Stage.FAILED, State.FAILED),
    ],
)
def test_accepted_at_any_stage(world: World, claimed: Claimed, stage: Stage, state: State) -> None:
    world.settle(claimed, Accepted("P1", stage))
    row = world.delivery()
    assert (row.state, row.provider_id) == (state, "P1")
    assert row.handed_over_at == world.clock()
    final = state in (State.DELIVERED, State.FAILED)
    assert row.settled_at == (world.clock() if final else None)
    assert row.look_at == (None if final else world.clock() + timedelta(seconds=600))
    (attempt,) = world.rows(Attempt)
    assert (attempt.outcome, attempt.provider_id) == ("accepted", "P1")
    assert attempt.finished_at == world.clock()


@pytest.mark.parametrize(
    ("error", "state", "doubts", "due_in"),
    [
        (NotNow("refused", delay=5), State.QUEUED, 0, 5),
        (NotNow("throttled", delay=90, throttled=True), State.QUEUED, 0, 90),
        (Refused("no such number", code="21211"), State.FAILED, 0, 0),
        (Refused("opted out", opted_out=True), State.SUPPRESSED, 0, 0),
        (Unknown("time-out"), State.UNKNOWN, 1, 0),
        (Misconfigured("wrong password"), State.QUEUED, 0, 0),
        (Odd("a kind of refusal"), State.FAILED, 0, 0),
        (SendError("of no kind"), State.UNKNOWN, 1, 0),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, SendError) else None,
)
def test_every_error_has_its_consequence(
    sqlite_world: World, error: SendError, state: State, doubts: int, due_in: float
) -> None:
    world = sqlite_world
    claimed = claim_one(world)
    world.settle(claimed, error)
    row = world.delivery()
    assert (row.state, row.doubts, row.reason) == (state, doubts, error.reason)
    assert row.due_at == world.clock() + timedelta(seconds=due_in)
    assert (row.look_at is not None) is (state == State.UNKNOWN)
    assert (row.settled_at is not None) is (state in (State.FAILED, State.SUPPRESSED))


def test_what_says_not_now_is_tried_again_within_ten_seconds_for_ever(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    world.settle(claim_one(world), NotNow("connection refused", delay=1))
    number = world.rows(Number)[0]
    waits = []
    for _ in range(12):
        row = world.delivery()
        waits.append((row.due_at - world.clock()).total_seconds())
        assert world.claim(number) == []
        world.clock.now = row.due_at
        (claimed,) = world.claim(number)
        world.settle(claimed, NotNow("connection refused", delay=1))
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (1, 8)
    assert (world.delivery().attempts, world.delivery().doubts) == (13, 0)


def test_a_throttled_number_rests_and_no_longer_answer_shortens_it(world: World) -> None:
    claimed = claim_one(world)
    author, _ = world.members(world.community("B"), 2)
    world.raised(author)
    assert open_lanes(world) == 1
    world.settle(claimed, NotNow("429", delay=30, throttled=True))
    (second,) = world.claim(world.rows(Number)[0])
    world.settle(second, NotNow("429", delay=2, throttled=True))
    assert open_lanes(world) == 0
    world.clock.forward(seconds=29)
    assert open_lanes(world) == 0
    world.clock.forward(seconds=1)
    assert open_lanes(world) == 1


def test_an_opt_out_at_the_provider_is_a_stop(world: World, claimed: Claimed) -> None:
    world.settle(claimed, Refused("opted out", opted_out=True))
    (stop,) = world.rows(Stop)
    assert (stop.address, stop.channel) == (claimed.to, claimed.channel)
    world.settle(claimed, Refused("opted out", opted_out=True))
    assert len(world.rows(Stop)) == 1


def told(world: World, receipt: Receipt) -> None:
    with world.store.begin() as session:
        receipts.record(session, "sim", receipt, world.clock())


@pytest.mark.parametrize("by_id", [True, False])
def test_so_is_one_that_only_a_receipt_tells(world: World, claimed: Claimed, by_id: bool) -> None:
    world.settle(claimed, Accepted("P1"))
    delivery, attempt = (None, None) if by_id else (claimed.id, claimed.attempt)
    receipt = Receipt(
        Stage.UNDELIVERED, "P1", delivery, attempt, "21610", "opted out", opted_out=True
    )
    told(world, receipt)
    (stop,) = world.rows(Stop)
    assert (stop.address, stop.channel) == (claimed.to, claimed.channel)
    row = world.delivery()
    assert (row.state, row.reason) == (State.UNDELIVERED, "opted out")
    told(world, receipt)
    assert len(world.rows(Stop)) == 1
    author = world.member(world.member_of(claimed.id).community_id)
    world.raised(author, "Autre chose")
    assert claimed.to not in {each.to for each in world.claim(world.rows(Number)[0])}


def test_a_failure_that_is_no_opt_out_stops_nobody(world: World, claimed: Claimed) -> None:
    world.settle(claimed, Accepted("P1"))
    told(world, Receipt(Stage.FAILED, "P1", claimed.id, 1, "30006", "a landline"))
    assert world.rows(Stop) == []


def test_an_opt_out_of_a_message_that_is_not_ours_stops_nobody(world: World) -> None:
    told(world, Receipt(Stage.FAILED, "P9", None, None, "21610", "opted out", opted_out=True))
    assert world.rows(Stop) == []


def test_two_workers_may_hear_of_one_opt_out_at_once(world: World) -> None:
    number = world.number()
    one, other = world.community("A"), world.community("B")
    victim = world.member(one)
    authors = [world.member(one), world.member(one)]
    for n, author in enumerate(authors):
        world.raised(author, f"Texte {n}")
    claims = [c for c in world.claim(number) if c.to == victim.mobile]
    assert len(claims) == 2
    assert other
    faults: list[Exception] = []

    def settle(claimed: Claimed) -> None:
        try:
            world.settle(claimed, Refused("opted out", opted_out=True))
        except Exception as error:  # noqa: BLE001  # told below
            faults.append(error)

    threads = [threading.Thread(target=settle, args=(claimed,)) for claimed in claims]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert {world.delivery(id=c.id).state for c in claims} == {State.SUPPRESSED}


def test_a_misconfigured_gateway_pauses_and_its_rows_stay(world: World, claimed: Claimed) -> None:
    world.settle(claimed, Misconfigured("wrong password", code="20003"))
    (pause,) = world.rows(GatewayPause)
    assert (pause.gateway, pause.reason) == ("sim", "wrong password")
    assert open_lanes(world) == 0
    world.clock.forward(seconds=60)
    assert world.delivery().state == State.QUEUED
    world.delete(pause)
    assert open_lanes(world) == 1


def test_a_number_that_is_not_ours_pauses_alone(world: World, claimed: Claimed) -> None:
    world.settle(claimed, Misconfigured("not your number", only_sender=True))
    (number,) = world.rows(Number)
    assert (number.state, number.reason) == (NumberState.PAUSED, "not your number")
    assert world.rows(GatewayPause) == []
    assert world.delivery().state == State.QUEUED


@pytest.mark.parametrize(
    "late", [NotNow("later"), Refused("no"), Unknown("time-out"), Misconfigured("wrong password")]
)
def test_a_late_failure_of_a_lost_attempt_changes_nothing(
    sqlite_world: World, late: SendError
) -> None:
    world = sqlite_world
    first = claim_one(world)
    row = world.delivery()
    world.change(row, state=State.QUEUED)
    (second,) = world.claim(world.rows(Number)[0])
    world.settle(first, late)
    assert world.delivery().state == State.SENDING
    world.settle(second, Accepted("P2"))
    world.settle(first, late)
    found: Delivery = world.delivery()
    assert (found.state, found.doubts) == (State.ACCEPTED, 0)


def test_a_batch_of_everything_at_once(world: World) -> None:
    number = world.number()
    author, *_ = world.members(world.community(), 6)
    world.raised(author)
    outcomes: list[Accepted | SendError] = [
        Accepted("P1"), Accepted("P2", Stage.DELIVERED), Refused("no"), Unknown("?"), NotNow("later"),
    ]  # fmt: skip
    claims = world.claim(number)
    with world.store.begin() as session:
        settlement.settle(
            session,
            [
                settlement.Settled(c, o, world.clock(), TERMS)
                for c, o in zip(claims, outcomes, strict=True)
            ],
        )
    assert [world.delivery(id=c.id).state for c in claims] == [
        State.ACCEPTED, State.DELIVERED, State.FAILED, State.UNKNOWN, State.QUEUED,
    ]  # fmt: skip
