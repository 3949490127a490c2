"""/messages: what a twin knows of who writes."""

from __future__ import annotations

import pytest

from community_store.models import (
    Member,
)
from tests.web.house import House, words
from tests.web.letters import Street, canaries, ends_twinning, make_street


@pytest.fixture
def street(house: House) -> Street:
    return make_street(house)


def everything_of(street: Street, who: Member, path: str) -> str:
    """All that somebody reaches about their messages, and their mail."""
    paths = ["/messages/", "/messages/new", path, f"{path}/live", "/messages/blocked", "/absence/"]
    paths += [f"/messages/new?of={one}" for one in (1, 2, 3)]
    others = [one for one in (street.odette, street.jean, street.paul) if one is not who]
    paths += [f"{path}/block/{street.ref(who, one)}" for one in others]
    paths += [
        street.path(who, "/messages/write", *others),
        street.path(who, "/messages/new", *others),
    ]
    pages = [words(street.browser(who).get(one)) for one in paths]
    pages += [street.browser(who).get(one).headers.get("Location", "") for one in paths]
    return "\n".join([*pages, *street.mails(who)])


def test_a_twin_never_has_a_name_a_number_or_an_address(street: Street) -> None:
    path = street.writes(street.odette, street.jean, street.paul, text="Bonjour à tous")
    street.says(street.jean, path, "Présent")
    street.writes(street.odette, street.paul, text="Rien qu'à vous")
    read = everything_of(street, street.paul, path)
    assert "Mésange" in read
    assert "Pinson" in read
    assert [one for one in canaries(street.odette, street.jean, street.anne) if one in read] == []
    back = everything_of(street, street.odette, path)
    assert "Geai" in back
    assert [one for one in canaries(street.paul) if one in back] == []


def test_one_is_told_how_one_appears_to_twins(street: Street) -> None:
    told = "que votre pseudonyme : Mésange"
    assert told in street.reads(
        street.odette, street.path(street.odette, "/messages/write", street.paul)
    )
    assert told in street.reads(street.odette, street.writes(street.odette, street.paul))
    assert "Mésange" not in street.reads(
        street.odette, street.path(street.odette, "/messages/write", street.jean)
    )


def test_a_twin_cannot_be_named_by_number(street: Street) -> None:
    """Whoever could try numbers would see which pseudonym is whose."""
    path = street.writes(street.odette, street.paul, street.jean)
    visitor = street.browser(street.odette)
    for number in (street.paul.id, f"{street.paul.community_id}-{'0' * 16}", f"0{street.jean.id}"):
        for page in ("/messages/write", "/messages/new", "/absence/new", "/absence/choose"):
            assert visitor.get(f"{page}?to={number}").status_code == 404, (page, number)
        assert visitor.post(f"/messages/write?to={number}", text="Toi").status_code == 404
        assert visitor.get(f"{path}/block/{number}").status_code == 404
    ends_twinning(street)
    for who in (street.paul.id, street.ref(street.odette, street.paul)):
        assert visitor.get(f"{path}/block/{who}").status_code == 404


def test_moving_closer_never_gives_a_pseudonym_its_name(street: Street) -> None:
    path = street.writes(street.odette, street.paul)
    street.says(street.paul, path, "Bonjour")
    street.world.change(street.paul, community_id=street.odette.community_id)
    page = street.reads(street.odette, path)
    assert "a quitté sa communauté" in page
    assert [one for one in ("Paul", "Noir", "Geai") if one in page] == []
    assert "Vous avez changé de communauté" in street.reads(street.paul, path)
    assert "Odette" not in street.reads(street.paul, path)
    street.paul.community_id = street.odette.community_id
    assert street.writes(street.odette, street.paul) != path, "as neighbours they begin anew"
