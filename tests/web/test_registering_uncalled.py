"""Registering with a landline where nobody can be called; and a page of proofs that is read later."""

from __future__ import annotations

import pytest

from tests.dispatch.landlines import caller
from tests.dispatch.world import at
from tests.web.house import House, words
from tests.web.newcomer import EMAIL, FILLED, LANDLINE, MOBILE, filled, mail_link, placed

ALONE = {"mobile": "", "landline": LANDLINE, "email": "", "new": "", "again": ""}
CALLS = "un fixe, par un appel"


def test_a_landline_alone_is_not_enough_where_nobody_is_called(place: House) -> None:
    visitor = placed(place.visitor())
    assert CALLS not in words(visitor.get("/join/form"))
    answer = visitor.post("/join/form", **FILLED | ALONE)
    assert answer.status_code == 422
    assert "Donnez aussi un mobile ou une adresse e-mail" in words(answer)


def test_a_landline_alone_is_enough_where_somebody_calls(place: House) -> None:
    place.world.clock.now = at(10)
    caller(place.world)
    visitor = placed(place.visitor())
    assert CALLS in words(visitor.get("/join/form"))
    assert visitor.lands(visitor.post("/join/form", **FILLED | ALONE)) == "/join/proofs"


@pytest.mark.parametrize("inside", [False, True])
def test_no_code_is_asked_for_that_nobody_can_say(place: House, inside: bool) -> None:
    visitor = filled(place.visitor(), mobile="", landline=LANDLINE)
    if inside:
        visitor.post(mail_link(place))
    page = words(visitor.get("/join/proofs"))
    assert "Nous ne pouvons pas encore appeler" in page
    assert "Nous appelons" not in page
    assert 'name="code"' not in page
    assert EMAIL in page


def test_a_landline_beside_a_mobile_is_not_promised_a_call(place: House) -> None:
    visitor = filled(place.visitor(), landline=LANDLINE)
    assert "celui-ci ne reçoit pas d'alerte" in words(visitor.get("/join/proofs"))
    visitor.post("/join/proofs", code=place.code())
    page = words(visitor.get("/join/proofs"))
    assert "celui-ci ne reçoit pas d'alerte" in page
    assert "par un appel" not in page


def test_a_code_is_not_said_to_have_just_left_an_hour_later(place: House) -> None:
    visitor = filled(place.visitor())
    just = f"Nous venons d'envoyer un SMS au {MOBILE}"
    assert just in words(visitor.get("/join/proofs"))
    place.world.clock.forward(hours=1)
    page = words(visitor.get("/join/proofs"))
    assert just not in page
    assert "Recevoir un nouveau code" in page
    visitor.post("/join/again", what="number")
    assert just in words(visitor.get("/join/proofs"))


@pytest.mark.parametrize("called", [False, True])
def test_home_leads_to_the_proof_of_a_landline_only_where_somebody_calls(
    place: House, called: bool
) -> None:
    place.world.clock.now = at(10)
    if called:
        caller(place.world)
    visitor = filled(place.visitor(), landline=LANDLINE)
    visitor.post("/join/proofs", code=place.code())
    assert "/join/proofs" in visitor.get("/home").text, "the e-mail waits"
    visitor.post(mail_link(place))
    assert ("/join/proofs" in visitor.get("/home").text) == called
