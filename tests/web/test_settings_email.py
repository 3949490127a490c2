"""/settings/email: another address, proved by a link, told to the old one."""

from __future__ import annotations

import re

import pytest

from community_store.models import (
    Account,
    EmailChange,
    Member,
)
from dispatch import email_change, sweep
from tests.web.house import House, Visitor, words
from tests.web.settled import NEW, OLD, mailed, now, resident


@pytest.fixture
def odette(house: House) -> Member:
    return resident(house)


@pytest.fixture
def visitor(house: House, odette: Member) -> Visitor:
    return house.inside(house.account_of(odette))


def link(house: House) -> str:
    found = re.search(rf"({email_change.PATH}\S+)", mailed(house, "email_link")[-1][1])
    assert found
    return found[1]


def test_a_new_address_is_proved_by_a_link_and_the_old_one_is_told(
    house: House, visitor: Visitor, odette: Member
) -> None:
    visitor.lands(visitor.post("/settings/email", email=" Odette.Martin@voisins.example"))
    assert f"En attente : {NEW}" in words(visitor.get("/settings/email"))
    assert [address for address, _ in mailed(house, "email_link")] == [NEW]
    path = link(house)
    assert NEW in words(visitor.get(path))
    assert now(house, odette).email == OLD, "a GET changes nothing"
    visitor.lands(visitor.post(path))
    assert now(house, odette).email == NEW
    assert [address for address, _ in mailed(house, "email_changed")] == [OLD]
    assert NEW not in mailed(house, "email_changed")[0][1]
    assert visitor.post(path).status_code == 410
    assert house.visitor().sign_in(OLD).status_code == 422
    assert house.visitor().sign_in(NEW).status_code == 303


def test_a_link_is_of_use_to_who_asked_alone_and_for_a_day(
    house: House, visitor: Visitor, odette: Member
) -> None:
    """An address that was mistyped is a stranger's, who must not get in by it."""
    visitor.post("/settings/email", email=NEW)
    path = link(house)
    nobody = house.visitor()
    assert nobody.lands(nobody.get(path)).startswith("/sign-in")
    stranger = house.inside(house.account_of(house.world.member(None)))
    assert stranger.get(path).status_code == 410
    assert stranger.post(path).status_code == 410
    house.world.clock.forward(hours=25)
    assert visitor.get(path).status_code == 410
    assert now(house, odette).email == OLD


def test_only_the_last_link_counts(house: House, visitor: Visitor) -> None:
    visitor.post("/settings/email", email="autre@voisins.example")
    first = link(house)
    visitor.post("/settings/email", email=NEW)
    assert visitor.get(first).status_code == 410
    assert visitor.get(link(house)).status_code == 200


def test_another_s_address_is_answered_alike_and_told_to_them_alone(
    house: House, visitor: Visitor
) -> None:
    house.world.member(None, email=NEW)
    assert visitor.lands(visitor.post("/settings/email", email=NEW)) == "/settings/email"
    assert f"En attente : {NEW}" in words(visitor.get("/settings/email"))
    assert mailed(house, "email_link") == []
    [(address, said)] = mailed(house, "email_taken")
    assert address == NEW
    assert email_change.PATH not in said


def test_an_address_that_somebody_proved_meanwhile_is_not_taken(
    house: House, visitor: Visitor, odette: Member
) -> None:
    visitor.post("/settings/email", email=NEW)
    house.world.member(None, email=NEW)
    answer = visitor.post(link(house))
    assert answer.status_code == 409
    assert now(house, odette).email == OLD


def test_links_to_the_old_address_open_nothing_any_more(house: House, visitor: Visitor) -> None:
    house.visitor().post("/password/forgotten", email=OLD)
    before = house.link()
    visitor.post("/settings/email", email=NEW)
    visitor.post(link(house))
    assert house.visitor().get(before).status_code == 410


def test_addresses_are_asked_for_three_times_an_hour(house: House, visitor: Visitor) -> None:
    said = [visitor.post("/settings/email", email=NEW).status_code for _ in range(4)]
    assert said == [303] * 3 + [422]


@pytest.mark.parametrize(
    ("email", "told"),
    [("", "Écrivez la nouvelle adresse"), ("odette@", "pas complète"), (OLD, "déjà celui")],
)
def test_an_address_that_cannot_be_is_told(visitor: Visitor, email: str, told: str) -> None:
    answer = visitor.post("/settings/email", email=email)
    assert answer.status_code == 422
    assert told in words(answer)


def test_the_words_of_a_link_are_forgotten_when_it_is_over(house: House, visitor: Visitor) -> None:
    visitor.post("/settings/email", email=NEW)
    house.world.clock.forward(hours=25)
    sweep.sweep(house.world.runtime)
    assert mailed(house, "email_link") == [(NEW, "")]
    assert house.world.rows(EmailChange) == []


def test_staff_go_on_to_sign_in_with_their_address(house: House, odette: Member) -> None:
    house.account_of(odette)
    visitor = house.inside(house.team(OLD))
    assert "l'équipe" in words(visitor.get("/settings/email"))
    visitor.post("/settings/email", email=NEW)
    visitor.lands(visitor.post(link(house)))
    [account] = house.world.rows(Account)
    assert (now(house, odette).email, account.email) == (NEW, OLD)
