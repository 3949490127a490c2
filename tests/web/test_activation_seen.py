"""Activation in a browser that knows, or hides, where it is; apart, since a browser holds the
thread."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from community_store.models import Community, Member, MemberState
from community_store.store import Store
from dispatch import requests
from tests.web.house import House
from tests.web.seen import SHOTS, SIZES, enter, looks_well, plain_house, serving

pytestmark = pytest.mark.timeout(180)


def newcomer(house: House, site: str, context: BrowserContext, language: str) -> Member:
    [lilas] = house.world.rows(Community)
    middle = lilas.boundary.centroid
    member = house.world.member(
        lilas.id, state=MemberState.PENDING, lat=middle.y, lon=middle.x, language=language,
        email="jeanne@voisins.example",
    )  # fmt: skip
    with house.world.act() as act:
        requests.ask(act, act.session.get_one(Member, member.id))
    enter(context, house, site, house.account_of(member, password=False))
    return member


@pytest.mark.parametrize(("size", "language"), [("small", "fr"), ("desk", "en")])
def test_the_device_says_where_it_is(
    chromium: Browser, plain: House, site: str, size: str, language: str
) -> None:
    with chromium.new_context(viewport=SIZES[size], locale=language) as context:
        member = newcomer(plain, site, context, language)
        page = context.new_page()
        page.goto(f"{site}/activation")
        looks_well(page, f"activation-{size}-{language}")
        page.locator("[data-position] button").click()
        expect(page.locator("#errors")).to_contain_text("18 h 30" if language == "fr" else "18:30")
        looks_well(page, f"activation-denied-{size}-{language}")
        context.grant_permissions(["geolocation"])
        assert member.lat is not None
        assert member.lon is not None
        far = {"latitude": member.lat + 0.02, "longitude": member.lon, "accuracy": 15}
        context.set_geolocation(far)  # type: ignore[arg-type]  # a place
        page.reload()
        page.locator("[data-position] button").click()
        expect(page.locator("#errors")).to_be_visible()
        looks_well(page, f"activation-far-{size}-{language}")
        context.set_geolocation(far | {"latitude": member.lat})  # type: ignore[arg-type]  # a place
        page.locator("[data-position] button").click()
        page.wait_for_url("**/first-steps")
        page.wait_for_function("navigator.serviceWorker.controller")
        page.go_back()  # to what the form answered, of which nothing is kept
        page.wait_for_url("**/home")
        expect(page.locator("h1")).to_contain_text(member.first_name)


LONG = "Identité numérique FranceConnectAgglomérationMétropolitaine"


@pytest.mark.parametrize("scripts", [True, False])
def test_a_long_label_stays_in_its_button_and_nothing_touches(
    chromium: Browser, sqlite_store: Store, redis_url: str, tmp_path: Path, scripts: bool
) -> None:
    partner = {"issuer": "https://p.example", "client_id": "a", "client_secret": "b", "label": LONG}
    house = plain_house(sqlite_store, redis_url, tmp_path, partner={"one": partner})
    with (
        serving(house) as site,
        chromium.new_context(
            viewport=SIZES["small"], locale="fr-FR", java_script_enabled=scripts
        ) as context,
    ):
        newcomer(house, site, context, "fr")
        page = context.new_page()
        page.goto(f"{site}/activation")
        SHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SHOTS / f"activation-long-{scripts}.png", full_page=True)
        if scripts:
            looks_well(page, "activation-long-label")
            button = page.get_by_role("link", name="FranceConnect")
            assert button.evaluate("one => one.scrollWidth <= one.clientWidth")
            return
        text = page.locator(".card p").first.bounding_box()
        told = page.locator("noscript .notice").bounding_box()
        asked = page.locator("noscript form").bounding_box()
        assert text
        assert told
        assert asked
        assert told["y"] - text["y"] - text["height"] >= 12
        assert asked["y"] - told["y"] - told["height"] >= 12


def test_a_document_is_sent_without_scripts(chromium: Browser, plain: House, site: str) -> None:
    from tests.dispatch import papers

    with chromium.new_context(
        viewport=SIZES["small"], locale="fr-FR", java_script_enabled=False
    ) as context:
        newcomer(plain, site, context, "fr")
        page = context.new_page()
        page.goto(f"{site}/activation")
        page.locator("noscript button, main form button").first.click()
        expect(page.get_by_text("18 h 30")).to_be_visible()
        page.screenshot(path=SHOTS / "activation-plain.png", full_page=True)
        page.locator("a[href='/activation/document']").click()
        page.screenshot(path=SHOTS / "activation-document.png", full_page=True)
        sent: Any = {"name": "f.pdf", "mimeType": "application/pdf", "buffer": papers.letter()}
        page.locator("#document").set_input_files(sent)
        page.locator("form.card button").click()
        expect(page.get_by_text("Merci, votre justificatif est arrivé")).to_be_visible()
