"""The référent's room as it is seen: at 320 px and on a desk, from the tools to an exercise's end."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from community_store.models import Delivery, DeliveryState, Member
from tests.dispatch.world import at
from tests.web.house import House
from tests.web.seen import EMAIL, SIZES, enter, looks_well


@pytest.fixture
def odette(plain: House) -> Member:
    """Whose neighbours' last messages came back; it is early afternoon."""
    world = plain.world
    world.clock.now = at(13)
    (found,) = world.rows(Member, email=EMAIL)
    assert isinstance(found, Member)
    world.change(found, referent=True)
    alert = world.raised(found, "Fumée rue Haute")
    for row in world.rows(Delivery)[:2]:
        world.change(row, state=DeliveryState.UNDELIVERED)
    world.change(alert, state="ended")
    return found


@pytest.mark.parametrize("size", SIZES)
def test_from_the_tools_to_an_exercise_and_its_end(
    plain: House, odette: Member, site: str, chromium: Browser, size: str
) -> None:
    context = chromium.new_context(viewport=SIZES[size], locale="fr-FR")
    enter(context, plain, site, plain.account_of(odette))
    page = context.new_page()
    for path in ("", "/members", "/kit", "/help"):
        page.goto(f"{site}/referent{path}")
        looks_well(page, f"referent-{size}{path.replace('/', '-')}")
    page.goto(f"{site}/referent")
    page.get_by_role("link", name="Préparer l'exercice").click()
    looks_well(page, f"referent-{size}-exercise")
    page.get_by_role("button", name="Envoyer l'exercice").click()
    expect(page.locator("h1")).to_have_text("Exercice en cours")
    looks_well(page, f"referent-{size}-exercise-sent")
    page.get_by_role("button", name="Terminer l'exercice").click()
    looks_well(page, f"referent-{size}-exercise-end")
    page.get_by_role("button", name="Terminer l'exercice").click()
    expect(page.locator("h1")).to_have_text("L'exercice est terminé")
    page.goto(f"{site}/referent/exercise")
    looks_well(page, f"referent-{size}-exercise-again")
    page.goto(f"{site}/alerts/")
    looks_well(page, f"referent-{size}-archive")
    context.close()


def test_in_english_and_in_the_dark(
    plain: House, odette: Member, site: str, chromium: Browser
) -> None:
    plain.world.change(odette, language="en")
    context = chromium.new_context(
        viewport=SIZES["small"], locale="en-GB", color_scheme="dark", java_script_enabled=True
    )
    enter(context, plain, site, plain.account_of(odette))
    page = context.new_page()
    for path in ("", "/exercise"):
        page.goto(f"{site}/referent{path}")
        looks_well(page, f"referent-english{path.replace('/', '-')}")
    context.close()
