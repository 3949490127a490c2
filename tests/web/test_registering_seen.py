"""Registering in a browser; apart, since a browser holds the thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from shapely import box

from community_store.models import Community, Member
from community_store.store import Store
from dispatch import requests
from tests.web.house import PASSWORD, House, Visitor
from tests.web.newcomer import filled, mail_link
from tests.web.seen import SHOTS, SIZES, SMALL, looks_well, plain_house, reach

pytestmark = pytest.mark.timeout(180)
LAT, LON = 45.18264, 5.72256  # of 12 rue des Lilas, Valmoutier, where Les Lilas are too


@pytest.fixture
def plain(sqlite_store: Store, redis_url: str, tmp_path: Path, addok: str) -> House:
    house = plain_house(sqlite_store, redis_url, tmp_path, geo={"geocoder_url": addok})
    [lilas] = house.world.rows(Community)
    house.world.change(lilas, boundary=box(LON - 0.002, LAT - 0.002, LON + 0.002, LAT + 0.002))
    return house


def shows(page: Page, name: str, *, scripts: bool = True) -> None:
    """Without scripts nothing can be measured in the page: its picture is kept."""
    expect(page.locator("h1")).to_be_visible()
    if scripts:
        looks_well(page, name)
    else:
        page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


@pytest.mark.parametrize(
    ("size", "language", "scripts"),
    [("small", "fr", True), ("desk", "en", True), ("small", "en", False)],
)
def test_the_whole_way_from_the_front_page_to_the_first_steps(  # fixtures
    chromium: Browser, plain: House, site: str, size: str, language: str, scripts: bool,
) -> None:  # fmt: skip
    def see(step: str) -> None:
        name = f"join-{size}-{language}{'' if scripts else '-plain'}-{step}"
        shows(page, name, scripts=scripts)

    with chromium.new_context(
        viewport=SIZES[size],
        locale=language,
        java_script_enabled=scripts,
        permissions=["geolocation"],
        geolocation={"latitude": LAT, "longitude": LON, "accuracy": 15},
    ) as context:
        page = context.new_page()
        page.goto(site)
        see("0-front")
        page.locator("#address").fill("12 rue des lilas")
        page.locator("form.hero-join button").click()
        see("1-which")
        page.get_by_role("button", name="Valmoutier").click()
        see("2-place")
        page.locator("main form button").first.click()
        see("3-confirm")
        page.locator("main form button").first.click()
        page.locator("#first_name").fill("Jeanne")
        page.locator("main form > .go button").click()
        see("4-form-wrong")
        page.locator("#last_name").fill("Petit")
        page.locator("#mobile").fill("06 39 98 00 71")
        page.locator("#email").fill("jeanne@voisins.example")
        page.locator("#new").fill(PASSWORD)
        page.locator("#again").fill(PASSWORD)
        see("5-form")
        page.locator("main form > .go button").click()
        see("6-proofs")
        page.locator("#code").fill(plain.code())
        page.locator("#code").press("Enter")
        page.wait_for_url("**/community")
        see("7-community")
        page.locator("main .go .button").first.click()
        page.wait_for_url("**/activation")
        see("8-activation")
        if scripts:
            page.locator("[data-position] button").click()
        else:
            vouched_for(plain)
            page.goto(f"{site}/activation")
        page.wait_for_url("**/first-steps")
        see("9-first-steps")


def test_the_home_is_seen_where_it_is_confirmed_however_far_communities_are(
    chromium: Browser, plain: House, site: str
) -> None:
    [lilas] = plain.world.rows(Community)
    far = LON + 0.03
    plain.world.change(lilas, boundary=box(far, LAT - 0.002, far + 0.004, LAT + 0.002))
    with chromium.new_context(viewport=SMALL, locale="fr-FR") as context:  # type: ignore[arg-type]  # a size
        page = context.new_page()
        page.goto(f"{site}/join")
        page.locator("#address").fill("12 rue des lilas 38990 valmoutier")
        page.locator("main form .go button").first.click()
        page.wait_for_url("**/join/place")
        page.locator("main form .go button").click()
        page.locator("[data-map] .pin").wait_for()
        assert page.evaluate("document.querySelector('[data-map]').map.getZoom()") >= 16
        looks_well(page, "join-confirm-far")


def vouched_for(house: House) -> None:
    """Somebody of the team knows that home."""
    [jeanne] = house.world.rows(Member, first_name="Jeanne")
    with house.world.act() as act:
        member = act.session.get_one(Member, jeanne.id)
        requests.decide_for(act, member, accept=True, by="team 1")


def test_the_whole_way_by_keyboard_alone(chromium: Browser, plain: House, site: str) -> None:
    with chromium.new_context(
        viewport=SMALL,  # type: ignore[arg-type]  # a size
        locale="fr-FR",
        permissions=["geolocation"],
        geolocation={"latitude": LAT, "longitude": LON, "accuracy": 15},
    ) as context:
        page = context.new_page()
        page.goto(site)
        write(page, "#address", "12 rue des lilas 38990 valmoutier")
        page.keyboard.press("Escape")
        page.keyboard.press("Enter")
        for step in ("place", "confirm"):
            page.wait_for_url(f"**/join/{step}")
            press(page, "main form button")
        page.wait_for_url("**/join/form")
        for name, text in (
            ("first_name", "Jeanne"), ("last_name", "Petit"), ("email", "jeanne@voisins.example"),
            ("mobile", "06 39 98 00 71"), ("new", PASSWORD), ("again", PASSWORD),
        ):  # fmt: skip
            write(page, f"#{name}", text)
        page.keyboard.press("Enter")
        page.wait_for_url("**/join/proofs")
        write(page, "#code", plain.code())
        page.keyboard.press("Enter")
        page.wait_for_url("**/community")
        press(page, "main .go .button")
        page.wait_for_url("**/activation")
        press(page, "[data-position] button")
        page.wait_for_url("**/first-steps")
        press(page, "main form .button")
        expect(page.get_by_text("Un SMS d'essai part")).to_be_visible()


def write(page: Page, where: str, what: str) -> None:
    page.locator(where).wait_for()
    reach(page, where)
    page.keyboard.type(what)


def press(page: Page, what: str) -> None:
    """The first such thing, reached by Tab."""
    first = f"{what} >> nth=0"
    page.locator(first).wait_for()
    reach(page, first)
    page.keyboard.press("Enter")


@pytest.mark.parametrize(("size", "language"), [("small", "fr"), ("desk", "en")])
def test_the_link_is_opened_on_another_device(
    chromium: Browser, plain: House, site: str, size: str, language: str
) -> None:
    with ThreadPoolExecutor(1) as own:  # the browser's event loop holds this thread
        visitor = own.submit(filled, plain.visitor()).result()
    link = mail_link(plain)
    with chromium.new_context(viewport=SIZES[size], locale=language) as context:
        page = context.new_page()
        page.goto(site + link)
        page.locator("#new").fill("court")
        page.locator("#again").fill("court")
        page.locator("main form .button").first.click()
        expect(page.locator("#new-error")).to_be_visible()
        looks_well(page, f"join-link-{size}-{language}")
        page.locator("#new").fill("encore quatre mots choisis")
        page.locator("#again").fill("encore quatre mots choisis")
        page.locator("#again").press("Enter")
        page.wait_for_url("**/community")
    assert not visitor.signed_in()


def test_addresses_are_suggested_and_taken_by_keyboard_alone(
    chromium: Browser, plain: House, site: str
) -> None:
    with chromium.new_context(viewport=SMALL, locale="fr-FR") as context:  # type: ignore[arg-type]  # a size
        page = context.new_page()
        page.goto(f"{site}/join")
        page.locator("#address").press_sequentially("12 rue des lil", delay=30)
        page.get_by_role("option").first.wait_for()
        looks_well(page, "join-suggested")
        page.keyboard.press("ArrowDown")
        while "Valmoutier" not in page.locator("[role=option][aria-selected=true]").inner_text():
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(page.locator("#address")).to_have_value("12 Rue des Lilas 38990 Valmoutier")
        page.keyboard.press("Enter")
        page.wait_for_url("**/join/place")


def test_a_town_is_chosen_on_a_list(chromium: Browser, site: str) -> None:
    with chromium.new_context(viewport=SMALL, locale="fr-FR") as context:  # type: ignore[arg-type]  # a size
        page = context.new_page()
        page.goto(f"{site}/join/town")
        page.locator("#street").fill("12 rue des Lilas")
        page.locator("#postcode").fill("38250")
        page.keyboard.press("Enter")
        page.locator("#town").select_option(label="Lans-en-Vercors")
        looks_well(page, "join-town")
        page.get_by_role("button", name="Continuer").click()
        page.wait_for_url("**/join/place")
        looks_well(page, "join-town-place")


@pytest.mark.parametrize(("size", "language"), [("small", "fr"), ("desk", "en")])
def test_whose_a_mobile_is_is_asked_after_its_code(
    chromium: Browser, plain: House, site: str, size: str, language: str
) -> None:
    plain.world.member(None, first_name="Robert", mobile="+33639980071")
    with ThreadPoolExecutor(1) as own:  # the browser's event loop holds this thread
        visitor = own.submit(proved, plain).result()
    kept = visitor.client.get_cookie("form", domain="tocsin.example")
    assert kept is not None
    with chromium.new_context(viewport=SIZES[size], locale=language) as context:
        context.add_cookies([{"name": "form", "value": kept.value, "url": site}])
        page = context.new_page()
        page.goto(f"{site}/join/proofs")
        page.wait_for_url("**/join/whose")
        looks_well(page, f"join-whose-{size}-{language}")
        page.locator("button[value=other]").click()
        page.wait_for_url("**/join/proofs")
        expect(page.locator("#code")).to_have_count(0)
        looks_well(page, f"join-without-{size}-{language}")


def proved(house: House) -> Visitor:
    """Who has typed the code of a mobile that is another's."""
    visitor = filled(house.visitor())
    visitor.post("/join/proofs", code=house.code())
    return visitor
