"""A référent's exercise (S72): who hears it, what it says first, and what is answered to it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from community_store.errors import RuleError
from community_store.models import Alert, AlertState, Delivery, Member, Reply, ReplyKind, Wording
from dispatch import alerts, answering, exercising
from dispatch.priority import Priority
from gateway.contract import Channel
from tests.dispatch.world import World, addresses, at

FIRST = {"fr": "EXERCICE", "en": "EXERCISE"}


class Quarter:
    """Les Lilas with a référent and neighbours; a twin, and a town that is subscribed."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.clock.now = at(13)
        world.number()
        world.town(subscribed=True)
        self.home, self.twin = world.community("Les Lilas"), world.community("Les Roses")
        world.twin(self.home, self.twin)
        self.referent = world.member(self.home, referent=True, email="referent@voisins.example")
        self.neighbours = [
            world.member(self.home, email="un@voisins.example"),
            world.member(self.home, language="en", email="deux@voisins.example"),
        ]
        self.away = world.members(self.twin, 2, email="jumeau@voisins.example")
        self.agent = world.agent(email="agent@ville.example")

    def exercise(self, by: Member | None = None) -> Alert:
        with self.world.act() as act:
            who = act.session.get_one(Member, (by or self.referent).id)
            return exercising.send(act, who).alert

    def refusal(self, by: Member | None = None) -> str:
        with pytest.raises(RuleError) as refused:
            self.exercise(by)
        return refused.value.code

    def end(self, alert: Alert) -> None:
        with self.world.act() as act:
            alerts.end(act, act.session.merge(alert), "")


@pytest.fixture
def quarter(world: World) -> Quarter:
    return Quarter(world)


@pytest.fixture
def lane(sqlite_world: World) -> Quarter:
    return Quarter(sqlite_world)


def starts(words: Wording) -> list[str]:
    """How what is said begins in each channel, when one speaks at all."""
    push = [json.loads(words.push)["title"]] if words.push else []
    voice = [words.voice.upper()] if words.voice else []
    return [words.sms, words.subject, *push, *voice]


def test_neighbours_hear_it_and_nobody_else(quarter: Quarter) -> None:
    alert = quarter.exercise()
    told = quarter.world.deliveries_of(alert)
    assert {row.member_id for row in told} == {one.id for one in quarter.neighbours}
    assert quarter.world.told(Channel.SMS, alert) == addresses(quarter.neighbours)
    assert all(row.agent_id is None for row in told)


def test_every_channel_says_first_that_it_is_one(quarter: Quarter) -> None:
    alert = quarter.exercise()
    quarter.world.pump()
    with quarter.world.act() as act:
        kept = act.session.merge(alert)
        referent = act.session.get_one(Member, quarter.referent.id)
        answering.tell_all(act, kept, answering.Speaker(referent), "Encore un essai")
        one = act.session.get_one(Member, quarter.neighbours[0].id)
        answering.route(act, kept, answering.Speaker(one), "Reçu en retard")
        alerts.end(act, kept, "")
    said = quarter.world.rows(Wording)
    assert len(said) >= 2 + 6 + 1 + 4
    for words in said:
        for start in starts(words):
            assert start.startswith(FIRST[words.language]), start
        assert words.sms in words.mail or FIRST[words.language] in words.mail
    assert alert.text.startswith("EXERCICE")


def test_a_call_says_first_that_it_is_none(quarter: Quarter) -> None:
    world = quarter.world
    world.number("+33937000001", gateway="sim", voice=True, is_default=False)
    landline = world.member(quarter.home, mobile=None, landline="+33199000001")
    alert = quarter.exercise()
    assert world.told(Channel.VOICE, alert) == {landline.landline}
    (call,) = world.deliveries(channel=Channel.VOICE)
    assert world.said(call).voice.startswith("Exercice. Ce n'est pas une alerte.")


def test_it_never_goes_before_a_real_alert(quarter: Quarter) -> None:
    alert = quarter.exercise()
    quarter.world.pump()
    quarter.end(alert)
    real = quarter.world.raised(quarter.neighbours[0], "Fumée rue Haute")
    classes = {
        row.alert_id == real.id: row.priority
        for row in quarter.world.deliveries(member_id=quarter.neighbours[1].id)
    }
    assert classes == {True: Priority.ALERT, False: Priority.TOWN_INFORMATION}


def test_there_is_one_a_month(quarter: Quarter) -> None:
    quarter.end(quarter.exercise())
    quarter.world.clock.forward(days=30)
    assert quarter.refusal() == "exercise_too_soon"
    quarter.world.clock.forward(days=2)
    assert quarter.exercise().exercise


@pytest.mark.parametrize("who", ["neighbour", "twin", "suspended"])
def test_only_a_referent_of_the_community_raises_one(lane: Quarter, who: str) -> None:
    if who == "suspended":
        lane.world.change(lane.referent, state="suspended")
        assert lane.refusal() == "not_active"
    else:
        by = {"neighbour": lane.neighbours[0], "twin": lane.away[0]}[who]
        assert lane.refusal(by) == "exercise_not_yours"
    assert lane.world.rows(Alert) == []


