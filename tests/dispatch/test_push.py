"""Notifications: who has them, what they say, and what becomes of them; on a real push service."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from community_store import personal_data, subscriptions
from community_store.membership import LANGUAGES
from community_store.models import (
    Agent,
    Alert,
    Attempt,
    Audience,
    Delivery,
    GatewayPause,
    Member,
    MemberState,
    PushSubscription,
    Topic,
    Town,
)
from community_store.models import DeliveryState as State
from community_store.store import Store
from community_store.subscriptions import Browser
from dispatch import (
    alerts,
    figures,
    followups,
    hearers,
    lanes,
    looking,
    notices,
    outbox,
    queues,
    tally,
    wording,
)
from dispatch.alerts import Told, TownVoice
from dispatch.followups import Followup
from dispatch.previewing import people
from dispatch.runtime import PUSH, rates
from dispatch.wording import Facts
from gateway import vapid
from gateway.contract import Channel
from gateway.providers.webpush import LONGEST
from tests.dispatch.world import World, at, make_world, settings
from tests.rigs.pushservice import Device, PushService

KEY = vapid.new_key()
PUBLIC = vapid.public_key(KEY)
TEXT = "Camionnette suspecte"


@pytest.fixture
def world(store: Store, redis_url: str, tmp_path: Path) -> Iterator[World]:
    """A world that may send to the push service of this machine."""
    push = {"vapid_private_key": KEY, "private_services": True}
    with make_world(store, redis_url, tmp_path, push=push) as made:
        made.number()
        yield made


def subscribe(world: World, member: Member, device: Device, name: str = "") -> str:
    """The address in deliveries of a device that a member has notifications on."""
    browser = Browser(device.endpoint, device.p256dh, device.auth, PUBLIC, name)
    assert member.id is not None
    with world.store.begin() as session:
        return subscriptions.subscribe(session, member.id, browser, world.clock()).address


def notified(world: World, pushes: PushService, member: Member, count: int = 1) -> list[Device]:
    """So many devices of a member."""
    devices = [pushes.browser(PUBLIC) for _ in range(count)]
    for device in devices:
        subscribe(world, member, device)
    return devices


def said(pushes: PushService, device: Device) -> list[tuple[str, str]]:
    return [(one["said"]["title"], one["said"]["body"]) for one in pushes.received(device)]


def pushed(world: World, **where: Any) -> list[Delivery]:
    return world.deliveries(channel=Channel.PUSH, **where)


def later(world: World, **by: float) -> None:
    """Time passes, housekeeping looks after what is in doubt, and what is due leaves."""
    world.clock.forward(**by)
    looking.look(world.runtime)
    world.pump()


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


@contextmanager
def counted(world: World) -> Iterator[list[str]]:
    """The statements that the database is asked in the block."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        found.append(statement)

    event.listen(world.store.engine, "before_cursor_execute", note)
    yield found
    event.remove(world.store.engine, "before_cursor_execute", note)


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


# what becomes of it


def test_a_device_that_is_gone_is_forgotten(world: World, pushes: PushService) -> None:
    author, other = world.members(world.community(), 2)
    gone, there = notified(world, pushes, other, 2)
    pushes.gone(gone)
    alert = world.raised(author)
    world.pump()
    assert sorted(row.state for row in pushed(world)) == [State.ACCEPTED, State.FAILED]
    [left] = subscribed(world, other)
    assert left.endpoint == there.endpoint
    later(world, minutes=5)
    assert {row.attempts for row in pushed(world, alert_id=alert.id)} == {1}
    world.raised(author, "Une autre")
    assert len(pushed(world)) == 3


def subscribed(world: World, member: Member) -> list[PushSubscription]:
    with world.store.read() as session:
        return list(subscriptions.of(session, member.id))


def test_what_waits_for_a_device_goes_with_it(world: World, pushes: PushService) -> None:
    author, other, thief = world.members(world.community(), 3)
    first, second, third = notified(world, pushes, other, 3)
    world.raised(author)
    with world.store.begin() as session:
        [row] = [one for one in subscribed(world, other) if one.endpoint == first.endpoint]
        assert not subscriptions.remove(session, row.address, member_id=thief.id)
        assert subscriptions.remove(session, row.address, member_id=other.id)
    subscribe(world, thief, second)  # signs in with the same browser
    world.pump()
    reasons = {(row.state, row.reason) for row in pushed(world)}
    assert reasons == {(State.SUPPRESSED, "notifications turned off"), (State.ACCEPTED, "")}
    assert [len(pushes.received(one)) for one in (first, second, third)] == [0, 0, 1]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"state": MemberState.SUSPENDED}, "not an active member"),
        ({"community_id": None}, "left the community"),
    ],
)
def test_rights_are_read_again_before_it_leaves(
    world: World, pushes: PushService, change: dict[str, Any], reason: str
) -> None:
    author, other = world.members(world.community(), 2)
    [device] = notified(world, pushes, other)
    world.raised(author)
    world.change(other, **change)
    world.pump()
    assert [(row.state, row.reason) for row in pushed(world)] == [(State.SUPPRESSED, reason)]
    assert pushes.received(device) == []


