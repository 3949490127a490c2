"""Alerts on the web as they are seen: at 320 px and on a desk, by keyboard, living."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from community_store.models import Member
from dispatch import alerts
from tests.web.house import House
from tests.web.seen import EMAIL, SIZES, enter, looks_well

TEXT = "Camionnette blanche devant le 4 rue des Lilas, deux hommes forcent la porte du garage"


def odette(house: House) -> Member:
    (found,) = house.world.rows(Member, email=EMAIL)
    assert isinstance(found, Member)
    house.world.change(found, lat=45.18, lon=5.72)
    return found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scripts", [True, False])
def test_an_alert_from_the_form_to_its_end(
    plain: House, site: str, chromium: Browser, size: str, scripts: bool
) -> None:
    member = odette(plain)
    other = plain.world.members(member.community_id or 0, 1, last_name="Petit")[0]
    context = chromium.new_context(
        viewport=SIZES[size], locale="fr-FR", java_script_enabled=scripts
    )
    enter(context, plain, site, plain.account_of(member))
    page = context.new_page()
    name = f"alerts-{size}" if scripts else f"alerts-{size}-without-scripts"

    def look(step: str) -> None:
        if scripts:  # axe is one
            looks_well(page, f"{name}-{step}")

    page.goto(f"{site}/alerts/new")
    look("new")
    page.get_by_label("Ce que vous voyez").fill(TEXT)
    page.get_by_label("De quoi s'agit-il ?").select_option("cambriolage")
    if scripts:
        expect(page.locator("[data-counts]")).to_contain_text("un seul SMS")
        page.get_by_text("Montrer l'endroit sur une carte").click()
        page.get_by_label("Joindre cet endroit").check()
        look("place")
    page.get_by_role("button", name="Relire avant l'envoi").click()
    look("review")
    page.get_by_role("button", name="Envoyer l'alerte").click()
    expect(page.locator("h1")).to_have_text("Alerte en cours")
    look("mine")
    if scripts:
        (alert,) = plain.world.rows(
            type(plain.world.raised(other, "Une autre")), author_id=member.id
        )
        with plain.world.act() as act:
            alerts.end(act, act.session.merge(alert), "")
        expect(page.locator("h1")).to_have_text("L'alerte est terminée", timeout=8000)
    page.goto(f"{site}/alerts/")
    look("archive")
    context.close()


@pytest.mark.parametrize("size", SIZES)
def test_a_neighbours_alert_in_english(
    plain: House, site: str, chromium: Browser, size: str
) -> None:
    member = odette(plain)
    plain.world.change(member, language="en")
    author = plain.world.members(member.community_id or 0, 1, last_name="Petit")[0]
    alert = plain.world.raised(author, TEXT)
    context = chromium.new_context(viewport=SIZES[size], locale="en-GB", color_scheme="dark")
    enter(context, plain, site, plain.account_of(member))
    page = context.new_page()
    page.goto(f"{site}/alerts/{alert.id}")
    looks_well(page, f"alerts-{size}-neighbour")
    page.get_by_role("button", name="I have read it").click()
    expect(page.locator(".proved")).to_be_visible()
    page.get_by_label("Reply").fill("I saw it too")
    page.get_by_role("button", name="Reply to the author").click()
    looks_well(page, f"alerts-{size}-answered")
    context.close()


@pytest.mark.parametrize("size", SIZES)
def test_the_home_and_its_menu(plain: House, site: str, chromium: Browser, size: str) -> None:
    member = odette(plain)
    author = plain.world.members(member.community_id or 0, 1, last_name="Petit")[0]
    plain.world.raised(author, TEXT)
    context = chromium.new_context(viewport=SIZES[size], locale="fr-FR")
    enter(context, plain, site, plain.account_of(member))
    page = context.new_page()
    page.goto(f"{site}/home")
    expect(page.locator(".bell-count")).to_have_text("1")
    page.locator(".menu summary").focus()
    page.keyboard.press("Enter")
    looks_well(page, f"home-{size}-menu")
    page.get_by_role("link", name="Les alertes", exact=True).click()
    expect(page.locator("h1")).to_have_text("Les alertes")
    context.close()
