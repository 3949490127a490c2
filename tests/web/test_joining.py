"""Where do you live? Asked on a page, answered by a real address server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from community_store.store import Store
from dispatch import applying
from tests.dispatch.world import make_world
from tests.rigs.processes import free_port
from tests.web.house import House, make_house, words

LILAS = "12 rue des lilas 38990 valmoutier"


@pytest.fixture
def place(sqlite_store: Store, redis_url: str, tmp_path: Path, addok: str) -> Iterator[House]:
    """Les Lilas around its street, with the real address server."""
    sections = {"geo": {"geocoder_url": addok}}
    with make_world(sqlite_store, redis_url, tmp_path, **sections) as world:
        world.number()
        world.community("Les Lilas")
        yield make_house(world)


def test_the_community_of_an_address_is_said_with_the_text_to_send(place: House) -> None:
    page = words(place.visitor().post("/join", address=LILAS))
    assert "12 Rue des Lilas 38990 Valmoutier" in page
    assert "Votre quartier : Les Lilas" in page
    assert 'href="sms:38000?body=INSCRIPTION%20' in page


def test_the_text_that_is_prepared_is_read_as_an_inscription(place: House) -> None:
    page = words(place.visitor().post("/join", address=LILAS))
    link = re.search(r'href="sms:38000\?body=INSCRIPTION%20([^"]+)"', page)
    assert link
    form = applying.read(unquote(link[1]).replace("Prénom Nom", "Jeanne Petit"))
    assert isinstance(form, applying.ByAddress)
    assert form.person == applying.Person("Jeanne", "Petit")
    assert form.address == "12 Rue des Lilas 38990 Valmoutier"


def test_an_address_that_may_mean_several_shows_each(place: House) -> None:
    page = words(place.visitor().post("/join", address="12 rue des lilas"))
    assert "Laquelle est votre adresse ?" in page
    assert page.count("Préparer le SMS") == 2
    assert "Aucun quartier n'est encore créé ici" in page


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
    answer = place.visitor().post("/join", address=typed)
    assert answer.status_code == 422
    assert told in words(answer)
    assert typed in words(answer)
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:{port}"])
def test_without_an_address_server_one_may_still_join_by_text(
    sqlite_store: Store, redis_url: str, tmp_path: Path, url: str
) -> None:
    sections = {"geo": {"geocoder_url": url.format(port=free_port())}}
    with make_world(sqlite_store, redis_url, tmp_path, **sections) as world:
        world.number()
        answer = make_house(world).visitor().post("/join", address=LILAS)
        assert answer.status_code == 503
        page = words(answer)
        assert "La recherche d'adresses ne répond pas" in page
        assert "INSCRIPTION Odette Martin" in page
        assert LILAS in page


def test_neither_the_address_nor_the_place_is_logged(
    place: House, capsys: pytest.CaptureFixture[str]
) -> None:
    place.visitor().post("/join", address=LILAS)
    place.visitor().post("/join", address="99 rue perdue nulle part")
    out = "".join(capsys.readouterr()).lower()
    assert "lilas" not in out
    assert "perdue" not in out


def test_who_asks_too_often_is_told_to_wait(place: House) -> None:
    visitor = place.visitor()
    answers = [visitor.post("/join", address="").status_code for _ in range(21)]
    assert answers == [422] * 20 + [429]
