"""What the keys of a telephone do during a call."""

from __future__ import annotations

from community_store import optouts
from community_store.models import Alert, DeliveryState, Member
from dispatch import calls
from dispatch.tally import Why
from gateway.contract import Accepted, Key
from tests.dispatch.landlines import LANDLINE, SMS, VOICE, called, claim, missed
from tests.dispatch.world import World


def press(
    world: World, key: str, delivery: int, attempt: int = 1, gateway: str = "sim"
) -> calls.Answer:
    return calls.press(world.runtime, gateway, Key(key, "CA1", delivery, attempt))


def test_key_1_is_an_acknowledgement_counted_once(world: World) -> None:
    alert, _, number = called(world)
    [claimed] = claim(world, number)
    for _ in range(2):
        assert press(world, "1", claimed.id).text == "Merci, c'est noté. Au revoir."
    assert world.rows(Alert)[0].acknowledged == 1
    assert world.delivery(channel=VOICE).state == DeliveryState.DELIVERED
    world.settle(claimed, Accepted("CA1"))
    assert world.delivery(channel=VOICE).state == DeliveryState.DELIVERED
    assert alert.id is not None


def test_key_9_stops_calls_at_once_also_those_queued(world: World) -> None:
    alert, listener, number = called(world)
    [claimed] = claim(world, number)
    author = world.rows(Member)[0]
    second = world.raised(author, "Autre chose")
    answer = press(world, "9", claimed.id)
    assert answer.text == "C'est noté : Tocsin ne vous appellera plus. Au revoir."
    assert not answer.listen
    with world.store.read() as session:
        assert optouts.stopped(session, LANDLINE, VOICE)
        assert not optouts.stopped(session, LANDLINE, SMS)
    assert world.delivery(channel=VOICE, alert_id=second.id).state == DeliveryState.SUPPRESSED
    third = world.raised(author, "Encore autre chose")
    assert world.told(VOICE, third) == set()
    assert missed(world, third) == {listener.id: Why.STOPPED}
    assert missed(world, second) == {listener.id: Why.STOPPED}
    assert missed(world, alert) == {}


def test_another_key_hears_the_choice_again(world: World) -> None:
    _, _, number = called(world)
    [claimed] = claim(world, number)
    answer = press(world, "5", claimed.id)
    assert answer.listen
    assert answer.text.splitlines()[-1].startswith("Si vous avez entendu, tapez 1.")
    assert world.rows(Alert)[0].acknowledged == 0


def test_a_key_of_a_call_that_is_not_ours_does_nothing(world: World) -> None:
    _, _, number = called(world)
    [claimed] = claim(world, number)
    text = world.delivery(channel=SMS).id or 0
    for wrong in (
        press(world, "9", 99_999), press(world, "9", text),
        press(world, "9", claimed.id, gateway="other"), press(world, "9", claimed.id, attempt=7),
    ):  # fmt: skip
        assert wrong == calls.Answer()
    with world.store.read() as session:
        assert not optouts.stopped(session, LANDLINE, VOICE)
