"""Registering on the web: the form, what is wrong in it, and correcting it."""

from __future__ import annotations

import re

import pytest

from community_store.models import (
    Notice,
    Registration,
)
from tests.web.house import PASSWORD, House, words
from tests.web.newcomer import E164, EMAIL, FILLED, MOBILE, filled, mail_link, placed


@pytest.mark.parametrize(
    ("field", "typed", "told"),
    [
        ("first_name", "", "Écrivez votre prénom"),
        ("last_name", " ", "Écrivez votre nom"),
        ("first_name", "http://gagnez.example", "fait de lettres seulement"),
        ("first_name", "www.gagnez.example", "fait de lettres seulement"),
        ("last_name", "Petit 06 39 98 00 71", "fait de lettres seulement"),
        ("first_name", "Gendarmerie", "Écrivez votre prénom, puis votre nom de famille"),
        ("mobile", "", "Donnez un numéro"),
        ("mobile", "08 99 00 00 00", "numéro français"),
        ("mobile", "+44 7911 123456", "numéro français"),
        ("landline", "06 39 98 00 72", "deux numéros de mobile"),
        ("email", "jeanne", "pas complète"),
        ("new", "", "Choisissez un mot de passe"),
        ("new", "court", "12"),
        ("new", "motdepasse123", "essayé en premier"),
        ("again", "un autre que le premier", "pas les mêmes"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_the_rest_is_kept(
    place: House, field: str, typed: str, told: str
) -> None:
    visitor = placed(place.visitor())
    both = {"new": typed, "again": typed} if field == "new" else {field: typed}
    answer = visitor.post("/join/form", **FILLED | both)
    assert answer.status_code == 422
    page = words(answer)
    assert told in page
    assert f'id="{field}-error"' in page
    if field != "last_name":
        assert 'value="Petit"' in page
    assert PASSWORD not in page
    assert place.world.rows(Registration)[0].first_name == ""


@pytest.mark.parametrize(
    ("mobile", "landline", "kept"),
    [
        ("0639980071", "", (E164, "")),
        ("+33 6.39.98.00.71", "", (E164, "")),
        ("0033639980071", "", (E164, "")),
        ("", "01 99 00 00 71", ("", "+33199000071")),
        ("01-99-00-00-71", "", ("", "+33199000071")),
        ("01 99 00 00 71", "06 39 98 00 71", (E164, "+33199000071")),
    ],
)
def test_numbers_are_understood_as_people_type_them(
    place: House, mobile: str, landline: str, kept: tuple[str, str]
) -> None:
    visitor = placed(place.visitor())
    visitor.post("/join/form", **FILLED | {"mobile": mobile, "landline": landline})
    [row] = place.world.rows(Registration)
    assert (row.mobile, row.landline) == kept


def test_the_form_needs_an_address_first(place: House) -> None:
    visitor = place.visitor()
    assert visitor.lands(visitor.get("/join/form")) == "/join"
    assert visitor.lands(visitor.post("/join/form", **FILLED)) == "/join"


def test_a_telephone_begins_names_with_a_capital_and_an_email_with_none(place: House) -> None:
    page = placed(place.visitor()).get("/join/form").text
    assert capitals(page) == {"first_name": "words", "last_name": "words", "email": "none"}
    assert capitals(place.visitor().get("/join").text) == {"address": "words", "email": "none"}


def capitals(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="(\w+)"[^>]*autocapitalize="(\w+)"', page))


def test_what_was_typed_is_there_again_but_for_the_password(place: House) -> None:
    visitor = filled(place.visitor())
    page = words(visitor.get("/join/form"))
    for typed in ("Jeanne", "Petit", MOBILE, EMAIL):
        assert f'value="{typed}"' in page
    assert PASSWORD not in page
    assert "laissez vide pour le garder" in page
    again = visitor.post("/join/form", **FILLED | {"new": "", "again": "", "last_name": "Grand"})
    assert visitor.lands(again) == "/join/proofs"


def test_who_corrects_their_name_again_and_again_keeps_the_code_and_the_link(
    place: House,
) -> None:
    visitor = filled(place.visitor())
    code, link, told = place.code(), mail_link(place), len(place.world.rows(Notice))
    for last_name in ("Petite", "Petitt", "Petit", "Grand"):
        visitor.post("/join/form", **FILLED | {"last_name": last_name})
    assert len(place.world.rows(Notice)) == told
    assert "Trop de codes" not in words(visitor.get("/join/proofs"))
    assert "Jeanne Grand" in words(visitor.get(link))
    assert visitor.lands(visitor.post("/join/proofs", code=code)) == "/community"


def test_who_corrects_their_number_or_email_is_sent_what_proves_it(place: House) -> None:
    visitor = filled(place.visitor(), mobile="06 39 98 00 79", email="jane@voisins.example")
    before = mail_link(place)
    visitor.post("/join/form", **FILLED)
    assert place.world.answers(E164) == ["proof_code"]
    assert visitor.get(before).status_code == 410
    assert EMAIL in words(visitor.get(mail_link(place)))


@pytest.mark.parametrize("known", [False, True])
def test_a_code_that_was_asked_for_elsewhere_tells_nobody_whether_one_is_known(
    place: House, known: bool
) -> None:
    if known:
        place.world.member(None, first_name="Odette", mobile=E164)
    place.visitor().post("/sign-in/code", address=MOBILE)
    visitor = filled(place.visitor())
    visitor.post("/join/again", what="number")
    assert "Trop de codes" not in words(visitor.get("/join/proofs"))
    visitor.post("/join/again", what="number")
    assert "Trop de codes" in words(visitor.get("/join/proofs"))
