"""Registering in a browser; apart, since a browser holds the thread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from community_store.store import Store
from tests.web.house import PASSWORD, House
from tests.web.test_house import DESK, SHOTS, SMALL, looks_well, plain_house, serving

pytestmark = pytest.mark.timeout(180)
SIZES: dict[str, Any] = {"small": SMALL, "desk": DESK}
ADDRESS = "12 rue des lilas 38990 valmoutier"


@pytest.fixture
def plain(sqlite_store: Store, redis_url: str, tmp_path: Path, addok: str) -> House:
    return plain_house(sqlite_store, redis_url, tmp_path, geo={"geocoder_url": addok})


@pytest.fixture
def site(plain: House) -> Iterator[str]:
    with serving(plain) as url:
        yield url


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
def test_the_way_from_the_front_page_to_the_account(  # fixtures
    chromium: Browser, plain: House, site: str, size: str, language: str, scripts: bool,
) -> None:  # fmt: skip
    def named(step: str) -> str:
        return f"join-{size}-{language}{'' if scripts else '-plain'}-{step}"

    with chromium.new_context(
        viewport=SIZES[size],
        locale=language,
        java_script_enabled=scripts,
    ) as context:
        page = context.new_page()
        page.goto(site)
        shows(page, named("0-front"), scripts=scripts)
        page.locator("#address").fill("12 rue des lilas")
        page.locator("form.hero-join button").click()
        shows(page, named("1-which"), scripts=scripts)
        page.get_by_role("button", name="Valmoutier").click()
        shows(page, named("2-place"), scripts=scripts)
        page.locator("main form button").first.click()
        shows(page, named("3-confirm"), scripts=scripts)
        page.locator("main form button").first.click()
        page.locator("#first_name").fill("Jeanne")
        page.locator("main form > .go button").click()
        shows(page, named("4-form-wrong"), scripts=scripts)
        page.locator("#last_name").fill("Petit")
        page.locator("#mobile").fill("06 39 98 00 71")
        page.locator("#email").fill("jeanne@voisins.example")
        page.locator("#new").fill(PASSWORD)
        page.locator("#again").fill(PASSWORD)
        shows(page, named("5-form"), scripts=scripts)
        page.locator("main form > .go button").click()
        shows(page, named("6-proofs"), scripts=scripts)
        page.locator("#code").fill(plain.code())
        page.keyboard.press("Enter")
        page.wait_for_url("**/community")


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
