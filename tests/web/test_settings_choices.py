"""/settings/notifications: what comes by which way; the newsletter; the language."""

from __future__ import annotations

import re

import pytest

from community_store.models import (
    Member,
    Mute,
    Stop,
    Topic,
)
from dispatch import preferences
from gateway.contract import Channel
from tests.web.house import House, Visitor, words
from tests.web.settled import MOBILE, OLD, now, resident


@pytest.fixture
def odette(house: House) -> Member:
    return resident(house)


@pytest.fixture
def visitor(house: House, odette: Member) -> Visitor:
    return house.inside(house.account_of(odette))


def choices(page: str) -> dict[str, bool]:
    boxes = re.findall(r'<input type="checkbox" id="(\w+-\w+)"[^>]*?value="yes" (checked)?', page)
    return {name: bool(on) for name, on in boxes}


def test_everything_is_on_at_first_and_twins_are_never_by_sms(visitor: Visitor) -> None:
    shown = choices(visitor.get("/settings/notifications").text)
    assert set(shown.values()) == {True}
    known = {"alert-sms", "alert-email", "town-sms", "town-email", "twin-email", "message-email"}  # fmt: skip
    assert known <= shown.keys()
    assert (
        not {"twin-sms", "gazette-sms", "gazette-email", "message-sms", "alert-voice"}
        & shown.keys()
    )


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("topic", Topic)
def test_a_channel_is_offered_where_it_makes_sense(topic: Topic, channel: Channel) -> None:
    urgent = topic in (Topic.ALERT, Topic.TOWN)
    wanted = {
        Channel.SMS: urgent,
        Channel.VOICE: urgent,
    }.get(channel, topic is not Topic.GAZETTE)
    assert preferences.offered(topic, channel) is wanted


def test_a_landline_is_offered_where_there_is_no_mobile(
    house: House, visitor: Visitor, odette: Member
) -> None:
    house.world.change(odette, mobile=None, email=None)
    page = visitor.get("/settings/notifications").text
    shown = choices(page)
    assert {"alert-voice", "town-voice"} <= shown.keys()
    assert not {"alert-sms", "alert-email"} & shown.keys()
    assert "Ajouter une adresse e-mail" in words(visitor.get("/settings/notifications"))


def test_what_is_turned_off_is_kept_and_honoured(
    house: House, visitor: Visitor, odette: Member
) -> None:
    ticked = dict.fromkeys(choices(visitor.get("/settings/notifications").text), "yes")
    del ticked["alert-email"], ticked["twin-email"]
    visitor.lands(visitor.post("/settings/notifications", **ticked))
    assert {(one.topic, one.channel) for one in house.world.rows(Mute)} == {
        ("alert", "email"), ("twin", "email"),
    }  # fmt: skip
    again = choices(visitor.get("/settings/notifications").text)
    assert {name for name, on in again.items() if not on} == {"alert-email", "twin-email"}
    alert = house.world.raised(house.world.member(odette.community_id))
    assert OLD not in house.world.told(Channel.EMAIL, alert)
    assert MOBILE in house.world.told(Channel.SMS, alert)
    visitor.lands(visitor.post("/settings/notifications", **ticked, **{"alert-email": "yes"}))
    assert [(one.topic, one.channel) for one in house.world.rows(Mute)] == [("twin", "email")]


def test_turning_every_alert_off_is_asked_twice_and_then_said_all_along(
    house: House, visitor: Visitor
) -> None:
    ticked = {"town-sms": "yes", "message-email": "yes"}
    answer = visitor.post("/settings/notifications", **ticked)
    assert answer.status_code == 200
    assert "Plus aucune alerte ?" in words(answer)
    assert house.world.rows(Mute) == []
    assert 'name="town-sms" value="yes"' in answer.text
    visitor.lands(visitor.post("/settings/notifications", **ticked, sure="yes"))
    off = {(one.topic, one.channel) for one in house.world.rows(Mute)}
    assert {("alert", "sms"), ("alert", "email")} <= off
    assert ("town", "sms") not in off
    for path in ("/settings", "/settings/notifications"):
        assert "aucune alerte de votre quartier ne vous parvient" in words(visitor.get(path))
    assert visitor.post("/settings/notifications", **ticked).status_code == 303, "known by now"


