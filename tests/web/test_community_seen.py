"""Communities on the map, in a browser; apart, since a browser holds the thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, FloatRect, Page, expect

from community_store.models import Community, MemberState
from tests.web.house import House
from tests.web.seen import SHOTS, SIZES, enter, looks_well

pytestmark = pytest.mark.timeout(180)


@contextmanager
def visiting(
    chromium: Browser, house: House, site: str, *, away: float, size: str = "small",
    language: str = "fr", scripts: bool = True,
) -> Iterator[Page]:  # fmt: skip
    """A pending member who lives `away` degrees east of Les Lilas, in their browser."""
    [lilas] = house.world.rows(Community)
    member = house.world.member(
        None, state=MemberState.PENDING, lat=lilas.boundary.centroid.y,
        lon=lilas.boundary.bounds[2] + away, address="1 rue du Pré", language=language,
    )  # fmt: skip
    with chromium.new_context(
        viewport=SIZES[size],
        locale=language,
        java_script_enabled=scripts,
    ) as context:
        enter(context, house, site, house.account_of(member, password=False))
        yield context.new_page()


@pytest.mark.parametrize(("size", "language"), [("small", "fr"), ("desk", "en")])
def test_red_zones_are_named_on_click_and_beside(  # fixtures
    chromium: Browser, plain: House, site: str, size: str, language: str
) -> None:
    with visiting(chromium, plain, site, away=0.004, size=size, language=language) as page:
        page.goto(f"{site}/community")
        page.locator(".zone").first.click()
        expect(page.locator(".zone-name")).to_contain_text("Les Lilas")
        looks_well(page, f"community-around-{size}-{language}")
        page.goto(f"{site}/community/list")
        looks_well(page, f"community-list-{size}-{language}")
        page.goto(f"{site}/community")
        page.locator("li[data-zone] form button").click()
        page.wait_for_url("**/activation")
        page.goto(f"{site}/community")
        looks_well(page, f"community-asked-{size}-{language}")


@pytest.mark.parametrize("way", [(0.5, -1), (0.5, 1), (-0.3, 0.5), (1.3, 0.5)])
def test_the_home_is_never_under_the_buttons_of_a_small_map(
    chromium: Browser, plain: House, site: str, way: tuple[float, float]
) -> None:
    """North-west of the community it is where the buttons are."""
    [lilas] = plain.world.rows(Community)
    west, south, east, north = lilas.boundary.bounds
    member = plain.world.member(
        None, state=MemberState.PENDING, lat=north + way[0] * (north - south),
        lon=west + way[1] * (east - west),
    )  # fmt: skip
    with chromium.new_context(viewport=SIZES["small"], locale="fr") as context:
        enter(context, plain, site, plain.account_of(member, password=False))
        page = context.new_page()
        page.goto(f"{site}/community")
        page.locator(".pin").wait_for()
        page.locator(".map").screenshot(path=SHOTS / f"home-{way[0]}-{way[1]}.png")
        pin, map_ = box_of(page, ".pin"), box_of(page, ".map")
        assert pin["x"] >= map_["x"]
        assert pin["y"] >= map_["y"]
        assert pin["x"] + pin["width"] <= map_["x"] + map_["width"]
        assert pin["y"] + pin["height"] <= map_["y"] + map_["height"]
        tools = box_of(page, ".leaflet-control-zoom")
        apart = pin["x"] >= tools["x"] + tools["width"] or pin["y"] >= tools["y"] + tools["height"]
        assert apart


def box_of(page: Page, what: str) -> FloatRect:
    box = page.locator(what).bounding_box()
    assert box is not None
    return box


@pytest.mark.parametrize(("size", "language"), [("small", "fr"), ("desk", "en")])
def test_a_boundary_is_drawn_undone_and_made(
    chromium: Browser, plain: House, site: str, size: str, language: str
) -> None:
    with visiting(chromium, plain, site, away=0.02, size=size, language=language) as page:
        page.goto(f"{site}/community/new")
        points = page.locator(".marker-icon:not(.marker-icon-middle)")
        expect(points).to_have_count(12)
        expect(page.locator(".rule-fine")).to_be_visible()
        looks_well(page, f"founding-{size}-{language}")
        before = page.locator("[name=boundary]").input_value()
        drag(page, points.nth(0), 30, 20)
        expect(page.locator("[name=boundary]")).not_to_have_value(before)
        page.locator("[data-do=undo]").click()
        expect(page.locator("[name=boundary]")).to_have_value(before)
        points.nth(3).focus()
        page.keyboard.press("Shift+ArrowUp")
        expect(page.locator("[name=boundary]")).not_to_have_value(before)
        page.keyboard.press("Delete")
        expect(points).to_have_count(11)
        page.locator("[data-do=restart]").click()
        expect(points).to_have_count(12)
        page.locator("[name=radius][value='100']").check()
        expect(page.locator("[data-drawing-size]")).to_contain_text("3")
        page.locator("#name").fill("Le Pré")
        page.locator("[name=referent][value=yes]").check()
        page.locator("form.founding .go button").click()
        expect(page.locator("h1")).to_contain_text("Le Pré")
        looks_well(page, f"founded-{size}-{language}")


def drag(page: Page, what: object, right: int, down: int) -> None:
    what.scroll_into_view_if_needed()  # type: ignore[attr-defined]
    box = what.bounding_box()  # type: ignore[attr-defined]
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right / 2, y + down / 2, steps=4)
    page.mouse.move(x + right, y + down, steps=4)
    page.mouse.up()


def test_what_overlaps_is_shown_and_taken_away(chromium: Browser, plain: House, site: str) -> None:
    with visiting(chromium, plain, site, away=0.0008, size="desk") as page:
        page.goto(f"{site}/community/new")
        points = page.locator(".marker-icon:not(.marker-icon-middle)")
        points.first.wait_for()
        page.locator("[data-do=draw]").click()
        page.locator("[data-map=drawing]").evaluate("box => box.scrollIntoView({block: 'center'})")
        box = page.locator("[data-map=drawing]").bounding_box()
        assert box
        middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        for right, down in ((-230, -110), (120, -110), (120, 110), (-230, 110)):
            page.mouse.click(middle[0] + right, middle[1] + down)
            page.wait_for_timeout(350)  # a second click within a moment is a double click
        page.locator("[data-do=finish]").click()
        expect(page.locator(".rule-broken")).to_contain_text("Les Lilas")
        expect(page.locator(".zone-wrong").first).to_be_visible()
        looks_well(page, "founding-overlap")
        page.locator("[data-do=trim]").click()
        expect(page.locator(".rule-fine")).to_be_visible()


def test_without_scripts_a_circle_is_chosen(chromium: Browser, plain: House, site: str) -> None:
    with visiting(chromium, plain, site, away=0.02, scripts=False) as page:
        page.goto(f"{site}/community/new")
        page.screenshot(path=SHOTS / "founding-plain.png", full_page=True)
        page.locator("#name").fill("Le Pré")
        page.locator("[name=referent][value=no]").check()
        page.locator("form.founding .go button").click()
        expect(page.locator("h1")).to_contain_text("Le Pré")
