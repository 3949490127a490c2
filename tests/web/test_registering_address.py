"""Registering on the web: the address, and where the home is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from community_store.models import (
    Community,
    Registration,
)
from community_store.store import Store
from tests.dispatch.world import make_world
from tests.rigs.processes import free_port
from tests.web.house import House, Visitor, make_house, words
from tests.web.newcomer import EMAIL, LABEL, LILAS


def test_an_address_leads_to_its_place_and_then_to_the_neighbourhood(place: House) -> None:
    visitor = place.visitor()
    assert visitor.lands(visitor.post("/join", address=LILAS)) == "/join/place"
    page = words(visitor.get("/join/place"))
    assert LABEL in page
    assert re.search(r'name="lat" value="45\.\d+"', page)
    visitor.post("/join/place", lat="", lon="")
    assert "Votre quartier : Les Lilas." in words(visitor.get("/join/confirm"))


def test_an_address_that_may_mean_several_asks_which(place: House) -> None:
    visitor = place.visitor()
    assert visitor.lands(visitor.post("/join", address="12 rue des lilas")) == "/join/which"
    page = words(visitor.get("/join/which"))
    choices = re.findall(r'name="choice" value="(\d)">([^<]+)<', page)
    assert len(choices) == 2
    number, address = choices[1]
    assert visitor.lands(visitor.post("/join/which", choice=number)) == "/join/place"
    assert address in words(visitor.get("/join/place"))


@pytest.mark.parametrize("choice", ["", "7", "-1", "x", "0;1"])
def test_a_choice_that_was_not_offered_is_asked_again(place: House, choice: str) -> None:
    visitor = place.visitor()
    visitor.post("/join", address="12 rue des lilas")
    assert visitor.lands(visitor.post("/join/which", choice=choice)) == "/join/which"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "Écrivez votre adresse"),
        ("Valmoutier", "Ajoutez le numéro et le nom de la rue"),
        ("<script>alert(1)</script>", "Nous ne trouvons pas cette adresse"),
        ("zzzz qqqq", "Nous ne trouvons pas cette adresse"),
        ("1 rue " + "e" * 300, "200"),
    ],
)
def test_what_leads_nowhere_is_said_and_stays_in_the_field(
    place: House, typed: str, told: str
) -> None:
    answer = place.visitor().post("/join", address=typed, email=EMAIL)
    assert answer.status_code == 422
    page = words(answer)
    assert told in page
    assert typed in page
    assert EMAIL in page
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:{port}"])
def test_without_an_address_server_the_town_is_chosen_on_a_list(
    sqlite_store: Store, redis_url: str, tmp_path: Path, url: str
) -> None:
    sections = {"geo": {"geocoder_url": url.format(port=free_port())}}
    with make_world(sqlite_store, redis_url, tmp_path, **sections) as world:
        world.number()
        visitor = make_house(world).visitor()
        answer = visitor.post("/join", address=LILAS)
        assert answer.status_code == 503
        assert "ne répond pas" in words(answer)
        assert LILAS in words(answer)
        assert 'href="/join/town"' in answer.text
        asked = visitor.post("/join/town", street="12 rue des Lilas", postcode="38250")
        assert "Lans-en-Vercors" in words(asked)
        taken = visitor.post(
            "/join/town", street="12 rue des Lilas", postcode="38250", town="38205"
        )
        assert visitor.lands(taken) == "/join/place"
        assert "12 rue des Lilas 38250 Lans-en-Vercors" in words(visitor.get("/join/place"))


@pytest.mark.parametrize("postcode", ["00000", "abcde", "380", "3800000"])
def test_a_postcode_that_is_none_is_said(place: House, postcode: str) -> None:
    answer = place.visitor().post("/join/town", street="1 rue", postcode=postcode)
    assert answer.status_code == 422
    assert "Aucune commune" in words(answer)
    assert postcode in words(answer)


def test_a_postcode_is_kept_as_it_is_written(place: House) -> None:
    visitor = place.visitor()
    visitor.post("/join/town", street="1 rue Neuve", postcode="29 000")
    assert "1 rue Neuve 29000 Quimper" in words(visitor.get("/join/place"))


def test_addresses_are_suggested_as_one_types(place: House) -> None:
    visitor = place.visitor()
    assert LABEL in (visitor.post("/join/suggest", q="12 rue des lil").json or [])
    assert visitor.post("/join/suggest", q="zz").json == []
    assert visitor.bare_post("/join/suggest", q="12 rue des lil").status_code == 400


@pytest.mark.parametrize(
    ("lat", "lon", "told"),
    [
        ("40.4", "-3.7", "pas en France"),
        ("48.85", "2.35", "plus de 3 km"),
        ("nan", "inf", "pas été comprise"),
        ("x", "5.7", "pas été comprise"),
    ],
)
def test_a_marker_that_is_elsewhere_is_said(place: House, lat: str, lon: str, told: str) -> None:
    visitor = place.visitor()
    visitor.post("/join", address=LILAS)
    answer = visitor.post("/join/place", lat=lat, lon=lon)
    assert answer.status_code == 422
    assert told in words(answer)


def chosen(house: House, town: str, postcode: str) -> Visitor:
    """Whose town is known, and whose street is not."""
    visitor = house.visitor()
    visitor.post("/join/town", street="Chemin Inconnu", postcode=postcode, town=town)
    return visitor


def marked(house: House, visitor: Visitor) -> TestResponse:
    """The marker in the middle of Les Lilas, which are in 38185."""
    middle = house.world.rows(Community)[0].boundary.centroid
    return visitor.post("/join/place", lat=str(middle.y), lon=str(middle.x))


def test_a_marker_in_another_town_than_the_chosen_one_is_said(place: House) -> None:
    answer = marked(place, chosen(place, "33063", "33000"))
    assert answer.status_code == 422
    assert "pas dans la commune de cette adresse" in words(answer)
    assert place.world.rows(Registration)[0].lat is None
    visitor = chosen(place, "38185", "38000")
    assert visitor.lands(marked(place, visitor)) == "/join/confirm"


def test_while_the_address_server_is_away_the_communities_say_which_town_it_is(
    sqlite_store: Store, redis_url: str, tmp_path: Path
) -> None:
    with make_world(sqlite_store, redis_url, tmp_path, geo={"geocoder_url": ""}) as world:
        world.community("Les Lilas")
        house = make_house(world)
        assert marked(house, chosen(house, "33063", "33000")).status_code == 422
        visitor = chosen(house, "33063", "33000")
        assert visitor.lands(visitor.post("/join/place", lat="44.84", lon="-0.58")) == (
            "/join/confirm"
        )
