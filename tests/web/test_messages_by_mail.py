"""/messages: who is told by mail that a message is there."""

from __future__ import annotations

import pytest

from community_store.models import (
    DeliveryState,
    Topic,
)
from gateway.contract import Channel
from tests.web.house import House
from tests.web.letters import Street, make_street, unread


@pytest.fixture
def street(house: House) -> Street:
    return make_street(house)


def test_a_mail_says_who_wrote_and_nothing_else(street: Street) -> None:
    path = street.writes(street.odette, street.jean, text="Mon code est 4711")
    (mail,) = street.mails(street.jean)
    assert mail.startswith("Tocsin : Odette Martin vous a écrit\n")
    assert f"https://tocsin.example{path}" in mail
    assert "4711" not in mail
    assert not street.mails(street.odette)


def test_one_mail_a_conversation_until_it_is_read(street: Street) -> None:
    path = street.writes(street.odette, street.jean)
    street.says(street.odette, path, "Deux")
    assert len(street.mails(street.jean)) == 1
    street.writes(street.anne, street.jean)
    assert len(street.mails(street.jean)) == 2
    street.reads(street.jean, path)
    street.says(street.odette, path, "Trois")
    assert len(street.mails(street.jean)) == 3


def test_whoever_turned_it_off_gets_no_mail(street: Street) -> None:
    street.world.mute(street.jean, Topic.MESSAGE, Channel.EMAIL)
    path = street.writes(street.odette, street.jean)
    assert street.mails(street.jean) == []
    assert "Bonjour" in street.reads(street.jean, path)


def test_turning_it_off_counts_for_a_mail_that_has_not_left(street: Street) -> None:
    street.writes(street.odette, street.jean)
    street.world.mute(street.jean, Topic.MESSAGE, Channel.EMAIL)
    street.world.pump()
    found = street.world.delivery(address=street.jean.email)
    assert (found.state, found.reason) == (DeliveryState.SUPPRESSED, "turned off")


def test_a_mail_does_leave(street: Street) -> None:
    street.world.mute(street.jean, Topic.ALERT, Channel.EMAIL)
    street.writes(street.odette, street.jean)
    street.world.pump()
    assert street.world.delivery(address=street.jean.email).state == DeliveryState.DELIVERED


def test_a_stop_holds_for_messages_too(street: Street) -> None:
    assert street.jean.email
    street.world.stop(street.jean.email, Channel.EMAIL)
    street.writes(street.odette, street.jean)
    assert street.mails(street.jean) == []


def test_nobody_gets_more_than_ten_mails_an_hour(street: Street) -> None:
    for other in street.world.members(street.jean.community_id or 0, 12):
        street.writes(other, street.jean)
    assert len(street.mails(street.jean)) == 10
    street.world.clock.forward(hours=1, minutes=1)
    street.writes(street.odette, street.jean)
    assert len(street.mails(street.jean)) == 11


def test_whoever_has_no_mail_reads_it_all_the_same(street: Street) -> None:
    street.world.change(street.jean, email=None)
    path = street.writes(street.odette, street.jean)
    assert unread(street, street.jean) == 1
    assert "Bonjour" in street.reads(street.jean, path)
