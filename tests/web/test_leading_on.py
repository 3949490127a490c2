"""Pages that were made for somebody else say where their reader stands, and lead on."""

from __future__ import annotations

import pytest

from community_store.models import MemberState
from tests.web.house import House, words


@pytest.mark.parametrize("subscribed", [True, False])
def test_an_agent_without_requests_is_led_to_their_own_page(house: House, subscribed: bool) -> None:
    house.world.town(subscribed=subscribed)
    agent = house.inside(house.account_of(house.world.agent(email="a@ville.example")))
    page = words(agent.get("/requests"))
    assert "Aller à mon quartier" not in page
    assert "Aller à ma page d'accueil" in page
    assert agent.get("/home").status_code == 200


def test_a_referent_without_requests_is_led_to_their_quarter(house: House) -> None:
    member = house.world.member(house.world.community(), referent=True)
    page = words(house.inside(house.account_of(member)).get("/requests"))
    assert "Aller à mon quartier" in page


def test_who_is_in_a_community_is_not_asked_to_join_one(house: House) -> None:
    """A member who joined by SMS has no place on the map."""
    member = house.world.member(house.world.community("Les Lilas"))
    house.world.community("Les Roses")
    visitor = house.inside(house.account_of(member))
    for path in ("/community/list", "/community/list?q=roses"):
        page = words(visitor.get(path))
        assert "Vous faites déjà partie de « Les Lilas »" in page
        assert 'href="/community"' in page
        assert "Placez d'abord votre logement" not in page
        assert "/community/join" not in page
        assert 'href="/join"' not in page


def test_who_has_no_community_is_still_asked_to(house: House) -> None:
    house.world.community("Les Lilas")
    visitor = house.inside(house.account_of(house.world.member(None)))
    page = words(visitor.get("/community/list"))
    assert "Placez d'abord votre logement" in page
    assert "déjà partie" not in page


@pytest.mark.parametrize(("somewhere", "leads"), [(True, "/home"), (False, "/community")])
def test_who_is_through_is_asked_for_no_document(house: House, somewhere: bool, leads: str) -> None:
    home = house.world.community() if somewhere else None
    visitor = house.inside(house.account_of(house.world.member(home)))
    for answer in (visitor.get("/activation/document"), visitor.post("/activation/document")):
        page = words(answer)
        assert "Votre logement est confirmé" in page
        assert f'class="button" href="{leads}"' in page
        assert 'type="file"' not in page


def test_who_waits_is_asked_for_a_document(house: House) -> None:
    member = house.world.member(house.world.community(), state=MemberState.PENDING)
    page = words(house.inside(house.account_of(member)).get("/activation/document"))
    assert 'type="file"' in page
    assert "Votre logement est confirmé" not in page


def test_who_wants_the_gazette_by_mail_can_add_an_address(house: House) -> None:
    member = house.world.member(house.world.community())
    page = words(house.inside(house.account_of(member)).get("/gazette/digest"))
    assert 'href="/settings/email"' in page