def test_what_cannot_be_chosen_now_stays_as_it_was(
    house: House, visitor: Visitor, odette: Member
) -> None:
    house.world.mute(odette, Topic.ALERT, Channel.VOICE)
    ticked = dict.fromkeys(choices(visitor.get("/settings/notifications").text), "yes")
    visitor.lands(visitor.post("/settings/notifications", **ticked, **{"twin-sms": "yes"}))
    assert [(one.topic, one.channel) for one in house.world.rows(Mute)] == [("alert", "voice")]


def test_a_stop_is_said_and_that_of_e_mail_can_be_taken_back(
    house: House, visitor: Visitor
) -> None:
    house.world.stop(MOBILE)
    house.world.stop(OLD, Channel.EMAIL)
    page = words(visitor.get("/settings/notifications"))
    assert "envoyez REPRISE au 38000" in page
    assert "refusé tous nos e-mails" in page
    assert "aucune alerte de votre quartier ne vous parvient" in page
    visitor.lands(visitor.post("/settings/notifications/resume"))
    assert [one.address for one in house.world.rows(Stop)] == [MOBILE]


def test_the_newsletter_is_off_until_asked_for_and_says_since_when(
    house: House, visitor: Visitor, odette: Member
) -> None:
    assert "Lettre d'information : non" in words(visitor.get("/settings"))
    visitor.lands(visitor.post("/settings/newsletter", newsletter="yes"))
    since = now(house, odette).newsletter_since
    assert since == house.world.clock()
    house.world.clock.forward(days=1)
    visitor.post("/settings/newsletter", newsletter="yes")
    assert now(house, odette).newsletter_since == since, "twice is once"
    assert "Demandée le" in words(visitor.get("/settings/notifications"))
    visitor.lands(visitor.post("/settings/newsletter"))
    me = now(house, odette)
    assert (me.newsletter_since, me.newsletter_until) == (since, house.world.clock())
    assert "Lettre d'information : non" in words(visitor.get("/settings"))


def test_a_language_is_chosen_for_everything(
    house: House, visitor: Visitor, odette: Member
) -> None:
    assert visitor.lands(visitor.post("/language", language="en", next="/settings")) == "/settings"
    assert "My settings" in words(visitor.get("/settings"))
    assert now(house, odette).language == "en"


def test_the_gazette_has_one_setting_that_says_what_comes(house: House, visitor: Visitor) -> None:
    assert "Vous ne la recevez pas par e-mail." in words(visitor.get("/settings/notifications"))
    visitor.lands(visitor.post("/gazette/digest", every="daily"))
    assert "par e-mail, une fois par jour." in words(visitor.get("/settings/notifications"))
    ticked = dict.fromkeys(choices(visitor.get("/settings/notifications").text), "yes")
    visitor.lands(visitor.post("/settings/notifications", **ticked))
    assert "par e-mail, une fois par jour." in words(visitor.get("/settings/notifications"))


def test_a_gazette_that_was_turned_off_is_not_said_to_come(
    house: House, visitor: Visitor, odette: Member
) -> None:
    visitor.lands(visitor.post("/gazette/digest", every="daily"))
    house.world.mute(odette, Topic.GAZETTE, Channel.EMAIL)
    assert "une fois par jour." not in words(visitor.get("/gazette/"))
    assert "Vous ne la recevez pas par e-mail." in words(visitor.get("/settings/notifications"))
    visitor.lands(visitor.post("/gazette/digest", every="daily"))
    assert "une fois par jour." in words(visitor.get("/gazette/"))
