"""Inside a class each community sends in turn, and a newcomer goes first (A8, decision 5)."""

from __future__ import annotations

import threading
from itertools import groupby

import pytest

from community_store.models import Alert, Delivery, Member, Number, Town
from community_store.models import DeliveryState as State
from dispatch import alerts
from dispatch.alerts import Told, TownVoice
from gateway.contract import Accepted, Channel
from tests.dispatch.world import INSEE, World

pytestmark = pytest.mark.both

WORDS = ("Camionnette suspecte", "Porte forcée", "Fumée au fond de la cour")


def leave(world: World, number: Number, count: int) -> list[Delivery]:
    """The next messages of a number, handed over."""
    left = []
    for claimed in world.claim(number, count):
        world.settle(claimed, Accepted(f"P{claimed.id}"))
        left.append(world.delivery(id=claimed.id))
    return left


def turns(world: World, alert: Alert, channel: Channel = Channel.SMS) -> list[int]:
    return sorted(row.size for row in world.deliveries(alert_id=alert.id, channel=channel))


def end(world: World, alert: Alert) -> None:
    with world.act() as act:
        alerts.end(act, alerts.find(act.session, alert.id or 0))


def test_a_storm_goes_round_and_who_comes_later_goes_first(world: World) -> None:
    number = world.number()
    stormy = [world.members(world.community(f"Quartier {n}"), 4) for n in range(3)]
    for text in WORDS[:2]:
        for author, *_ in stormy:
            world.raised(author, text)
    leave(world, number, 9)
    calm, *_ = world.members(world.community("Ailleurs"), 6)
    lone = world.raised(calm, "Fuite de gaz")
    assert [row.alert_id for row in leave(world, number, 3)] == [lone.id] * 3
    homes = [{world.alert_of(row.id or 0).community_id for row in leave(world, number, 4)}]
    assert [len(each) for each in homes] == [4]


def test_a_community_waits_behind_itself_not_before(world: World) -> None:
    number = world.number()
    author, *_ = world.members(world.community(), 4)
    first, second = world.raised(author, WORDS[0]), world.raised(author, WORDS[1])
    left = leave(world, number, 2) + leave(world, number, 1)
    third = world.raised(author, WORDS[2])
    left += leave(world, number, 10)
    order = [alert for alert, _ in groupby(row.alert_id for row in left)]
    assert order == [first.id, second.id, third.id]


def test_the_count_begins_again_once_nothing_waits(world: World) -> None:
    number = world.number()
    author, *_ = world.members(world.community(), 4)
    assert turns(world, world.raised(author, WORDS[0])) == [1, 2, 3]
    leave(world, number, 3)
    assert turns(world, world.raised(author, WORDS[1])) == [1, 2, 3]
    leave(world, number, 1)
    assert turns(world, world.raised(author, WORDS[2])) == [4, 5, 6]


def test_what_is_held_keeps_its_turn(world: World) -> None:
    world.number()
    author, *_ = world.members(world.community(), 3)
    *_, held, last = [world.raised(author, f"Numéro {n}") for n in range(7)]
    assert {row.state for row in world.deliveries(alert_id=held.id)} == {State.HELD}
    assert (turns(world, held), turns(world, last)) == ([11, 12], [13, 14])


def test_mails_and_texts_are_counted_apart(world: World) -> None:
    number = world.number()
    home = world.community()
    author, *_ = world.members(home, 3)
    world.member(home, mobile=None, email="lea@residents.example")
    world.raised(author, WORDS[0])
    leave(world, number, 2)
    second = world.raised(author, WORDS[1])
    assert (turns(world, second), turns(world, second, Channel.EMAIL)) == ([1, 2], [2])


def test_agents_and_neighbours_of_one_alert_follow_each_other(world: World) -> None:
    world.town(subscribed=True)
    world.number()
    author, *_ = world.members(world.community(), 4)
    world.agent()
    assert turns(world, world.raised(author)) == [1, 2, 3, 4]


def test_what_is_said_afterwards_takes_its_turn_too(world: World) -> None:
    number = world.number()
    author, *_ = world.members(world.community(), 4)
    other, *_ = world.members(world.community("Ailleurs"), 4)
    over = world.raised(author, WORDS[0])
    leave(world, number, 2)
    world.raised(author, WORDS[1])
    end(world, over)
    world.raised(other, WORDS[2])
    told = sorted(row.size for row in world.deliveries() if row.notice_id and row.priority == 2)
    assert told == [7, 8]
    assert turns(world, world.raised(author, "Et encore")) == [9, 10, 11]


@pytest.mark.parametrize("urgent", [False, True])
def test_towns_take_turns_with_each_other_in_each_class(world: World, urgent: bool) -> None:
    number = world.number()
    for insee, count in ((INSEE, 4), ("38421", 2)):
        world.town(insee, subscribed=True)
        world.members(world.community(f"Centre {insee}", insee), count)
    big = speak(world, INSEE, urgent=urgent)
    again = speak(world, INSEE, text="Et demain", urgent=urgent)
    small = speak(world, "38421", urgent=urgent)
    (author, *_) = world.rows(Member)
    resident = world.raised(author)
    told = [row.alert_id for row in leave(world, number, 20)]
    theirs = [big, small, big, small, big, big, again, again, again, again]
    ours = [resident.id] * 3
    assert told == (theirs + ours if urgent else ours + theirs)


def speak(world: World, insee: str, text: str = "Marché déplacé", *, urgent: bool) -> int | None:
    with world.act() as act:
        town = act.session.get(Town, insee)
        assert town is not None
        return alerts.raise_town(act, town, Told(text), TownVoice(urgent=urgent)).alert.id


def test_a_community_of_a_town_that_speaks_is_no_part_of_its_turn(world: World) -> None:
    world.town(subscribed=True)
    world.number()
    author, *_ = world.members(world.community(), 3)
    speak(world, INSEE, urgent=False)
    assert turns(world, world.raised(author)) == [1, 2]


def test_neighbours_who_warn_at_the_same_instant_get_different_turns(world: World) -> None:
    world.number()
    people = world.members(world.community(), 5)
    together = threading.Barrier(len(people))

    def warn(author: Member, text: str) -> None:
        together.wait()
        world.raised(author, text)

    threads = [
        threading.Thread(target=warn, args=(author, f"Fumée chez {n}"))
        for n, author in enumerate(people)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(row.size for row in world.deliveries()) == list(range(1, 21))
