"""Maps in a browser: one's home put in its place by mouse, touch and keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import render_template_string
from playwright.sync_api import Browser, BrowserContext, Page, expect

from community_store.store import Store
from tests.web.house import House
from tests.web.seen import DESK, SMALL, looks_well, plain_house, serving
from web.access import Policy, access

pytestmark = pytest.mark.timeout(180)

LAT, LON = 45.1, 5.2
PAGE = """{% extends "page.html" %}{% import "parts/map.html" as map with context %}
{% block name %}Map{% endblock %}{% block head %}{{ map.head() }}{% endblock %}
{% block content %}<section class="column"><h1>Map</h1><form>
<input type="hidden" name="lat" value="45.1"><input type="hidden" name="lon" value="5.2">
{{ map.marker(45.1, 5.2) }}</form></section>{% endblock %}"""


@pytest.fixture
def site(sqlite_store: Store, redis_url: str, tmp_path: Path) -> Iterator[str]:
    house = plain_house(sqlite_store, redis_url, tmp_path)
    with_marker(house)
    with serving(house) as url:
        yield url


def with_marker(house: House) -> None:
    view = access(Policy.ANYONE)(lambda: render_template_string(PAGE))
    house.app.add_url_rule("/with-a-marker", "with_a_marker", view)


@pytest.fixture
def page(chromium: Browser, site: str) -> Iterator[Page]:
    with chromium.new_context(viewport=SMALL, locale="fr-FR", has_touch=True) as context:  # type: ignore[arg-type]  # a size
        yield at_marker(context, site)


def at_marker(context: BrowserContext, site: str) -> Page:
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{site}/with-a-marker")
    expect(page.locator(".pin")).to_be_visible()
    assert complaints == []
    return page


def place(page: Page) -> tuple[float, float]:
    lat, lon = (page.locator(f"[name={name}]").input_value() for name in ("lat", "lon"))
    return float(lat), float(lon)


def test_the_arrow_keys_move_the_marker_and_it_is_said(page: Page) -> None:
    marker = page.get_by_role("button", name="Votre logement")
    marker.focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator(".map-told")).to_have_text("Repère placé à 2 m du point de départ.")
    assert place(page) == pytest.approx((LAT + 2 / 111_320, LON), abs=2e-6)
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".map-told")).to_have_text("Repère placé à 20 m du point de départ.")
    lat, lon = place(page)
    assert lat == pytest.approx(LAT, abs=2e-6)
    assert lon == pytest.approx(LON + 20 / 78_580, abs=4e-6)
    expect(marker).to_be_focused()
    looks_well(page, "small-marker")


def test_the_marker_is_dragged_by_mouse(page: Page) -> None:
    box = page.locator(".pin").bounding_box()
    assert box
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] - 20, steps=6)
    page.mouse.up()
    lat, lon = place(page)
    assert lat > LAT + 1e-5
    assert lon > LON + 1e-5


def test_a_touch_on_the_map_puts_the_marker_there(page: Page) -> None:
    box = page.locator(".map").bounding_box()
    assert box
    page.touchscreen.tap(box["x"] + box["width"] - 60, box["y"] + box["height"] - 60)
    expect(page.locator(".map-told")).to_contain_text("Repère placé")
    lat, lon = place(page)
    assert lat < LAT
    assert lon > LON


def test_without_scripts_the_place_stays_as_it_was(chromium: Browser, site: str) -> None:
    with chromium.new_context(viewport=DESK, java_script_enabled=False) as context:  # type: ignore[arg-type]  # a size
        page = context.new_page()
        page.goto(f"{site}/with-a-marker?lang=fr")
        assert "ne peut pas s'afficher" in page.locator(".map").inner_text()
        assert place(page) == (LAT, LON)
