"""Landlines are residents too: who is called, when again, what the keys do, who is missed."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from community_store import optouts
from community_store.models import (
    Alert,
    DeliveryState,
    Member,
    MemberState,
    Number,
    NumberState,
    Topic,
)
from dispatch import (
    alerts,
    calls,
    claiming,
    lanes,
    night,
    notices,
    outbox,
    receipts,
    redialling,
    tally,
)
from dispatch.alerts import Told, TownVoice
from dispatch.followups import Followup, tell_followup
from dispatch.outbox import Claimed
from dispatch.runtime import rates
from dispatch.tally import Why
from gateway.contract import Accepted, Channel, Key, Misconfigured, Receipt, Stage
from tests.dispatch.world import INSEE, World, addresses, at

SMS, EMAIL, VOICE = Channel.SMS, Channel.EMAIL, Channel.VOICE
CALLER = "+33937000001"
LANDLINE = "+33199000001"
HOW = redialling.Redial((60.0, 180.0), "Europe/Paris")


def landline(n: int) -> str:
    return f"+331990000{n:02}"


def caller(world: World, **more: object) -> Number:
    values = {"kind": "long", "sms": False, "voice": True, "call_rate": 1000.0, "call_price": 0.03}
    return world.number(CALLER, **(values | more))


def old(world: World, home: int | None, n: int = 1, **more: object) -> Member:
    """Somebody with a landline only."""
    return world.member(home, mobile=None, landline=landline(n), **more)


def called(world: World) -> tuple[Alert, Member, Number]:
    """An alert in a community where one person has a landline only."""
    world.clock.now = at(10)
    home = world.community()
    world.number()
    number = caller(world)
    author, listener = world.member(home), old(world, home)
    world.member(home)
    return world.raised(author), listener, number


def claim(world: World, number: Number) -> list[Claimed]:
    lane = outbox.Lane(number.gateway, number.id or 0, VOICE)
    now, zone = world.clock(), world.settings.service.time_zone
    morning = night.ring_from(zone, now) if night.is_night(zone, now) else None
    with world.store.begin() as session:
        return claiming.claim(session, lane, 100, outbox.Terms("me:1", 30, now, morning))


def report(world: World, stage: Stage, attempt: int, delivery: int) -> bool:
    said = Receipt(stage, f"CA{attempt}", delivery, attempt, reason="nobody answered")
    with world.store.begin() as session:
        return receipts.record(session, "sim", said, world.clock(), redial=HOW)


# who is called


def test_a_landline_is_called_where_there_is_no_mobile(world: World) -> None:
    home, twin = world.community("A"), world.community("B")
    world.twin(home, twin)
    world.number()
    number = caller(world)
    author = world.member(home, landline=landline(9))
    both = world.member(home, landline=landline(2))
    only = old(world, home, 3, email="ana@residents.example")
    old(world, twin, 4)
    old(world, home, 5, state=MemberState.PENDING)
    raised = world.raise_alert(author)
    assert world.told(SMS, raised.alert) == addresses([both])
    assert world.told(VOICE, raised.alert) == {only.landline}
    assert world.told(EMAIL, raised.alert) == {only.email}
    assert raised.heard.neighbours == 2
    [call] = world.deliveries(channel=VOICE)
    assert (call.number_id, call.gateway, call.segments, call.price) == (number.id, "sim", 0, 0.03)
    assert world.said(call).voice.count("Camionnette suspecte") == 2


def test_a_household_is_called_once(world: World) -> None:
    home = world.community()
    caller(world)
    author = world.member(home)
    old(world, home, 1)
    old(world, home, 1)
    alert = world.raised(author)
    assert world.told(VOICE, alert) == {landline(1)}
    world.change(world.delivery(channel=VOICE), state=DeliveryState.DELIVERED)
    assert missed(world, alert) == {}


def test_a_stop_a_pause_and_a_topic_turned_off_hold_for_calls(world: World) -> None:
    world.clock.now = at(10)
    home = world.community()
    caller(world)
    author = world.member(home)
    people = [old(world, home, n) for n in range(1, 5)]
    world.stop(landline(1), VOICE)
    world.stop(landline(4), SMS)  # another channel
    world.mute(people[1], Topic.ALERT, VOICE)
    world.change(people[2], paused_until=world.clock() + timedelta(hours=2))
    alert = world.raised(author)
    assert world.told(VOICE, alert) == {landline(4)}
    assert missed(world, alert) == {
        people[0].id: Why.STOPPED, people[1].id: Why.TURNED_OFF, people[2].id: Why.PAUSED,
    }  # fmt: skip


def test_a_town_alert_calls_too_but_only_where_it_is_for(world: World) -> None:
    world.town(subscribed=True)
    here, there = world.community("A"), world.community("B")
    caller(world)
    mine, other = old(world, here, 1), old(world, there, 2)
    with world.act() as act:
        from community_store.models import Town

        town = act.session.get(Town, INSEE)
        assert town is not None
        every = alerts.raise_town(act, town, Told("Route barrée"), TownVoice()).alert
        some = alerts.raise_town(act, town, Told("Fumée"), TownVoice(communities=(here,))).alert
    assert world.told(VOICE, every) == {mine.landline, other.landline}
    assert world.told(VOICE, some) == {mine.landline}
    [call] = world.deliveries(channel=VOICE, alert_id=some.id)
    assert "Message de la mairie" in world.said(call).voice
    assert missed(world, some) == {}


def test_with_no_number_that_calls_nobody_is_planned_and_they_are_named(world: World) -> None:
    home = world.community()
    world.number()
    author = world.member(home)
    alone = old(world, home, 1)
    mailed = old(world, home, 2, email="ana@residents.example")
    raised = world.raise_alert(author)
    assert world.told(VOICE, raised.alert) == set()
    assert raised.heard.neighbours == 1
    assert missed(world, raised.alert) == {alone.id: Why.NO_CALLS}
    assert mailed.id not in missed(world, raised.alert)


def test_default_numbers_call_and_a_paused_one_stands_back(world: World) -> None:
    home = world.community()
    author, listener = world.member(home), old(world, home)
    first = caller(world, is_default=False)
    second = world.number("+33937000002", kind="long", voice=True, is_default=True)
    world.raised(author)
    assert world.delivery(channel=VOICE).number_id == second.id
    world.change(second, state=NumberState.PAUSED)
    world.change(first, is_default=True)
    with world.act() as act:
        again = alerts.raise_resident(act, act.session.merge(author), Told("Autre chose")).alert
    assert world.delivery(channel=VOICE, alert_id=again.id).number_id == first.id
    assert listener.landline


# how it goes out


def test_texts_and_calls_of_one_number_are_two_lanes_with_their_own_rates(world: World) -> None:
    world.clock.now = at(10)
    home = world.community()
    number = world.number(CALLER, kind="long", rate=10.0, voice=True, call_rate=0.5)
    author = world.member(home)
    world.member(home)
    old(world, home)
    world.raised(author)
    with world.store.read() as session:
        found = lanes.look(session, rates(world.settings), world.clock()).lanes
    assert {(way.lane.channel, way.rate) for way in found} == {(SMS, 10.0), (VOICE, 0.5)}
    assert len({lanes.Hold(way).key for way in found}) == 2
    assert [c.channel for c in world.claim(number)] == [SMS]
    assert [c.channel for c in claim(world, number)] == [VOICE]


def test_the_simulator_is_called_and_the_words_arrive(world: World) -> None:
    alert, listener, _ = called(world)
    assert world.pump().sent == 2
    assert tally_of(world, alert, "voice")["delivered"] == 1
    [said] = world.phone(listener.landline or "")
    assert said.count("Camionnette suspecte") == 2
    assert missed(world, alert) == {}


def test_a_fault_of_the_calling_number_does_not_stop_its_texts(world: World) -> None:
    alert, _, number = called(world)
    [claimed] = claim(world, number)
    world.settle(claimed, Misconfigured("not ours", code="21210", only_sender=True))
    with world.store.read() as session:
        found = lanes.look(session, rates(world.settings), world.clock()).lanes
    assert [way.lane.channel for way in found] == [SMS]
    assert world.rows(Number, value=CALLER)[0].calls_paused == "not ours"
    assert world.rows(Number, value=CALLER)[0].state == NumberState.ACTIVE
    assert world.deliveries_of(alert)[-1].state == DeliveryState.QUEUED


# nobody answers


def test_it_rings_three_times_then_is_undelivered(world: World) -> None:
    alert, listener, number = called(world)
    for attempt, wait in ((1, 60), (2, 180)):
        [claimed] = claim(world, number)
        world.settle(claimed, Accepted(f"CA{attempt}"))
        assert report(world, Stage.UNANSWERED, attempt, claimed.id)
        row = world.delivery(channel=VOICE)
        assert (row.state, row.redials) == (DeliveryState.QUEUED, attempt)
        assert row.due_at == world.clock() + timedelta(seconds=wait)
        assert claim(world, number) == []
        world.clock.forward(seconds=wait)
    [claimed] = claim(world, number)
    world.settle(claimed, Accepted("CA3"))
    assert missed(world, alert) == {}
    assert report(world, Stage.UNANSWERED, 3, claimed.id)
    assert world.delivery(channel=VOICE).state == DeliveryState.UNDELIVERED
    assert missed(world, alert) == {listener.id: Why.UNANSWERED}
    assert tally_of(world, alert, "voice")["failed"] == 1


def test_the_simulated_landline_is_called_again(world: World) -> None:
    _, listener, _ = called(world)
    phones = world.runtime.providers["sim"].phones  # type: ignore[attr-defined]  # the simulator's
    phones.let_answer(listener.landline, answers=False)
    world.pump()
    assert world.delivery(channel=VOICE).redials == 1
    phones.let_answer(listener.landline, answers=True)
    world.clock.forward(seconds=61)
    world.pump()
    assert world.delivery(channel=VOICE).state == DeliveryState.DELIVERED
    assert [m["answered"] for m in phones.messages(listener.landline)] == [0, 1]


def test_late_words_about_an_earlier_call_say_nothing_of_the_next(world: World) -> None:
    _, _, number = called(world)
    [first] = claim(world, number)
    assert report(world, Stage.UNANSWERED, 1, first.id)  # before our own commit
    world.settle(first, Accepted("CA1"))
    row = world.delivery(channel=VOICE)
    assert (row.state, row.redials, row.provider_id) == (DeliveryState.QUEUED, 1, None)
    for late in (Stage.ACCEPTED, Stage.SENT, Stage.UNANSWERED):
        assert not report(world, late, 1, first.id)
    assert world.delivery(channel=VOICE).state == DeliveryState.QUEUED
    world.clock.forward(seconds=60)
    [second] = claim(world, number)
    world.settle(second, Accepted("CA2"))
    assert not report(world, Stage.UNANSWERED, 1, first.id)
    assert world.delivery(channel=VOICE).redials == 1
    assert report(world, Stage.DELIVERED, 2, second.id)
    assert not report(world, Stage.UNANSWERED, 2, second.id)
    assert world.delivery(channel=VOICE).state == DeliveryState.DELIVERED


def test_a_call_that_was_taken_after_all_is_not_made_again(world: World) -> None:
    _, _, number = called(world)
    [claimed] = claim(world, number)
    world.settle(claimed, Accepted("CA1"))
    assert report(world, Stage.UNANSWERED, 1, claimed.id)
    assert report(world, Stage.DELIVERED, 1, claimed.id)
    world.clock.forward(seconds=60)
    assert claim(world, number) == []


def test_nobody_is_called_again_once_the_alert_is_over_or_too_old(world: World) -> None:
    alert, _, number = called(world)
    [claimed] = claim(world, number)
    world.settle(claimed, Accepted("CA1"))
    assert report(world, Stage.UNANSWERED, 1, claimed.id)
    with world.act() as act:
        alerts.withdraw(act, act.session.merge(alert))
    world.clock.forward(seconds=60)
    assert claim(world, number) == []
    assert world.delivery(channel=VOICE, alert_id=alert.id).state == DeliveryState.CANCELLED


def test_no_call_is_planned_after_the_time_to_live(world: World) -> None:
    _, _, number = called(world)
    world.clock.forward(minutes=119, seconds=30)
    [claimed] = claim(world, number)
    world.settle(claimed, Accepted("CA1"))
    assert report(world, Stage.UNANSWERED, 1, claimed.id)
    assert world.delivery(channel=VOICE).state == DeliveryState.UNDELIVERED


# keys


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


# the night


@pytest.mark.parametrize(
    ("local", "rings"),
    [
        ("2026-11-24T07:59", "2026-11-24T08:00"), ("2026-11-24T08:00", "2026-11-24T08:00"),
        ("2026-11-24T21:29", "2026-11-24T21:29"), ("2026-11-24T21:30", "2026-11-25T08:00"),
        ("2026-11-24T03:00", "2026-11-24T08:00"),
        ("2026-03-28T23:00", "2026-03-29T08:00"),  # the night the clocks change
        ("2026-10-24T23:00", "2026-10-25T08:00"),
    ],
)  # fmt: skip
def test_telephones_ring_from_8_to_half_past_9(local: str, rings: str) -> None:
    zone = ZoneInfo("Europe/Paris")
    then, expected = (datetime.fromisoformat(text).replace(tzinfo=zone) for text in (local, rings))
    assert night.ring_from("Europe/Paris", then) == expected


def test_an_alert_rings_at_night_its_end_waits_for_the_morning(world: World) -> None:
    alert, _, number = called(world)
    world.clock.now = at(23)  # midnight in Paris
    world.change(alert, created_at=at(23), expires_at=at(23) + timedelta(hours=2))
    world.change(world.delivery(channel=VOICE), expires_at=at(23) + timedelta(hours=2))
    [claimed] = claim(world, number)
    world.settle(claimed, Accepted("CA1", Stage.DELIVERED))
    with world.act() as act:
        alerts.end(act, act.session.merge(alert), "Tout va bien")
    end = world.delivery(channel=VOICE, alert_id=None)
    morning = at(7) + timedelta(days=1)
    assert (end.due_at, end.expires_at) == (morning, morning + timedelta(hours=2))
    assert end.price == 0.03
    assert "est terminée. Tout va bien" in world.said(end).voice
    texts = world.deliveries(channel=SMS, alert_id=None)
    assert all(text.due_at == at(23) for text in texts)
    world.clock.now = morning
    assert [c.id for c in claim(world, number)] == [end.id]


def test_what_was_delayed_into_the_night_waits_as_well(world: World) -> None:
    world.clock.now = at(20, 29)  # 21:29 in Paris
    number = caller(world)
    with world.act() as act:
        to = notices.Addressee(LANDLINE, channel=VOICE)
        notices.tell(act, to, notices.Subject("withdrawn", {"ref": 1, "community": "Les Lilas"}))
    world.clock.forward(minutes=2)
    assert claim(world, number) == []
    waiting = world.delivery(channel=VOICE)
    morning = at(7) + timedelta(days=1)
    assert (waiting.due_at, waiting.state) == (morning, DeliveryState.QUEUED)
    world.clock.now = morning
    assert len(claim(world, number)) == 1


def test_a_followup_is_told_to_those_who_were_called(world: World) -> None:
    alert, _, number = called(world)
    [claimed] = claim(world, number)
    world.settle(claimed, Accepted("CA1", Stage.DELIVERED))
    with world.act() as act:
        author = act.session.get(Member, alert.author_id)
        assert author is not None
        assert (
            tell_followup(act, act.session.merge(alert), Followup("Partis", author, "Les Lilas"))
            == 1
        )
    more = world.delivery(channel=VOICE, alert_id=None)
    assert world.said(more).voice.count("ajoute : Partis") == 2


# who was missed


def missed(world: World, alert: Alert) -> dict[int | None, Why]:
    with world.store.read() as session:
        found = session.get(Alert, alert.id)
        assert found is not None
        return {one.member_id: one.why for one in tally.not_reached(session, found)}


def tally_of(world: World, alert: Alert, channel: str) -> dict[str, int]:
    with world.store.read() as session:
        return tally.by_channel(session, alert.id or 0)[channel]


def test_each_reason_for_not_having_it(world: World) -> None:
    world.clock.now = at(10)
    home = world.community()
    world.number()
    author = world.member(home)
    names = ("failed", "expired", "cancelled", "delivered", "queued", "undelivered")
    people = {name: world.member(home) for name in names}
    nobody = world.member(home, mobile=None, email=None)
    late = world.member(home, activated_at=at(11))
    stopped = world.member(home)
    world.stop(stopped.mobile or "")
    elsewhere = world.member(world.community("B"))
    alert = world.raised(author)
    for name, person in people.items():
        world.change(world.delivery(member_id=person.id), state=DeliveryState(name), reason="why")
    if stray := world.deliveries(member_id=late.id):
        world.delete(stray[0])
    assert missed(world, alert) == {
        people["failed"].id: Why.FAILED, people["expired"].id: Why.EXPIRED,
        people["cancelled"].id: Why.CANCELLED, people["undelivered"].id: Why.FAILED,
        nobody.id: Why.NO_CONTACT, stopped.id: Why.STOPPED,
    }  # fmt: skip
    assert elsewhere.id not in missed(world, alert)


def test_one_channel_that_worked_is_enough(world: World) -> None:
    home = world.community()
    world.number()
    author = world.member(home)
    person = world.member(home, email="ana@residents.example")
    alert = world.raised(author)
    world.change(world.delivery(channel=SMS), state=DeliveryState.FAILED)
    assert missed(world, alert) == {}
    world.change(world.delivery(channel=EMAIL), state=DeliveryState.FAILED)
    assert missed(world, alert) == {person.id: Why.FAILED}
