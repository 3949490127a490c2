"""A delivery's states: whatever the order of what is heard, the end is the same (R5)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community_store.models import Delivery
from community_store.models import DeliveryState as State
from dispatch import lost, outbox, receipts
from dispatch.lifecycle import BAD_NEWS, BY_STAGE, FINAL, RANK, below, replaced_by
from gateway.contract import Accepted, Receipt, Stage, Unknown
from tests.dispatch.world import World


def test_every_state_has_a_rank_and_every_stage_a_state() -> None:
    assert set(RANK) == set(State)
    assert set(BY_STAGE) == set(Stage)


def end(start: State, stages: Sequence[Stage]) -> State:
    state = start
    for stage in stages:
        if state in replaced_by(stage):
            state = BY_STAGE[stage]
    return state


@given(
    start=st.sampled_from([State.SENDING, State.UNKNOWN, State.ACCEPTED]),
    stages=st.lists(st.sampled_from(list(Stage)), max_size=5),
)
def test_receipts_in_any_order_end_the_same(start: State, stages: list[Stage]) -> None:
    ends = {end(start, order) for order in itertools.permutations(stages)}
    assert len(ends) == 1
    assert {end(start, [*stages, stage]) for stage in stages} <= ends


@pytest.mark.parametrize("stage", list(Stage))
def test_evidence_only_moves_forward(stage: Stage) -> None:
    assert set(replaced_by(stage)) <= set(below(BY_STAGE[stage]))
    assert all(RANK[state] < RANK[BY_STAGE[stage]] for state in replaced_by(stage))
    assert State.DELIVERED not in replaced_by(stage)


@pytest.mark.parametrize("stage", sorted(BAD_NEWS))
@pytest.mark.parametrize(
    "state", [State.QUEUED, State.HELD, State.EXPIRED, State.CANCELLED, State.SUPPRESSED]
)
def test_bad_news_never_ends_what_waits(stage: Stage, state: State) -> None:
    assert state not in replaced_by(stage)


@pytest.mark.parametrize("state", sorted(set(State) - {State.DELIVERED}))
def test_that_it_arrived_counts_whatever_we_thought(state: State) -> None:
    assert state in replaced_by(Stage.DELIVERED)


EVENTS = ["commit", Stage.ACCEPTED, Stage.SENT, Stage.DELIVERED]


@pytest.mark.parametrize("last", [Stage.DELIVERED, Stage.UNDELIVERED, Stage.FAILED])
@pytest.mark.parametrize(
    "commit", [Accepted("P1"), Unknown("time-out")], ids=["accepted", "unknown"]
)
def test_receipts_around_our_own_commit_end_the_same_on_the_rows(
    sqlite_world: World, last: Stage, commit: Accepted | Unknown
) -> None:
    world = sqlite_world
    number = world.number()
    author, *_ = world.members(world.community(), 2)
    ends = set()
    for order in itertools.permutations(["commit", Stage.ACCEPTED, Stage.SENT, last]):
        world.clock.forward(hours=1, seconds=1)  # no more than five alerts an hour
        world.raised(author, f"Texte {order}")
        (claimed,) = world.claim(number)
        for event in order:
            if isinstance(event, Stage):
                hear(world, claimed.id, event)
                hear(world, claimed.id, event)
            else:
                world.settle(claimed, commit)
        found = world.delivery(id=claimed.id)
        ends.add((found.state, found.settled_at is not None, found.look_at, found.provider_id))
    assert ends == {(BY_STAGE[last], True, None, "P1")}


def hear(world: World, delivery: int, stage: Stage, attempt: int | None = 1) -> None:
    with world.store.begin() as session:
        said = Receipt(stage, "P1", delivery, attempt)
        receipts.record(session, "sim", said, world.clock())


@pytest.mark.parametrize("stage", sorted(BAD_NEWS))
def test_bad_news_of_an_earlier_attempt_does_not_end_the_next(world: World, stage: Stage) -> None:
    number = world.number()
    author, _ = world.members(world.community(), 2)
    world.raised(author)
    (first,) = world.claim(number)
    world.settle(first, Unknown("time-out"))
    requeue(world, first.id)
    hear(world, first.id, stage)
    assert world.delivery().state == State.QUEUED
    (second,) = world.claim(number)
    hear(world, first.id, stage)
    assert world.delivery().state == State.SENDING
    world.settle(second, Accepted("P2"))
    assert world.delivery().state == State.ACCEPTED
    hear(world, second.id, stage, attempt=2)
    assert world.delivery().state == BY_STAGE[stage]


def requeue(world: World, delivery: int) -> None:
    with world.store.begin() as session:
        assert outbox.requeue(session, delivery, 1, world.clock())


def test_a_doubled_failure_does_not_undo_an_operator_s_retry(sqlite_world: World) -> None:
    world = sqlite_world
    number = world.number()
    author, _ = world.members(world.community(), 2)
    world.raised(author)
    (first,) = world.claim(number)
    world.settle(first, Accepted("P1"))
    hear(world, first.id, Stage.UNDELIVERED)
    with world.store.begin() as session:
        outbox.retry(session, first.id, world.clock())
    hear(world, first.id, Stage.UNDELIVERED)
    assert [claimed.attempt for claimed in world.claim(number)] == [2]


@pytest.mark.parametrize("moment", ["queued", "sending", "cancelled"])
def test_a_late_acceptance_of_an_earlier_attempt_counts(world: World, moment: str) -> None:
    number = world.number()
    author, _ = world.members(world.community(), 2)
    alert = world.raised(author)
    (first,) = world.claim(number)
    world.settle(first, Unknown("time-out"))
    requeue(world, first.id)
    second = world.claim(number) if moment == "sending" else []
    if moment == "cancelled":
        with world.store.begin() as session:
            outbox.cancel_waiting(session, alert.id or 0, "alert ended", world.clock())
    hear(world, first.id, Stage.SENT)
    found = world.delivery()
    assert (found.state, found.settled_at) == (State.SENT, None)
    assert found.look_at is not None, "somebody must ask what became of it"
    assert world.claim(number) == []
    for claimed in second:
        world.settle(claimed, Unknown("time-out"))
    assert world.delivery().state == State.SENT


def test_every_final_state_is_left_alone_by_housekeeping(sqlite_world: World) -> None:
    world = sqlite_world
    world.number()
    author, _ = world.members(world.community(), 2)
    world.raised(author)
    row = world.delivery()
    for state in FINAL:
        world.change(row, state=state, reason="as it was")
        with world.store.begin() as session:
            outbox.expire_waiting(session, row.expires_at)
            lost.doubt(session, row.expires_at)
            outbox.requeue(session, row.id or 0, row.attempts, row.expires_at)
            outbox.give_up(session, row.id or 0, (State.NO_RECEIPT, ""), row.expires_at)
            outbox.suppress_waiting(session, row.address, row.channel, row.expires_at)
        found = world.rows(Delivery)[0]
        assert (found.state, found.reason) == (state, "as it was")
