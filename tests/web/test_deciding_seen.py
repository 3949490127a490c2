"""Vouching for homes in a browser; apart, since a browser holds the thread."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from community_store.models import Community, Member, MemberState, Mode
from dispatch import requests, team
from tests.community_store.ground import middle
from tests.web.house import House
from tests.web.seen import SIZES, enter, looks_well

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def plain(plain: House) -> House:
    """Two people wait for the référents of Les Lilas, and one for the team."""
    house = plain
    [lilas] = house.world.rows(Community)
    house.world.change(lilas, mode=Mode.REFERENT)
    roses = house.world.community("Les Roses")
    lat, lon = middle(1)  # of Les Roses
    for home, name in ((lilas.id, "Jeanne"), (lilas.id, "Paul"), (roses, "Nadia")):
        member = house.world.member(
            home, state=MemberState.PENDING, first_name=name, address="3 rue des Lilas",
            email=f"{name.lower()}.du-grand-chemin@voisins.example", lat=lat, lon=lon,
        )  # fmt: skip
        with house.world.act() as act:
            requests.ask(act, act.session.get_one(Member, member.id))
            team.assign(act)
    return house


@pytest.mark.parametrize(("size", "language"), [("small", "fr"), ("desk", "en")])
def test_requests_are_read_and_answered(
    chromium: Browser, plain: House, site: str, size: str, language: str
) -> None:
    zoe = plain.world.rows(Member, referent=True)[0]
    plain.world.change(zoe, language=language)
    with chromium.new_context(viewport=SIZES[size], locale=language) as context:
        enter(context, plain, site, plain.account_of(zoe, password=False))
        page = context.new_page()
        page.goto(f"{site}/home")
        looks_well(page, f"home-referent-{size}-{language}")
        page.locator("a.button[href='/requests']").click()
        looks_well(page, f"requests-{size}-{language}")
        page.get_by_role("link", name="Jeanne").click()
        looks_well(page, f"request-{size}-{language}")
        page.locator("button[value=yes]").click()
        expect(page.locator("[role=status]")).to_be_visible()
        expect(page.get_by_role("link", name="Jeanne")).to_have_count(0)
        looks_well(page, f"requests-after-{size}-{language}")


@pytest.mark.parametrize(("size", "language"), [("small", "fr-FR"), ("desk", "en-GB")])
def test_the_team_s_queue(
    chromium: Browser, plain: House, site: str, size: str, language: str
) -> None:
    account = plain.team()
    plain.world.change(account, language=language[:2])
    with chromium.new_context(viewport=SIZES[size], locale=language) as context:
        visitor = plain.inside(account)
        cookie = visitor.client.get_cookie("__Host-tocsin", domain="tocsin.example")
        assert cookie is not None
        context.add_cookies([{"name": "tocsin", "value": cookie.value, "url": site}])
        page = context.new_page()
        page.goto(f"{site}/team")
        looks_well(page, f"team-{size}")
        page.get_by_role("link", name="Nadia").click()
        expect(page.locator(".leaflet-container .pin")).to_be_visible()
        looks_well(page, f"team-request-{size}")
        page.locator("button[value=no]").click()
        looks_well(page, f"team-refuse-{size}")
        page.locator("button[name=sure]").click()
        expect(page.get_by_role("link", name="Nadia")).to_have_count(0)
