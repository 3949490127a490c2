"""Messages and absences announced on the devices of whom they are for (S48)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from community_store.models import DeliveryState, Member, Topic
from community_store.store import Store
from gateway.contract import Channel
from tests.dispatch.devices import KEY, notified, pushed
from tests.dispatch.world import make_world
from tests.rigs.pushservice import Device, PushService
from tests.web.house import make_house
from tests.web.letters import Street, make_street
from tests.web.test_absence import NOTE, NOW, confides


@pytest.fixture
def street(sqlite_store: Store, redis_url: str, tmp_path: Path) -> Iterator[Street]:
    push = {"vapid_private_key": KEY, "private_services": True}
    with make_world(sqlite_store, redis_url, tmp_path, push=push) as world:
        world.number()
        yield make_street(make_house(world))


def device(street: Street, pushes: PushService, who: Member) -> Device:
    (only,) = notified(street.world, pushes, who)
    return only


def test_a_notification_says_who_wrote_and_opens_it(street: Street, pushes: PushService) -> None:
    screen = device(street, pushes, street.jean)
    path = street.writes(street.odette, street.jean, text="Mon code est 4711")
    street.world.pump()
    [one] = pushes.received(screen)
    said = one["said"]
    assert (said["title"], said["body"], said["path"]) == (
        "Odette Martin vous a écrit", "Ouvrez Tocsin pour lire et répondre.", path,
    )  # fmt: skip
    assert "4711" not in json.dumps(one)
    assert len(street.mails(street.jean)) == 1, "and by mail, as they prefer"


def test_a_twin_is_named_by_pseudonym_alone(street: Street, pushes: PushService) -> None:
    screen = device(street, pushes, street.paul)
    street.writes(street.odette, street.paul)
    street.world.pump()
    [one] = pushes.received(screen)
    assert one["said"]["title"] == "Mésange vous a écrit"
    assert "Odette" not in json.dumps(one)
    assert "Martin" not in json.dumps(one)


def test_whoever_has_no_mail_hears_on_their_devices(street: Street, pushes: PushService) -> None:
    screen = device(street, pushes, street.jean)
    street.world.change(street.jean, email=None)
    street.writes(street.odette, street.jean)
    street.world.pump()
    assert len(pushes.received(screen)) == 1


def test_one_a_conversation_until_it_is_read_in_one_place_on_the_screen(
    street: Street, pushes: PushService
) -> None:
    screen = device(street, pushes, street.jean)
    path = street.writes(street.odette, street.jean)
    street.says(street.odette, path, "Deux")
    street.world.pump()
    assert len(pushes.received(screen)) == 1
    street.reads(street.jean, path)
    street.says(street.odette, path, "Trois")
    street.world.pump()
    assert (len(pushes.received(screen)), len(pushes.shown(screen))) == (2, 1)


@pytest.mark.parametrize(("off", "by_push", "by_mail"), [("push", 0, 1), ("email", 1, 0)])
def test_each_way_is_turned_off_by_itself(
    street: Street, pushes: PushService, off: str, by_push: int, by_mail: int
) -> None:
    screen = device(street, pushes, street.jean)
    street.world.mute(street.jean, Topic.MESSAGE, Channel(off))
    street.writes(street.odette, street.jean)
    street.world.pump()
    assert len(pushes.received(screen)) == by_push
    assert len(street.mails(street.jean)) == by_mail


def test_turning_it_off_counts_for_one_that_has_not_left(
    street: Street, pushes: PushService
) -> None:
    device(street, pushes, street.jean)
    street.writes(street.odette, street.jean)
    street.world.mute(street.jean, Topic.MESSAGE, Channel.PUSH)
    street.world.pump()
    [row] = pushed(street.world)
    assert (row.state, row.reason) == (DeliveryState.SUPPRESSED, "turned off")


def test_two_devices_are_one_of_ten_an_hour(street: Street, pushes: PushService) -> None:
    screens = notified(street.world, pushes, street.jean, 2)
    for other in street.world.members(street.jean.community_id or 0, 12):
        street.writes(other, street.jean)
    street.world.pump()
    assert [len(pushes.received(one)) for one in screens] == [10, 10]


def test_an_absence_is_announced_in_the_same_words(street: Street, pushes: PushService) -> None:
    street.world.clock.now = NOW
    screen = device(street, pushes, street.jean)
    confides(street, street.jean)
    street.world.pump()
    [one] = pushes.received(screen)
    assert one["said"]["title"] == "Odette Martin vous a écrit"
    told = json.dumps(one, ensure_ascii=False)
    for secret in ("bsence", "bsent", "décembre", "janvier", "2026", "2027", "24", NOTE):
        assert secret not in told, secret