@pytest.mark.parametrize("hour", [1, 6, 21])
def test_nobody_is_woken_by_one(lane: Quarter, hour: int) -> None:
    """In winter France is an hour ahead: 2:00, 7:00 and 22:00."""
    lane.world.clock.now = at(hour)
    assert lane.refusal() == "exercise_night"


def test_there_is_none_while_a_real_alert_goes_on(lane: Quarter) -> None:
    real = lane.world.raised(lane.neighbours[0], "Fumée rue Haute")
    assert lane.refusal() == "exercise_alert"
    lane.end(real)
    assert lane.exercise().exercise


def test_it_counts_in_nobodys_limit(lane: Quarter) -> None:
    lane.exercise()
    for n in range(5):
        assert lane.world.raised(lane.referent, f"Feu {n}").state == AlertState.OPEN
    assert lane.world.raised(lane.referent, "Feu encore").state == AlertState.HELD


@pytest.mark.parametrize("text", ["ok", "Bien reçu, merci", "vu"])
def test_a_courtesy_is_counted(quarter: Quarter, text: str) -> None:
    alert = quarter.exercise()
    quarter.world.pump()
    one = quarter.neighbours[0]
    assert quarter.world.text(one.mobile or "", text) == "acknowledgement"
    assert quarter.world.rows(Alert, id=alert.id)[0].acknowledged == 1
    assert quarter.world.answers(one.mobile or "") == []


def test_a_stop_counts_and_stops(lane: Quarter) -> None:
    lane.exercise()
    one = lane.neighbours[0]
    assert lane.world.text(one.mobile or "", "STOP") == "stop"
    lane.world.pump()
    assert not [sms for sms in lane.world.phone(one.mobile or "") if "EXERCICE" in sms]


def test_what_is_answered_goes_to_the_referent_alone(lane: Quarter) -> None:
    lane.exercise()
    lane.world.pump()
    one, other = lane.neighbours
    assert lane.world.text(one.mobile or "", "Reçu avec dix minutes de retard") == "reply"
    lane.world.pump()
    assert "retard" in lane.world.phone(lane.referent.mobile or "")[-1]
    assert not [sms for sms in lane.world.phone(other.mobile or "") if "retard" in sms]


def test_an_answer_for_all_is_a_real_alert(lane: Quarter) -> None:
    exercise = lane.exercise()
    lane.world.pump()
    one = lane.neighbours[0]
    lane.world.text(one.mobile or "", "Deux hommes forcent la porte du 4")
    assert lane.world.text(one.mobile or "", "TOUS") == "alert"
    (real,) = [found for found in lane.world.rows(Alert) if not found.exercise]
    assert real.text == "Deux hommes forcent la porte du 4"
    assert {row.audience for row in lane.world.deliveries_of(real)} == {
        "neighbour",
        "twin",
        "agent",
    }
    assert {row.kind for row in lane.world.rows(Reply, alert_id=exercise.id)} == {ReplyKind.REPLY}


def test_once_it_is_over_a_text_warns_again(quarter: Quarter) -> None:
    alert = quarter.exercise()
    quarter.world.pump()
    quarter.end(alert)
    one = quarter.neighbours[0]
    assert quarter.world.text(one.mobile or "", "merci") == "courtesy"
    assert quarter.world.text(one.mobile or "", "Fumée au 12") == "alert"


def test_its_end_is_told_to_those_who_were_told(lane: Quarter) -> None:
    alert = lane.exercise()
    lane.world.pump()
    assert lane.world.text(lane.referent.mobile or "", f"FIN {alert.id}") == "end"
    lane.world.pump()
    for one in lane.neighbours:
        assert lane.world.phone(one.mobile or "")[-1].startswith(FIRST[one.language])
    assert lane.world.rows(Alert, id=alert.id)[0].state == AlertState.ENDED


def test_an_agent_has_no_say_in_it(lane: Quarter) -> None:
    alert = lane.exercise()
    lane.world.pump()
    assert lane.world.text(lane.agent.mobile or "", f"FIN {alert.id}") == "unknown_ref"
    assert lane.world.rows(Alert, id=alert.id)[0].state == AlertState.OPEN


def test_a_yes_is_for_the_real_alert(lane: Quarter) -> None:
    exercise = lane.exercise()
    real = lane.world.raised(lane.referent, "Fumée rue Haute")
    assert lane.world.text(lane.referent.mobile or "", "OUI") == "called"
    assert lane.world.rows(Alert, id=real.id)[0].called
    assert not lane.world.rows(Alert, id=exercise.id)[0].called


def test_what_is_unsent_after_its_hours_is_dropped(lane: Quarter) -> None:
    alert = lane.exercise()
    assert alert.expires_at - alert.created_at <= timedelta(hours=2)
    lane.world.clock.forward(hours=3)
    lane.world.pump()
    sent = [row for row in lane.world.rows(Delivery, alert_id=alert.id) if row.attempts]
    assert sent == []
