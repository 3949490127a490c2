"""/settings: to be sure who it is; numbers that are proved, removed and hidden."""

from __future__ import annotations

import pytest

from community_store.models import (
    Member,
    ProofCode,
    Stop,
    WebSession,
)
from gateway.contract import Channel
from tests.dispatch.world import at
from tests.web.house import PASSWORD, House, Visitor, words
from tests.web.settled import LANDLINE, MOBILE, OLD, OTHER, mailed, now, resident


@pytest.fixture
def odette(house: House) -> Member:
    return resident(house)


@pytest.fixture
def visitor(house: House, odette: Member) -> Visitor:
    return house.inside(house.account_of(odette))


def test_what_an_open_browser_must_not_do_asks_who_it_is(house: House, visitor: Visitor) -> None:
    assert visitor.get("/settings/email").status_code == 200, "they have just signed in"
    house.world.clock.forward(minutes=16)
    for path in ("/settings/email", "/settings/numbers/new", "/settings/numbers/remove/mobile"):
        for answer in (visitor.get(path), visitor.post(path)):
            assert visitor.lands(answer) == f"/settings/sure?next={path}"
    answer = visitor.post("/settings/sure", password="pas le bon du tout")
    assert answer.status_code == 422
    assert "Ce n'est pas votre mot de passe" in words(answer)
    [before] = house.world.rows(WebSession)
    answer = visitor.post("/settings/sure", password=PASSWORD, next="/settings/email")
    assert visitor.lands(answer) == "/settings/email"
    [after] = house.world.rows(WebSession)
    assert before.digest != after.digest
    assert visitor.get("/settings/email").status_code == 200
    house.world.clock.forward(minutes=16)
    assert visitor.get("/settings/email").status_code == 303


def test_who_has_no_password_gets_a_code_at_an_address_of_theirs(
    house: House, odette: Member
) -> None:
    visitor = house.inside(house.account_of(odette, password=False))
    house.world.clock.forward(minutes=16)
    page = words(visitor.get("/settings/sure?next=/settings/email"))
    assert 'name="password"' not in page
    answer = visitor.post("/settings/sure/code", way="mobile", next="/settings/email")
    assert visitor.lands(answer) == "/settings/sure/code?next=/settings/email"
    assert "06 39 98 07 42" in words(visitor.get(visitor.lands(answer)))
    assert [one.address for one in house.world.deliveries()] == [MOBILE]
    wrong = visitor.post("/settings/sure/code/enter", code="000000x", next="/settings/email")
    assert wrong.status_code == 422
    right = visitor.post("/settings/sure/code/enter", code=house.code(), next="/settings/email")
    assert visitor.lands(right) == "/settings/email"
    assert visitor.get("/settings/email").status_code == 200


def test_a_code_goes_to_no_address_but_one_s_own(house: House, visitor: Visitor) -> None:
    for way in ("", "address", "+33639980099", "state"):
        visitor.lands(visitor.post("/settings/sure/code", way=way))
    assert house.world.deliveries() == []


def test_staff_prove_themselves_by_their_password_alone(house: House, odette: Member) -> None:
    house.account_of(odette)
    visitor = house.inside(house.team(OLD))
    page = visitor.get("/settings/sure").text
    assert 'name="way"' not in page
    visitor.post("/settings/sure/code", way="mobile")
    assert house.world.deliveries() == []


def test_passwords_are_not_tried_for_long(visitor: Visitor) -> None:
    codes = [visitor.post("/settings/sure", password="x" * 12).status_code for _ in range(6)]
    assert codes == [422] * 5 + [429]


# numbers


def test_a_new_mobile_is_proved_by_a_code(house: House, visitor: Visitor, odette: Member) -> None:
    answer = visitor.post("/settings/numbers/new", number="06 39 98 07 77")
    assert visitor.lands(answer) == "/settings/numbers/code"
    assert house.world.delivery().address == OTHER
    assert now(house, odette).mobile == MOBILE
    assert visitor.post("/settings/numbers/code", code="12345x").status_code == 422
    visitor.lands(visitor.post("/settings/numbers/code", code=house.code()))
    assert now(house, odette).mobile == OTHER
    assert [address for address, _ in mailed(house, "number_changed")] == [OLD]
    assert visitor.lands(visitor.get("/settings/numbers/code")) == "/settings/numbers/new"


