"""Notifications: who has them, and what they say; on a real push service."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from community_store.membership import LANGUAGES
from community_store.models import (
    Agent,
    Alert,
    Audience,
    Member,
    MemberState,
    Topic,
    Town,
)
from community_store.models import DeliveryState as State
from dispatch import (
    alerts,
    followups,
    wording,
)
from dispatch.alerts import Told, TownVoice
from dispatch.followups import Followup
from dispatch.previewing import people
from dispatch.wording import Facts
from gateway.contract import Channel
from gateway.providers.webpush import LONGEST
from tests.dispatch.devices import counted, notified, pushed, said, world
from tests.dispatch.world import World, at, settings
from tests.rigs.pushservice import PushService

__all__ = ["world"]

TEXT = "Camionnette suspecte"


# who


def test_each_neighbour_hears_on_all_their_devices(world: World, pushes: PushService) -> None:
    home = world.community("Les Lilas")
    author, both, one = world.members(home, 3)
    devices = [*notified(world, pushes, both, 2), *notified(world, pushes, one)]
    own = notified(world, pushes, author)
    elsewhere = notified(world, pushes, world.member(world.community("Les Roses")))
    alert = world.raised(author, TEXT)
    world.pump()
    expected = [(f"Alerte {alert.id} : Les Lilas", f"Ana {author.last_name} : {TEXT}")]
    assert [said(pushes, device) for device in devices] == [expected] * 3
    assert [said(pushes, device) for device in (*own, *elsewhere)] == [[], []]
    assert {row.state for row in pushed(world)} == {State.ACCEPTED}
    assert pushes.refused() == []


def test_twins_know_the_author_by_pseudonym_alone(world: World, pushes: PushService) -> None:
    home, twin = world.community("Les Lilas"), world.community("Les Roses")
    world.twin(home, twin)
    author = world.member(home, first_name="Odile", last_name="Marchand", pseudonym="Pic vert")
    [device] = notified(world, pushes, world.member(twin, email="x@voisins.example"))
    alert = world.raised(author, "Fourgon AB-123-CD")
    world.pump()
    assert said(pushes, device) == [
        (
            f"Alerte {alert.id} dans une communauté jumelée : Les Lilas",
            "Pic vert : Fourgon [plaque]",
        )
    ]
    told = json.dumps(pushes.received(device))
    for secret in ("Odile", "Marchand", str(author.mobile), "rue des Lilas"):
        assert secret not in told
    assert world.told(Channel.SMS, alert) == set(), "and never by SMS"


def test_agents_have_none_and_a_member_who_is_one_hears_as_a_neighbour(
    world: World, pushes: PushService
) -> None:
    home = world.community("Les Lilas")
    world.change(world.rows(Town)[0], subscribed=True)
    author, neighbour = world.members(home, 2)
    world.add(Agent(town_insee="38185", name="Police", mobile=neighbour.mobile))
    [device] = notified(world, pushes, neighbour)
    world.raised(author)
    world.pump()
    assert {(row.audience, row.channel) for row in world.deliveries()} == {
        (Audience.AGENT, Channel.SMS), (Audience.NEIGHBOUR, Channel.PUSH),
    }  # fmt: skip
    assert "rue des Lilas" not in json.dumps(pushes.received(device))


def test_the_town_speaks_to_all_or_to_some(world: World, pushes: PushService) -> None:
    town = world.town("01901", subscribed=True)
    homes = [world.community(name, "01901") for name in ("Les Lilas", "Les Roses")]
    lilac, rose = (notified(world, pushes, world.member(home))[0] for home in homes)
    with world.act() as act:
        alerts.raise_town(act, town, Told("Route barrée"), TownVoice(communities=(homes[0],)))
    world.pump()
    assert said(pushes, lilac) == [("Mairie de Ville 01901", "Route barrée")]
    assert said(pushes, rose) == []


@pytest.mark.parametrize("state", [MemberState.PENDING, MemberState.SUSPENDED, MemberState.CLOSED])
def test_only_active_members_are_notified(
    world: World, pushes: PushService, state: MemberState
) -> None:
    author, other = world.members(world.community(), 2)
    notified(world, pushes, other)
    world.change(other, state=state)
    world.raised(author)
    assert pushed(world) == []


@pytest.mark.parametrize(
    ("topic", "channel", "hears"),
    [
        (Topic.ALERT, Channel.PUSH, False),
        (Topic.TWIN, Channel.PUSH, True),
        (Topic.TOWN, Channel.PUSH, True),
        (Topic.ALERT, Channel.SMS, True),
    ],
)
def test_each_topic_is_turned_off_by_itself(
    world: World, pushes: PushService, topic: Topic, channel: Channel, hears: bool
) -> None:
    author, other = world.members(world.community(), 2)
    notified(world, pushes, other)
    world.mute(other, topic, channel)
    world.raised(author)
    assert bool(pushed(world)) is hears


def test_a_pause_holds_for_notifications_and_a_stop_by_sms_does_not(
    world: World, pushes: PushService
) -> None:
    author, quiet, stopped = world.members(world.community(), 3)
    notified(world, pushes, quiet)
    notified(world, pushes, stopped)
    world.change(quiet, paused_until=world.clock() + timedelta(hours=8))
    world.stop(str(stopped.mobile))
    world.raised(author)
    assert [row.member_id for row in pushed(world)] == [stopped.id]


def test_the_preview_counts_devices(world: World, pushes: PushService) -> None:
    author, other = world.members(world.community(), 2)
    notified(world, pushes, other, 2)
    with world.act() as act:
        assert people(act, act.session.get_one(Member, author.id)) == {
            Audience.NEIGHBOUR: {Channel.SMS: 1, Channel.PUSH: 2}
        }
    assert world.raise_alert(author).heard.neighbours == 1, "people are counted once"


def test_planning_asks_no_more_for_many_devices(world: World, pushes: PushService) -> None:
    author, *others = world.members(world.community(), 12)
    asked: dict[int, int] = {}
    for count in (1, 11):
        for other in others[:count]:
            notified(world, pushes, other)
        world.clock.forward(hours=3)
        with counted(world) as statements:
            alert = world.raised(author, f"Alerte {count}")
        asked[count] = len(statements)
        assert len(pushed(world, alert_id=alert.id)) >= count
    assert asked[1] == asked[11]


# what it says


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("hearer", [Audience.NEIGHBOUR, Audience.TWIN])
@pytest.mark.parametrize(
    "text", ["mot " * 500, "ж" * 3000, "🔥" * 1000, '"\\' * 1500, "\n\x01" * 900]
)
def test_the_longest_alert_is_under_3_kilobytes_and_keeps_its_beginning(
    tmp_path: Path, hearer: Audience, language: str, text: str
) -> None:
    facts = Facts(
        ref=381, at=at(14), text=text, community="L" * 300, author="A" * 100, called=True,
    )  # fmt: skip
    push = wording.alert(settings(tmp_path), hearer, language, facts).push
    assert len(push.encode()) <= LONGEST
    told = json.loads(push)
    assert " ".join(text.replace("\x01", " ").split())[:20] in told["body"]
    assert "17" in told["body"], "that 17 was called is never cut"


def test_a_notification_opens_the_alert_and_says_when_it_was(
    world: World, pushes: PushService
) -> None:
    author, other = world.members(world.community(), 2)
    [device] = notified(world, pushes, other)
    alert = world.raised(author)
    world.pump()
    [one] = pushes.received(device)
    assert one["said"]["path"] == f"/alerts/{alert.id}"
    assert one["said"]["at"] == alert.created_at.isoformat()
    assert one["said"]["language"] == "fr"
    assert one["urgency"] == "high"


def test_it_is_kept_for_a_device_that_is_off_as_long_as_it_is_of_use(
    world: World, pushes: PushService
) -> None:
    author, other = world.members(world.community(), 2)
    [device] = notified(world, pushes, other)
    world.raised(author)
    world.clock.forward(minutes=50)
    world.pump()
    assert [one["ttl"] for one in pushes.received(device)] == [70 * 60]


def test_the_end_of_an_alert_takes_its_place_and_more_of_it_does_not(
    world: World, pushes: PushService
) -> None:
    author, other = world.members(world.community("Les Lilas"), 2)
    [device] = notified(world, pushes, other)
    alert = world.raised(author, TEXT)
    world.pump()
    with world.act() as act:
        found = act.session.get_one(Alert, alert.id)
        speaker = act.session.get_one(Member, author.id)
        followups.tell_followup(act, found, Followup("Partis", speaker, "Les Lilas"))
    world.pump()
    assert [one["body"] for one in pushes.shown(device)] == [
        f"Ana {author.last_name} : {TEXT}", f"Ana {author.last_name} : Partis",
    ]  # fmt: skip
    with world.act() as act:
        alerts.end(act, act.session.get_one(Alert, alert.id), "Ils sont partis")
    world.pump()
    shown = {one["title"]: one["body"] for one in pushes.shown(device)}
    assert shown == {
        f"Fin de l'alerte {alert.id} : Les Lilas": "C'est terminé. Ils sont partis",
        f"Alerte {alert.id}, suite : Les Lilas": f"Ana {author.last_name} : Partis",
    }


def test_a_false_alarm_is_taken_back_on_the_device(world: World, pushes: PushService) -> None:
    author, other = world.members(world.community("Les Lilas"), 2)
    [device] = notified(world, pushes, other)
    alert = world.raised(author)
    world.pump()
    with world.act() as act:
        alerts.withdraw(act, act.session.get_one(Alert, alert.id))
    world.pump()
    assert [one["title"] for one in pushes.shown(device)] == [
        f"Alerte {alert.id} annulée : Les Lilas"
    ]
