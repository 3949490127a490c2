"""The way to one's neighbourhood, in a browser; apart, since a browser holds the thread."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from community_store.store import Store
from tests.web.test_house import DESK, SMALL, looks_well, plain_house, serving


@pytest.mark.parametrize(("name", "size"), [("small", SMALL), ("desk", DESK)])
def test_the_answer_in_a_browser(  # fixtures
    chromium: Browser, sqlite_store: Store, redis_url: str, tmp_path: Path, addok: str,
    name: str, size: dict[str, int],
) -> None:  # fmt: skip
    plain = plain_house(sqlite_store, redis_url, tmp_path, geo={"geocoder_url": addok})
    with serving(plain) as site, chromium.new_context(viewport=size, locale="fr-FR") as context:  # type: ignore[arg-type]  # a size
        page = context.new_page()
        page.goto(f"{site}/")
        page.get_by_role("link", name="Mon quartier est-il protégé").click()
        page.locator("#address").fill("12 rue des lilas")
        page.keyboard.press("Enter")
        page.get_by_text("Votre quartier : Les Lilas").wait_for()
        looks_well(page, f"{name}-join-found")
