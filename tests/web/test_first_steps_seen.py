"""First steps in a browser; apart, since a browser holds the thread."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from community_store.models import Account
from tests.web.house import House
from tests.web.seen import EMAIL, SIZES, enter, looks_well

pytestmark = pytest.mark.timeout(180)


@pytest.mark.parametrize(("size", "scheme"), [("small", "light"), ("desk", "dark")])
def test_the_steps_are_seen_and_ticked(
    chromium: Browser, plain: House, site: str, size: str, scheme: Any
) -> None:
    with chromium.new_context(viewport=SIZES[size], locale="fr-FR", color_scheme=scheme) as context:
        [odette] = plain.world.rows(Account, email=EMAIL)
        enter(context, plain, site, odette)
        page = context.new_page()
        page.goto(f"{site}/first-steps")
        page.get_by_role("button", name="M'envoyer un message d'essai").click()
        expect(page.get_by_text("Un SMS d'essai part")).to_be_visible()
        looks_well(page, f"first-steps-{size}-{scheme}")
        page.goto(f"{site}/home")
        looks_well(page, f"home-{size}-{scheme}")
