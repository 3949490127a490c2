"""Registering on the web with a mobile that somebody of another name has: whose is it?"""

from __future__ import annotations

import re

import pytest

from community_store.models import (
    Member,
    Registration,
)
from tests.dispatch.landlines import caller
from tests.dispatch.world import at
from tests.web.house import House, Visitor, words
from tests.web.newcomer import (
    E164,
    EMAIL,
    FILLED,
    LANDLINE,
    MOBILE,
    filled,
    jeanne,
    joined_by_text,
    mail_link,
)


@pytest.fixture
def by_call(place: House) -> House:
    """By day, with a number that calls."""
    place.world.clock.now = at(10)
    caller(place.world)
    return place


def test_a_mobile_of_another_name_opens_nothing_before_it_is_said_whose_it_is(
    place: House,
) -> None:
    known = joined_by_text(place, first_name="Odette", last_name="Blanc")
    visitor = filled(place.visitor())
    answer = visitor.post("/join/proofs", code=place.code())
    assert visitor.lands(answer) == "/join/whose"
    assert not visitor.signed_in()
    page = words(visitor.get("/join/whose"))
    assert "Son prénom commence par O." in page
    assert not re.search(f"Odette|Blanc|{known.address}", page)
    assert "L'inscription en cours (Jeanne Petit) continue sans ce numéro" in page
    assert 'href="/contact"' in page
    assert visitor.lands(visitor.get("/join/proofs")) == "/join/whose"


def shared(house: House, **typed: str) -> Visitor:
    """Who has proved a mobile that is Odette's, and is asked whose it is."""
    joined_by_text(house, first_name="Odette", last_name="Blanc")
    visitor = filled(house.visitor(), **typed)
    visitor.post("/join/proofs", code=house.code())
    return visitor


def test_whose_account_it_is_opens_it_and_nothing_typed_is_added(place: House) -> None:
    visitor = shared(place)
    assert visitor.lands(visitor.post("/join/whose", whose="mine")) == "/home"
    page = words(visitor.get("/home"))
    assert "Bonjour Odette" in page
    assert "rien de ce que vous veniez de taper n'y a été ajouté" in page
    [member] = place.world.rows(Member)
    assert (member.first_name, member.email) == ("Odette", None)
    assert place.world.rows(Registration) == []


def test_whose_account_it_is_not_goes_on_with_what_else_was_typed(place: House) -> None:
    visitor = shared(place)
    assert visitor.lands(visitor.post("/join/whose", whose="other")) == "/join/proofs"
    page = words(visitor.get("/join/proofs"))
    assert "continue sans ce mobile" in page
    assert EMAIL in page
    assert MOBILE not in page
    visitor.post(mail_link(place))
    assert (jeanne(place).mobile, jeanne(place).email) == (None, EMAIL)
    assert len(place.world.rows(Member, mobile=E164)) == 1


def test_who_gave_nothing_else_is_asked_for_another_number_or_an_email(place: House) -> None:
    visitor = shared(place, email="", new="", again="")
    assert visitor.lands(visitor.post("/join/whose", whose="other")) == "/join/form"
    assert 'value="Jeanne"' in words(visitor.get("/join/form"))
    nothing = FILLED | {"mobile": "", "email": "", "new": "", "again": ""}
    assert "ou au moins une adresse e-mail" in words(visitor.post("/join/form", **nothing))
    assert "sert déjà à un autre compte" in words(visitor.post("/join/form", **FILLED))
    assert visitor.lands(visitor.post("/join/form", **FILLED | {"mobile": ""})) == "/join/proofs"
    visitor.post(mail_link(place))
    assert jeanne(place).email == EMAIL


def test_the_landline_that_was_typed_too_is_called_then(by_call: House) -> None:
    visitor = shared(by_call, landline=LANDLINE, email="", new="", again="")
    visitor.post("/join/whose", whose="other")
    assert visitor.lands(visitor.post("/join/proofs", code=by_call.code())) == "/community"
    assert (jeanne(by_call).mobile, jeanne(by_call).landline) == (None, "+33199000071")


@pytest.mark.parametrize("said", ["", "yes"])
def test_an_answer_that_is_none_asks_again(place: House, said: str) -> None:
    visitor = shared(place)
    assert visitor.lands(visitor.post("/join/whose", whose=said)) == "/join/whose"
    assert not visitor.signed_in()


def test_who_has_given_no_code_of_late_opens_nothing(place: House) -> None:
    visitor, stranger = shared(place), place.visitor()
    place.world.clock.forward(minutes=11)
    for one in (visitor, stranger, filled(place.visitor())):
        assert one.lands(one.get("/join/whose")) == "/join/proofs"
        one.post("/join/whose", whose="mine")
        assert not one.signed_in()
    assert "Odette" not in words(visitor.get("/join/proofs"))


def test_who_proved_their_email_meanwhile_has_an_account_and_opens_no_other(
    place: House,
) -> None:
    visitor = shared(place)
    visitor.post(mail_link(place))
    assert visitor.lands(visitor.post("/join/whose", whose="mine")) == "/join/whose"
    assert "Bonjour Jeanne" in words(visitor.get("/home"))


def test_who_acts_for_the_town_is_asked_for_their_password_there_too(place: House) -> None:
    visitor = shared(place)
    [member] = place.world.rows(Member)
    account = place.account_of(member)
    place.world.change(account, agent_id=place.world.agent(email="agent@ville.example").id)
    answer = visitor.post("/join/whose", whose="mine")
    assert visitor.lands(answer).startswith("/sign-in")
    assert not visitor.signed_in()


def test_two_who_share_a_mobile_stay_two(place: House) -> None:
    joined_by_text(place, first_name="Robert")
    visitor = filled(place.visitor())
    visitor.post(mail_link(place))
    assert visitor.lands(visitor.post("/join/proofs", code=place.code())) == "/join/proofs"
    page = words(visitor.get("/join/proofs"))
    assert "Si cet autre compte est à vous, déconnectez-vous" in page
    assert MOBILE not in words(visitor.get("/join/proofs"))
    assert (jeanne(place).mobile, jeanne(place).email) == (None, EMAIL)
