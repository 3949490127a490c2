"""Inviting as it is seen: at 320 px and on a desk, the member's page and the way in."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from community_store import invitations
from community_store.models import Member
from tests.web.house import House
from tests.web.seen import EMAIL, SIZES, enter, looks_well


@pytest.mark.parametrize("size", SIZES)
def test_inviting_and_being_invited(plain: House, site: str, chromium: Browser, size: str) -> None:
    (odette,) = plain.world.rows(Member, email=EMAIL)
    context = chromium.new_context(viewport=SIZES[size], locale="fr-FR")
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site)
    enter(context, plain, site, plain.account_of(odette))
    page = context.new_page()
    page.goto(f"{site}/invite")
    looks_well(page, f"invite-{size}")
    link = page.locator("[data-copy]").get_attribute("data-copy") or ""
    page.get_by_role("button", name="Copier le lien").click()
    expect(page.get_by_text("Le lien est copié.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == link
    path = f"/i/{link.rpartition('/')[2]}"
    page.get_by_role("button", name="Changer de lien").click()
    expect(page.get_by_text("Vous avez un nouveau lien")).to_be_visible()
    context.close()
    _arrives(plain, site, chromium, size, path)


def _arrives(house: House, site: str, chromium: Browser, size: str, gone: str) -> None:
    """In another browser: first by the old link, then by the new one."""
    (odette,) = house.world.rows(Member, email=EMAIL)
    with house.world.store.begin() as db:
        code = invitations.of(db, db.get_one(Member, odette.id), house.world.clock()).code
    context = chromium.new_context(viewport=SIZES[size], locale="fr-FR", color_scheme="dark")
    page = context.new_page()
    page.goto(f"{site}{gone}")
    looks_well(page, f"invite-{size}-gone")
    page.goto(f"{site}/i/{code}")
    looks_well(page, f"invite-{size}-arrive")
    page.get_by_role("link", name="Donner mon adresse").click()
    expect(page.get_by_text("Un voisin vous invite à rejoindre Les Lilas")).to_be_visible()
    looks_well(page, f"invite-{size}-join")
    context.close()
