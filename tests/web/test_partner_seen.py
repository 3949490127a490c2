"""A home proved by a partner, in a browser: there and back (S26)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from community_store.models import MemberState
from community_store.store import Store
from tests.rigs.openid import openid_provider
from tests.rigs.processes import free_port
from tests.web.partner_town import BACK, PEOPLE, Town
from tests.web.seen import SIZES, enter, looks_well, plain_house, serving


@pytest.mark.parametrize("size", SIZES)
def test_in_a_browser(
    chromium: Browser, sqlite_store: Store, redis_url: str, tmp_path: Path, addok: str, size: str
) -> None:
    port = free_port()
    site = f"http://127.0.0.1:{port}"
    with openid_provider(PEOPLE, [site + BACK]) as provider:
        sections = {"geo": {"geocoder_url": addok}, "partner": {"mitrust": provider.section}}
        house = plain_house(sqlite_store, redis_url, tmp_path, site=site, **sections)
        member, _ = Town(house, provider).pending()
        account = house.account_of(member, password=False)
        with (
            serving(house, port),
            chromium.new_context(viewport=SIZES[size], locale="fr-FR") as context,
        ):
            enter(context, house, site, account)
            page = context.new_page()
            page.goto(f"{site}/activation")
            looks_well(page, f"activation-partner-{size}")
            visit(page, "elsewhere")
            expect(page.get_by_role("alert")).to_contain_text("n'est pas celle de votre logement")
            looks_well(page, f"activation-partner-elsewhere-{size}")
            context.clear_cookies(name=re.compile("^_"))  # signed out at the partner
            visit(page, "jeanne")
            page.wait_for_url("**/first-steps")
        assert Town(house, provider).state(member) == MemberState.ACTIVE


def visit(page: Page, login: str) -> None:
    """Sign in at the partner and agree."""
    page.get_by_role("link", name="Continuer avec MiTrust").click()
    page.locator("[name=login]").fill(login)
    page.locator("[name=password]").fill("any")
    page.get_by_role("button").click()
    page.get_by_role("button", name="Continue").click()