def test_what_is_turned_off_meanwhile_does_not_leave(world: World, pushes: PushService) -> None:
    author, other = world.members(world.community(), 2)
    notified(world, pushes, other)
    world.raised(author)
    world.mute(other, Topic.ALERT, Channel.PUSH)
    world.pump()
    assert [row.reason for row in pushed(world)] == ["turned off"]


def test_what_is_too_late_does_not_leave(world: World, pushes: PushService) -> None:
    author, other = world.members(world.community(), 2)
    notified(world, pushes, other)
    world.raised(author)
    world.clock.forward(hours=3)
    world.pump()
    assert [row.state for row in pushed(world)] == [State.EXPIRED]


def test_a_service_that_asks_to_wait_is_left_alone_so_long(
    world: World, pushes: PushService
) -> None:
    author, other = world.members(world.community(), 2)
    slow, quick = notified(world, pushes, other, 2)
    pushes.fault(token=slow.token, status=429, headers={"Retry-After": "120"})
    world.raised(author)
    world.pump()
    by = {row.state: row for row in pushed(world)}
    assert by[State.QUEUED].due_at == world.clock() + timedelta(seconds=120)
    assert len(pushes.received(quick)) == 1, "the others go on"
    later(world, seconds=121)
    assert len(pushes.received(slow)) == 1
    assert {row.state for row in pushed(world)} == {State.ACCEPTED}


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 503, "takes": True}])
def test_doubt_is_settled_by_sending_again_which_takes_its_own_place(
    world: World, pushes: PushService, fault: dict[str, Any]
) -> None:
    author, other = world.members(world.community(), 2)
    [device] = notified(world, pushes, other)
    pushes.fault(**fault)
    world.raised(author)
    world.pump()
    assert [row.state for row in pushed(world)] == [State.UNKNOWN]
    later(world, seconds=6)
    [row] = pushed(world)
    assert (row.state, row.attempts, row.doubts) == (State.ACCEPTED, 2, 1)
    assert len(pushes.shown(device)) == 1
    received = pushes.received(device)
    assert {one["topic"] for one in received} == {f"d{row.id}"}
    assert received[-1]["said"]["again"] is True, "so that it rings no second time"
    with world.store.read() as session:
        assert figures.duplicates(session) == 0


def test_a_device_that_is_off_gets_what_was_sent_twice_once(
    world: World, pushes: PushService
) -> None:
    author, other = world.members(world.community(), 2)
    [device] = notified(world, pushes, other)
    pushes.switch(device, on=False)
    pushes.fault(status=500, takes=True)
    world.raised(author)
    world.pump()
    later(world, seconds=6)
    assert (len(pushes.received(device)), len(pushes.shown(device))) == (2, 0)
    pushes.switch(device, on=True)
    assert len(pushes.shown(device)) == 1


def test_doubt_ends_after_three_tries(world: World, pushes: PushService) -> None:
    author, other = world.members(world.community(), 2)
    notified(world, pushes, other)
    pushes.fault(status=502, times=9)
    world.raised(author)
    world.pump()
    for _ in range(4):
        later(world, seconds=20)
    [row] = pushed(world)
    assert (row.state, row.attempts) == (State.NO_RECEIPT, 3)
    assert len(world.rows(Attempt, delivery_id=row.id)) == 3


def test_the_other_channels_do_not_wait_for_a_push_service_that_hangs(
    world: World, pushes: PushService
) -> None:
    author, other, third = world.members(world.community(), 3)
    slow, quick = (notified(world, pushes, one)[0] for one in (other, third))
    pushes.fault(token=slow.token, after=1.5)
    world.raised(author)
    world.pump()
    handed = {row.address: row.handed_over_at for row in world.deliveries()}
    assert None not in handed.values()
    assert len(world.phone(str(other.mobile))) == len(pushes.received(quick)) == 1


# what is seen of it


def test_lanes_queues_and_figures_know_it(world: World, pushes: PushService) -> None:
    author, other = world.members(world.community(), 2)
    notified(world, pushes, other, 2)
    alert = world.raised(author)
    with world.store.read() as session:
        found = lanes.look(session, rates(world.settings), world.clock()).lanes
        assert (outbox.Lane(PUSH, None, Channel.PUSH), 200.0) in [(w.lane, w.rate) for w in found]
        known = [*world.runtime.providers]
        shown = queues.gateways(session, known, world.clock(), rates=rates(world.settings))
        (queue,) = [one for one in shown if one.gateway == PUSH]
        assert (queue.due, [(one.channel, one.rate) for one in queue.lanes]) == (2, [(PUSH, 200.0)])
    world.pump()
    with world.store.read() as session:
        assert alert.id is not None
        assert tally.by_channel(session, alert.id)[Channel.PUSH] == {
            **dict.fromkeys(tally.FIGURES, 0), "told": 2, "accepted": 2,
        }  # fmt: skip
        assert tally.total(session, alert.id)["told"] == 1
        assert figures.deliveries_by_state(session)[Channel.PUSH, State.ACCEPTED] == 2


