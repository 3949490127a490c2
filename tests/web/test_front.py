"""The first pages: what they say is true, in the reader's language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from community_store.models import Member, MemberState, Mode, Twinning
from tests.web.house import House, words


def test_the_front_page_counts_who_is_really_here(house: House) -> None:
    lilas, roses = house.world.community("Les Lilas"), house.world.community("Les Roses")
    house.world.members(lilas, 3)
    house.world.member(roses)
    house.world.member(roses, state=MemberState.PENDING)
    house.world.member(None)
    page = words(house.visitor().get("/"))
    assert "4 voisins" in page
    assert "dans 2 communautés" in page
    assert 'href="sms:38000"' in page


def test_nobody_is_counted_before_there_is_anybody(house: House) -> None:
    assert "0 voisin" not in words(house.visitor().get("/"))


def test_the_figures_are_counted_again_after_five_minutes(house: House) -> None:
    home = house.world.community()
    house.world.member(home)
    visitor = house.visitor()
    assert "1 voisin" in words(visitor.get("/"))
    house.world.member(home)
    assert "1 voisin" in words(visitor.get("/"))
    house.world.clock.forward(minutes=5)
    assert "2 voisins" in words(visitor.get("/"))


def home_of(house: House, member: Member) -> str:
    return words(house.inside(house.account_of(member, password=False)).get("/home"))


@pytest.mark.parametrize(
    ("mode", "referent", "told"),
    [
        (Mode.REFERENT, True, "Un référent de la communauté Les Lilas vérifie"),
        (Mode.REFERENT, False, "L'équipe vérifie"),
        (Mode.TEAM, True, "L'équipe vérifie"),
        (Mode.TOWN, True, "L'équipe vérifie"),
    ],
)
def test_who_waits_is_told_who_decides(house: House, mode: Mode, referent: bool, told: str) -> None:
    home = house.world.community("Les Lilas", mode=mode)
    house.world.member(home, referent=referent)
    page = home_of(house, house.world.member(home, state=MemberState.PENDING))
    assert told in page
    assert "pas encore validée" in page
    assert "Alertes en cours" not in page
    assert "38000" not in page


def test_an_active_member_sees_what_goes_on_and_only_that(house: House) -> None:
    lilas, roses, far = (house.world.community(name) for name in ("Lilas", "Roses", "Loin"))
    house.world.add(Twinning(a_id=lilas, b_id=roses))
    mine, twin, other = (
        house.world.raised(house.world.member(home), f"Camionnette {home}")
        for home in (lilas, roses, far)
    )
    ended = house.world.raised(house.world.member(lilas), "Fumée")
    house.world.change(ended, state="ended")
    visitor = house.inside(house.account_of(house.world.member(lilas), password=False))
    page = words(visitor.get("/home"))
    assert set(re.findall(r'href="/alerts/([0-9]+)"', page)) == {str(mine.id), str(twin.id)}
    assert f"Camionnette {lilas}" in page
    assert f"Camionnette {far}" not in page
    assert other.id


def test_who_is_suspended_is_told_so_and_sees_no_more(house: House) -> None:
    home = house.world.community("Les Lilas")
    house.world.raised(house.world.member(home))
    page = home_of(house, house.world.member(home, state=MemberState.SUSPENDED))
    assert "suspendu" in page
    assert "Les Lilas" not in page


def test_who_lives_in_no_community_is_told_so(house: House) -> None:
    assert "aucune communauté" in home_of(house, house.world.member(None))


# language


def language_of(page: str) -> str:
    found = re.search(r'<html lang="(..)">', page)
    assert found
    return found[1]


def test_the_language_is_the_browsers_then_the_chosen_then_the_persons(house: House) -> None:
    visitor = house.visitor(**{"Accept-Language": "en-GB, de;q=0.5"})
    assert language_of(visitor.get("/").text) == "en"
    assert visitor.lands(visitor.post("/language", language="fr", next="/help")) == "/help"
    assert language_of(visitor.get("/").text) == "fr"
    member = house.world.member(None, email="odette@voisins.example", language="en")
    house.account_of(member)
    visitor.sign_in("odette@voisins.example")
    assert language_of(visitor.get("/").text) == "en"
    visitor.post("/language", language="fr")
    assert language_of(visitor.get("/").text) == "fr"
    assert house.world.rows(Member, id=member.id)[0].language == "fr"


@pytest.mark.parametrize("language", ["de", "", "../fr"])
def test_only_a_language_that_is_spoken_can_be_chosen(house: House, language: str) -> None:
    assert house.visitor().post("/language", language=language).status_code == 400


def test_the_switch_leads_back_to_a_page_that_opens(house: House) -> None:
    """A page that answers a form may be no page to come back to."""
    account = house.account_of(house.world.member(None, email="odette@voisins.example"))
    page = house.inside(account).post("/account/password", current="x", new="x", again="y").text
    found = re.search(r'name="next" value="([^"]+)"', page)
    assert found
    assert found[1] == "/"


@pytest.mark.parametrize("path", ["/", "/help", "/sign-in", "/sign-in/code", "/password/forgotten"])
def test_nothing_is_inline_and_nothing_comes_from_elsewhere(house: House, path: str) -> None:
    page = house.visitor().get(path).text
    assert not re.search(r"<style|<script(?![^>]+src=)|\sstyle=|\son[a-z]+=", page)
    assert set(re.findall(r'(?:src|href)="(https?:[^"]+)"', page)) == set()


def test_a_page_weighs_little(house: House) -> None:
    """V10: under 300 kB with all that it loads."""
    client, static = house.visitor(), Path(house.app.static_folder or "")
    weight = len(client.get("/").data) + (static / "tocsin.css").stat().st_size
    assert weight < 60_000
