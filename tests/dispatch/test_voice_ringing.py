"""How calls go out, when it rings again, and when it does not: at night."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from community_store.models import DeliveryState, Member, Number, NumberState
from dispatch import alerts, lanes, night, notices
from dispatch.followups import Followup, tell_followup
from dispatch.runtime import rates
from dispatch.slots import Hold
from dispatch.tally import Why
from gateway.contract import Accepted, Misconfigured, Stage
from tests.dispatch.landlines import (
    CALLER,
    LANDLINE,
    SMS,
    VOICE,
    called,
    caller,
    claim,
    missed,
    old,
    report,
    tally_of,
)
from tests.dispatch.world import World, at

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
    assert len({Hold(way).key for way in found}) == 2
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