def test_a_paused_gateway_keeps_notifications_and_nothing_else(
    world: World, pushes: PushService
) -> None:
    author, other = world.members(world.community(), 2)
    notified(world, pushes, other)
    world.add(GatewayPause(gateway=PUSH, reason="maintenance"))
    world.raised(author)
    world.pump()
    assert {row.channel: row.state for row in world.deliveries()} == {
        Channel.SMS: State.DELIVERED, Channel.PUSH: State.QUEUED,
    }  # fmt: skip


def test_a_member_tries_their_devices(world: World, pushes: PushService) -> None:
    member = world.member(world.community())
    devices = notified(world, pushes, member, 2)
    with world.act() as act:
        me = act.session.get_one(Member, member.id)
        about = notices.Subject("push_trial", {})
        assert notices.notify(act, me, about) == 2
    world.pump()
    assert [said(pushes, one) for one in devices] == [
        [("Essai réussi", "Les notifications de Tocsin arrivent sur cet appareil.")]
    ] * 2
    assert {one["said"]["path"] for one in pushes.received(devices[0])} == {"/home"}


def test_a_notice_of_a_topic_that_was_turned_off_is_none(world: World, pushes: PushService) -> None:
    member = world.member(world.community())
    notified(world, pushes, member)
    world.mute(member, Topic.MESSAGE, Channel.PUSH)
    with world.act() as act:
        me, about = act.session.get_one(Member, member.id), notices.Subject("push_trial", {})
        assert notices.notify(act, me, about, topic=Topic.MESSAGE) == 0
        assert notices.notify(act, me, about, topic=Topic.GAZETTE) == 1


def test_what_is_no_notification_is_never_sent_as_one(world: World, pushes: PushService) -> None:
    member = world.member(world.community())
    notified(world, pushes, member)
    with world.act() as act:
        me = act.session.get_one(Member, member.id)
        with pytest.raises(KeyError):
            notices.notify(act, me, notices.Subject("proof_code", {"code": "123456"}))


# what is held


def test_a_browser_that_subscribes_again_is_one_device(world: World, pushes: PushService) -> None:
    one, other = world.members(world.community(), 2)
    device = pushes.browser(PUBLIC)
    first = subscribe(world, one, device)
    second = subscribe(world, one, device)
    assert first != second
    assert [row.address for row in subscribed(world, one)] == [second]
    subscribe(world, other, device)
    assert (len(subscribed(world, one)), len(subscribed(world, other))) == (0, 1)


def test_a_member_has_ten_devices_and_the_oldest_makes_room(world: World) -> None:
    member = world.member(world.community())
    for n in range(12):
        world.clock.forward(minutes=1)
        subscribe(world, member, Device("", f"https://push.example/{n}", "p", "a"), f"n{n}")
    assert [row.device for row in subscribed(world, member)] == [f"n{n}" for n in range(11, 1, -1)]


def test_a_browser_that_moves_stays_the_same_device(world: World, pushes: PushService) -> None:
    member = world.member(world.community())
    old, new = pushes.browser(PUBLIC), pushes.browser(PUBLIC)
    subscribe(world, member, old, "Firefox · Android")

    def browser(device: Device, auth: str = "") -> Browser:
        return Browser(device.endpoint, device.p256dh, auth or device.auth, PUBLIC)

    with world.store.begin() as session:
        assert not subscriptions.moved(session, browser(old, "another secret"), browser(new))
        assert subscriptions.moved(session, browser(old), browser(new))
    [row] = subscribed(world, member)
    assert (row.endpoint, row.device) == (new.endpoint, "Firefox · Android")


def test_nothing_is_left_of_devices_when_an_account_is_erased(
    world: World, pushes: PushService
) -> None:
    author, other = world.members(world.community(), 2)
    [device] = notified(world, pushes, other)
    alert = world.raised(author)
    world.pump()
    with world.store.begin() as session:
        me = session.get_one(Member, other.id)
        exported = json.dumps(personal_data.export(session, me))
        assert "notified_devices" in exported
        assert device.auth not in exported
        assert device.endpoint not in exported
        personal_data.erase(session, me)
        personal_data.erase(session, session.get_one(Member, author.id))
    assert subscribed(world, other) == []
    assert [row.address.partition("-")[0] for row in pushed(world)] == ["erased"]
    [said_] = {world.said(row).push for row in pushed(world)}
    assert said_ == ""
    with world.act() as act:
        assert alerts.end(act, act.session.get_one(Alert, alert.id)) >= 0
    world.pump()
    assert len(pushes.received(device)) == 1


def test_planning_is_one_statement_more_with_devices_and_none_without(world: World) -> None:
    """`hearers.listeners` finds no group of devices where nobody has any."""
    author, _ = world.members(world.community(), 2)
    alert = world.raised(author)
    with world.store.read() as session:
        found = hearers.listeners(session, alert)
    assert {group.channel for group in found} == {Channel.SMS}
