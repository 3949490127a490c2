"""A home put on the map afterwards, and one outside the boundary, in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from shapely import box

from community_store import boundaries
from community_store.models import Community, Member, MemberState
from community_store.store import Store
from dispatch import evidence
from tests.web.house import House
from tests.web.seen import SHOTS, SIZES, enter, looks_well, plain_house

pytestmark = pytest.mark.timeout(180)
LAT, LON = 45.18264, 5.72256  # of 12 rue des Lilas, Valmoutier


@pytest.fixture
def plain(sqlite_store: Store, redis_url: str, tmp_path: Path, addok: str) -> House:
    house = plain_house(sqlite_store, redis_url, tmp_path, geo={"geocoder_url": addok})
    [lilas] = house.world.rows(Community)
    house.world.change(lilas, boundary=box(LON - 0.002, LAT - 0.002, LON + 0.002, LAT + 0.002))
    with house.world.store.begin() as session:
        row = session.get_one(Community, lilas.id)
        boundaries.occupy(session, row.id or 0, row.boundary)
    return house


def shows(page: Page, name: str, *, scripts: bool) -> None:
    if scripts:
        looks_well(page, name)
    else:
        page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


@pytest.mark.parametrize(
    ("size", "language", "scripts"),
    [("small", "fr", True), ("desk", "en", True), ("small", "fr", False)],
)
def test_a_home_is_put_on_the_map_afterwards(  # fixtures
    chromium: Browser, plain: House, site: str, size: str, language: str, scripts: bool
) -> None:
    member = plain.world.member(
        None, state=MemberState.PENDING, address="12 rue des Lilas", language=language
    )
    name = f"placing-{size}-{language}{'' if scripts else '-plain'}"
    with chromium.new_context(
        viewport=SIZES[size], locale=language, java_script_enabled=scripts
    ) as context:
        enter(context, plain, site, plain.account_of(member, password=False))
        page = context.new_page()
        page.goto(f"{site}/home")
        page.locator("main .go .button").click()
        shows(page, f"{name}-0-community", scripts=scripts)
        page.locator("main .go .button").click()
        shows(page, f"{name}-1-address", scripts=scripts)
        page.locator("a[href='/join/town']").last.click()
        page.locator("#street").fill("12 rue des lilas")
        page.locator("#postcode").fill("38000")
        page.locator("main form button").click()
        shows(page, f"{name}-2-which", scripts=scripts)
        page.get_by_role("button", name="12 Rue des Lilas 38990 Valmoutier", exact=True).click()
        shows(page, f"{name}-3-place", scripts=scripts)
        page.locator("main form button").first.click()
        shows(page, f"{name}-4-confirm", scripts=scripts)
        page.locator("main form button").first.click()
        expect(page.locator("h1")).to_contain_text("Les Lilas")
        shows(page, f"{name}-5-welcome", scripts=scripts)
    [row] = plain.world.rows(Member, id=member.id)
    assert (row.lat, row.lon) == (pytest.approx(LAT, abs=1e-3), pytest.approx(LON, abs=1e-3))


@pytest.mark.parametrize(("size", "language"), [("small", "fr"), ("desk", "en")])
def test_outside_the_boundary_the_home_is_proved_and_people_decide(
    chromium: Browser, plain: House, site: str, size: str, language: str
) -> None:
    member = plain.world.member(
        None, state=MemberState.PENDING, lat=LAT, lon=LON + 0.005, language=language
    )
    with chromium.new_context(
        viewport=SIZES[size],
        locale=language,
        permissions=["geolocation"],
        geolocation={"latitude": LAT, "longitude": LON + 0.005, "accuracy": 15},
    ) as context:
        enter(context, plain, site, plain.account_of(member, password=False))
        page = context.new_page()
        page.goto(f"{site}/community")
        page.locator("li[data-zone] form button").click()
        page.wait_for_url("**/activation")
        looks_well(page, f"outside-{size}-{language}")
        page.locator("[data-position] button").click()
        expect(page.locator(".lead.proved")).to_be_visible()
        looks_well(page, f"outside-proved-{size}-{language}")
    with plain.world.store.read() as session:
        assert evidence.waiting(session) == {member.id}