def test_a_number_that_is_proved_anew_gets_sms_in_spite_of_an_earlier_stop(
    house: House, visitor: Visitor
) -> None:
    visitor.post("/settings/numbers/new", number="06 39 98 07 02")
    house.world.stop("+33639980702")
    visitor.post("/settings/numbers/code", code=house.code())
    assert house.world.rows(Stop) == []


def test_a_new_landline_is_called(house: House, visitor: Visitor, odette: Member) -> None:
    house.world.clock.now = at(10)
    house.world.number("+33199000099", kind="long", voice=True, sms=False)
    visitor = house.inside(house.account_of(odette))
    visitor.lands(visitor.post("/settings/numbers/new", number="01 99 00 00 77"))
    assert house.world.delivery().channel == "voice"
    assert "va sonner" in words(visitor.get("/settings/numbers/code"))
    visitor.lands(visitor.post("/settings/numbers/code", code=house.code()))
    assert (now(house, odette).landline, now(house, odette).mobile) == ("+33199000077", MOBILE)


def test_a_landline_is_not_called_at_night_nor_by_who_cannot(house: House, odette: Member) -> None:
    house.world.clock.now = at(10)
    visitor = house.inside(house.account_of(odette))
    answer = visitor.post("/settings/numbers/new", number="01 99 00 00 77")
    assert "ne pouvons pas appeler" in words(answer)
    house.world.number("+33199000099", kind="long", voice=True, sms=False)
    house.world.clock.now = at(23)
    visitor = house.inside(house.account_of(odette))
    answer = visitor.post("/settings/numbers/new", number="01 99 00 00 77")
    assert (answer.status_code, "de 8 h à 21 h 30" in words(answer)) == (422, True)
    assert house.world.deliveries() == []


def calling(house: House, hour: int = 10) -> None:
    """By day, with a number that calls."""
    house.world.clock.now = at(hour)
    house.world.number("+33199000099", kind="long", voice=True, sms=False)


def test_who_wanted_no_calls_takes_that_back_by_the_code_of_one_call(
    house: House, odette: Member
) -> None:
    calling(house)
    house.world.stop(LANDLINE, Channel.VOICE)
    visitor = house.inside(house.account_of(odette))
    assert 'href="/settings/numbers/calls"' in visitor.get("/settings/notifications").text
    assert "M'appeler maintenant" in words(visitor.get("/settings/numbers/calls"))
    assert visitor.lands(visitor.post("/settings/numbers/calls")) == "/settings/numbers/code"
    house.world.pump()
    assert len(house.world.phone(LANDLINE)) == 1
    assert visitor.post("/settings/numbers/code", code="12345x").status_code == 422
    assert len(house.world.rows(Stop)) == 1
    visitor.lands(visitor.post("/settings/numbers/code", code=house.code()))
    assert house.world.rows(Stop) == []
    assert now(house, odette).landline == LANDLINE
    assert mailed(house, "number_changed") == []
    assert visitor.lands(visitor.get("/settings/numbers/calls")) == "/settings/notifications"


def test_nobody_is_called_at_night_to_take_it_back_nor_who_wants_calls(
    house: House, odette: Member
) -> None:
    calling(house, 23)
    visitor = house.inside(house.account_of(odette))
    assert visitor.lands(visitor.post("/settings/numbers/calls")) == "/settings/notifications"
    house.world.stop(LANDLINE, Channel.VOICE)
    answer = visitor.post("/settings/numbers/calls")
    assert (answer.status_code, "de 8 h à 21 h 30" in words(answer)) == (422, True)
    assert house.world.deliveries() == []


