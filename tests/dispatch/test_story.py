"""A delivery's story, in order and in words."""

from __future__ import annotations

import pytest

from community_store import numbers
from community_store.errors import NotFound
from community_store.models import DeliveryState as State
from community_store.models import GatewayPause, Number
from dispatch import looking, lost, outbox, receipts, story
from gateway.contract import Accepted, NotNow, Receipt, SendError, Stage, Traits, Unknown
from tests.dispatch.standin import StandIn
from tests.dispatch.world import World


def told(world: World, *outcomes: Accepted | SendError) -> int:
    """A delivery that had these outcomes, one attempt each; its id."""
    number = world.number()
    author, _ = world.members(world.community(), 2)
    world.raised(author)
    for outcome in outcomes:
        world.clock.forward(seconds=10)
        (claimed,) = world.claim(number)
        world.clock.forward(seconds=1)
        world.settle(claimed, outcome)
    row = world.delivery()
    assert row.id is not None
    return row.id


def tale(world: World, delivery: int) -> tuple[list[str], str]:
    traits = {name: each.traits for name, each in world.runtime.providers.items()}
    with world.store.read() as session:
        found = story.tell(session, delivery, world.clock(), traits=traits)
        return [event.text for event in found.events], found.ahead


def begins(lines: list[str], *beginnings: str) -> None:
    assert len(lines) == len(beginnings), lines
    for line, beginning in zip(lines, beginnings, strict=True):
        assert line.startswith(beginning), lines


def test_a_delivery_that_went_well(world: World) -> None:
    delivery = told(world, Accepted("SM1"))
    with world.store.begin() as session:
        receipt = Receipt(Stage.DELIVERED, "SM1", delivery, 1)
        receipts.record(session, "sim", receipt, world.clock())
    lines, ahead = tale(world, delivery)
    begins(
        lines,
        "planned for alert 1, as neighbour, by sms, now from 38000 at sim",
        f"attempt 1: claimed by {world.runtime.worker}",
        "attempt 1: the provider took it, as SM1",
        "receipt of attempt 1: delivered",
        "ended as delivered",
    )
    assert ahead == ""


def test_a_doubt_that_was_looked_into(world: World) -> None:
    provider = StandIn()
    world = world.with_providers(sim=provider)
    delivery = told(world, NotNow("too many", code="20429", throttled=True), Unknown("time-out"))
    _, ahead = tale(world, delivery)
    assert ahead.startswith("the provider is asked again at ")
    for _ in range(2):
        world.clock.forward(seconds=61)
        looking.look(world.runtime)
    lines, ahead = tale(world, delivery)
    begins(
        lines,
        "planned for alert 1",
        "attempt 1: claimed by",
        "attempt 1: too fast for the provider: nothing left, and it counts as no attempt (20429",
        "attempt 2: claimed by",
        "attempt 2: no clear answer: it may have left (time-out)",
        "asked what became of it: sim knows nothing of it",
        "asked what became of it: sim knows nothing of it",
        "given back to be sent again: nothing was found",
    )
    assert ahead == "waits for a slot of its number, behind what is more urgent"


def test_a_receipt_that_was_asked_for_in_vain(world: World) -> None:
    world = world.with_providers(sim=StandIn())
    delivery = told(world, Accepted("SM1"))
    world.clock.forward(hours=25)
    looking.look(world.runtime)
    lines, _ = tale(world, delivery)
    begins(
        lines,
        "planned for alert 1",
        "attempt 1: claimed by",
        "attempt 1: the provider took it, as SM1",
        "asked what became of it: sim knows nothing of it",
        "ended as no_receipt: no receipt came",
    )


def test_a_provider_that_cannot_be_asked_is_not_said_to_know_nothing(world: World) -> None:
    world = world.with_providers(sim=StandIn(traits=Traits(receipts=True)))
    delivery = told(world, Unknown("the connection broke"))
    _, ahead = tale(world, delivery)
    assert ahead.startswith("the provider cannot be asked; only a report can settle it. After the")
    for _ in range(2):
        world.clock.forward(seconds=61)
        looking.look(world.runtime)
    lines, _ = tale(world, delivery)
    begins(
        lines,
        "planned for alert 1",
        "attempt 1: claimed by",
        "attempt 1: no clear answer: it may have left (the connection broke)",
        "given back to be sent again: no receipt came in the quiet period",
    )


@pytest.mark.parametrize(
    ("traits", "outcome", "ahead"),
    [
        (Traits(), Unknown("?"), "the provider cannot be asked. After the quiet period"),
        (Traits(replaces=True), Unknown("?"), "is sent again at "),
        (Traits(looks=True), Unknown("?"), "the provider is asked again at "),
        (Traits(receipts=True), Accepted("1"), "a report is waited for: the provider cannot"),
        (Traits(looks=True, receipts=True), Accepted("1"), "a receipt is waited for, and asked"),
    ],
)
def test_what_comes_next_is_what_its_provider_can_do(
    sqlite_world: World, traits: Traits, outcome: Accepted | SendError, ahead: str
) -> None:
    world = sqlite_world.with_providers(sim=StandIn(traits=traits))
    assert tale(world, told(world, outcome))[1].startswith(ahead)


def test_a_worker_that_was_lost_is_told_of(world: World) -> None:
    delivery = told(world, NotNow("refused a connection"))
    world.clock.forward(seconds=10)
    (number,) = world.rows(Number)
    assert len(world.claim(number)) == 1
    world.clock.forward(seconds=61)
    with world.store.begin() as session:
        assert lost.doubt(session, world.clock()) == 1
    with world.store.begin() as session:
        assert lost.doubt(session, world.clock()) == 0
    begins(
        tale(world, delivery)[0][-2:],
        "attempt 2: claimed by",
        "in doubt, it may have left: its worker was lost",
    )


def test_what_is_cancelled_moved_or_waits_says_so(world: World) -> None:
    delivery = told(world)
    with world.store.begin() as session:
        number = session.get(Number, 1)
        assert number is not None
        numbers.change(session, number, {"gateway": "other"})
    world.add(GatewayPause(gateway="other", reason="wrong password"))
    lines, ahead = tale(world, delivery)
    assert "moved: with its number 38000 from sim to other" in lines
    assert ahead == "waits: gateway other is paused (wrong password)"
    world.clock.forward(seconds=60)
    with world.store.begin() as session:
        outbox.cancel_waiting(session, 1, "alert withdrawn", world.clock())
    lines, ahead = tale(world, delivery)
    assert lines[-1] == "ended as cancelled: alert withdrawn"
    assert ahead == ""


def test_what_was_held_says_when_it_was_let_go(world: World) -> None:
    delivery = told(world)
    world.change(world.delivery(), state=State.HELD)
    assert tale(world, delivery)[1] == "waits until the alert is released or dropped"
    with world.store.begin() as session:
        outbox.release_held(session, 1)
    assert "no longer held: the alert may go" in tale(world, delivery)[0]


def test_no_story_of_what_is_not_there(world: World) -> None:
    with world.store.read() as session, pytest.raises(NotFound):
        story.tell(session, 99, world.clock(), traits={})
