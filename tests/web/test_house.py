"""The house as people use it, in Chromium: on a small telephone and on a desk, by keyboard,
without scripts, in the dark; axe finds nothing."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from community_store.models import Account, MemberState
from dispatch import links
from tests.dispatch.landlines import caller
from tests.dispatch.world import at
from tests.web.house import PASSWORD, House
from tests.web.seen import DESK, EMAIL, SHOTS, SIZES, SMALL, enter, looks_well, reach

pytestmark = pytest.mark.timeout(180)


@pytest.mark.parametrize(
    ("name", "size", "scheme", "language"),
    [("small-light-fr", SMALL, "light", "fr-FR"), ("desk-dark-en", DESK, "dark", "en-GB")],
)
def test_every_page_fits_and_is_accessible(  # fixtures
    chromium: Browser, plain: House, site: str, name: str, size: dict[str, int], scheme: str,
    language: str,
) -> None:  # fmt: skip
    look = {
        "viewport": size,
        "color_scheme": scheme,
        "locale": language,
        "reduced_motion": "reduce",
    }
    world, home = plain.world, 1
    waiting = plain.account_of(world.member(home, state=MemberState.PENDING), password=False)
    raised = world.raised(world.member(home))
    assert raised.id
    alert = links.alert_address(world.settings, raised.id, figures=True)
    inside = plain.account_of(world.member(home, first_name="Odette"), password=False)
    rooms: list[tuple[Account | None, list[str]]] = [
        (
            None,
            [
                "/",
                "/help",
                "/join",
                "/join/town",
                "/sign-in",
                "/sign-in/code",
                "/password/forgotten",
                "/nothing",
                alert.removeprefix(world.settings.service.site),
            ],
        ),
        (inside, ["/home", "/account"]),
        (waiting, ["/home"]),
        (plain.team(), ["/sign-in/second-factor"]),
    ]
    for turn, (account, paths) in enumerate(rooms):
        with chromium.new_context(**look) as context:  # type: ignore[arg-type]  # by name
            if account is not None:
                enter(context, plain, site, account)
            page = context.new_page()
            for path in paths:
                page.goto(site + path)
                looks_well(page, f"{name}-{turn}{path.replace('/', '_')}")


def test_signing_in_by_keyboard_alone_with_a_mistake_first(
    chromium: Browser, plain: House, site: str
) -> None:
    with chromium.new_context(viewport=SMALL, locale="fr-FR") as context:  # type: ignore[arg-type]  # a size
        page = context.new_page()
        page.goto(f"{site}/sign-in")
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        page.keyboard.press("Enter")
        reach(page, "#email")
        page.keyboard.type(EMAIL)
        page.keyboard.press("Tab")
        page.keyboard.type("pas le bon du tout")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("n'est pas le bon")
        expect(page.locator("#email")).to_have_value(EMAIL)
        looks_well(page, "small-sign-in-wrong")
        reach(page, "#password")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Bonjour Odette Martin")
        reach(page, ".menu summary")
        page.keyboard.press("Enter")
        reach(page, "button:has-text('Se déconnecter')")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Des voisins qui se préviennent")


@pytest.mark.parametrize(("name", "size"), SIZES.items())
def test_a_household_with_one_landline_is_asked_who_it_is(
    chromium: Browser, plain: House, site: str, name: str, size: dict[str, int]
) -> None:
    plain.world.clock.now = at(10)
    caller(plain.world)
    for first in ("Jeanne", "Paul", "Marie-Antoinette"):
        plain.world.member(1, first_name=first, mobile=None, landline="+33199000071")
    language = {"small": "fr-FR", "desk": "en-GB"}[name]
    with chromium.new_context(viewport=size, locale=language) as context:  # type: ignore[arg-type]  # a size
        page = context.new_page()
        page.goto(f"{site}/sign-in/code")
        page.locator("#address").fill("01 99 00 00 71")
        page.locator("main button").click()
        page.locator("#code").fill(plain.code())
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text(re.compile("Qui êtes-vous|Who are you"))
        looks_well(page, f"{name}-household")
        reach(page, "button:has-text('Paul')")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_contain_text("Paul")


def test_a_code_signs_in_without_scripts_and_the_language_changes(
    chromium: Browser, plain: House, site: str
) -> None:
    with chromium.new_context(viewport=DESK, java_script_enabled=False) as context:  # type: ignore[arg-type]  # a size
        page = context.new_page()
        page.goto(site)
        page.get_by_role("button", name="Français").click()
        page.get_by_role("link", name="Se connecter").first.click()
        page.get_by_role("link", name="Recevoir un code").click()
        page.get_by_label("Votre mobile, votre fixe ou votre e-mail").fill("06 39 98 ab")
        page.get_by_role("button", name="Envoyer le code").click()
        assert page.get_by_label("Votre mobile").input_value() == "06 39 98 ab"
        page.get_by_label("Votre mobile").fill(EMAIL)
        page.get_by_role("button", name="Envoyer le code").click()
        page.screenshot(path=SHOTS / "desk-code.png", full_page=True)
        page.get_by_label("Le code").fill(plain.code())
        page.get_by_role("button", name="Se connecter").click()
        assert page.locator("h1").inner_text() == "Bonjour Odette Martin"
        page.locator(".menu summary").click()
        page.get_by_role("button", name="English").click()
        assert page.locator("h1").inner_text() == "Hello Odette Martin"