def test_who_has_a_landline_alone_signs_in_after_a_9_and_reads_of_it(house: House) -> None:
    calling(house)
    house.world.member(house.world.community(), first_name="Jean", mobile=None, landline=LANDLINE)
    house.world.stop(LANDLINE, Channel.VOICE)
    visitor = house.visitor()
    visitor.post("/sign-in/code", address=LANDLINE)
    house.world.pump()
    assert len(house.world.phone(LANDLINE)) == 1
    visitor.post("/sign-in/code/enter", code=house.code())
    page = words(visitor.get("/home"))
    assert "ne sonne plus pour les alertes" in page
    assert 'href="/settings/numbers/calls"' in page


@pytest.mark.parametrize(
    ("number", "told"),
    [("", "Écrivez le nouveau numéro"), ("0899 12 34 56", "pas un numéro français"),
     ("abc", "pas un numéro français"), ("06 39 98 07 42", "déjà celui de votre compte")],
)  # fmt: skip
def test_a_number_that_cannot_be_is_told(visitor: Visitor, number: str, told: str) -> None:
    answer = visitor.post("/settings/numbers/new", number=number)
    assert answer.status_code == 422
    assert told in words(answer)


def test_another_s_mobile_is_told_only_to_who_holds_it(
    house: House, visitor: Visitor, odette: Member
) -> None:
    house.world.member(None, mobile=OTHER)
    answer = visitor.post("/settings/numbers/new", number=OTHER)
    assert visitor.lands(answer) == "/settings/numbers/code"
    answer = visitor.post("/settings/numbers/code", code=house.code())
    assert answer.status_code == 422
    assert "celui d'un autre compte" in words(answer)
    assert now(house, odette).mobile == MOBILE


def test_codes_are_asked_for_three_times_an_hour(house: House, visitor: Visitor) -> None:
    said = [
        visitor.post("/settings/numbers/new", number="06 39 98 07 77").status_code for _ in range(4)
    ]
    assert said == [303] * 3 + [422]
    assert len(house.world.rows(ProofCode)) == 3


def test_the_code_of_another_visitor_s_number_is_of_no_use(
    house: House, visitor: Visitor, odette: Member
) -> None:
    visitor.post("/settings/numbers/new", number=OTHER)
    code = house.code()
    stranger = house.inside(house.account_of(house.world.member(None)))
    assert stranger.lands(stranger.post("/settings/numbers/code", code=code)).endswith("/new")
    visitor.post("/settings/numbers/code", code=code)
    assert now(house, odette).mobile == OTHER


def test_a_number_is_removed_once_that_is_confirmed_and_never_the_last(
    house: House, visitor: Visitor, odette: Member
) -> None:
    assert "06 39 98 07 42" in words(visitor.get("/settings/numbers/remove/mobile"))
    assert now(house, odette).mobile == MOBILE
    visitor.lands(visitor.post("/settings/numbers/remove/mobile"))
    assert now(house, odette).mobile is None
    house.world.change(odette, email=None)
    answer = visitor.post("/settings/numbers/remove/landline")
    assert answer.status_code == 409
    assert "seul moyen de vous joindre" in words(answer)
    assert now(house, odette).landline == LANDLINE
    assert visitor.post("/settings/numbers/remove/address").status_code == 404


def test_numbers_are_hidden_and_shown(house: House, visitor: Visitor, odette: Member) -> None:
    page = words(visitor.get("/settings/numbers"))
    assert "Les alertes vous parviennent toujours" in page
    assert "Seule la mairie, si elle participe, le voit" in page
    visitor.lands(visitor.post("/settings/numbers/hidden", hide_mobile="yes"))
    assert (now(house, odette).hide_mobile, now(house, odette).hide_landline) == (True, False)
    visitor.lands(visitor.post("/settings/numbers/hidden", hide_landline="yes"))
    assert (now(house, odette).hide_mobile, now(house, odette).hide_landline) == (False, True)


def test_alerts_still_come_to_a_hidden_number(house: House, odette: Member) -> None:
    house.world.change(odette, hide_mobile=True)
    author = house.world.member(odette.community_id)
    assert MOBILE in house.world.told(Channel.SMS, house.world.raised(author))
