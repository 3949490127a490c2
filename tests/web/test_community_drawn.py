"""A boundary drawn by hand and by keyboard, and every page of communities as it looks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from community_store.models import Community, Member, MemberState
from community_store.store import Store
from tests.community_store.ground import SIDE, middle
from tests.web.house import House
from tests.web.seen import DESK, SMALL, enter, looks_well, plain_house, serving

pytestmark = pytest.mark.timeout(180)

HEAVIEST = 700_000  # bytes of a page with its map


@dataclass
class Quarter:
    """A house that a browser visits, and who walks up to it."""

    house: House
    site: str
    language: str = "fr"

    def resident(self, context: BrowserContext, column: float) -> Page:
        """A page on which somebody of no community is signed in."""
        lat, lon = middle()
        member = self.house.world.member(
            None, state=MemberState.PENDING, lat=lat, lon=lon + column * SIDE
        )
        return self.signed_in(context, member)

    def signed_in(self, context: BrowserContext, member: Member) -> Page:
        self.house.world.change(member, language=self.language)
        enter(context, self.house, self.site, self.house.account_of(member, password=False))
        page = context.new_page()
        page.on("pageerror", lambda error: pytest.fail(str(error)))
        page.on("console", complain)
        return page


def complain(message: Any) -> None:
    assert "Content Security Policy" not in message.text, message.text


@pytest.fixture
def quarter(sqlite_store: Store, redis_url: str, tmp_path: Path) -> Iterator[Quarter]:
    """Les Lilas, which plain_house made, and Les Roses beside it."""
    house = plain_house(sqlite_store, redis_url, tmp_path)
    house.world.community("Les Roses", address="Rue des Roses, 38990 Valmoutier")
    with serving(house) as site:
        yield Quarter(house, site)


def look(**more: Any) -> dict[str, Any]:
    return {"viewport": DESK, "locale": "fr-FR", "reduced_motion": "reduce"} | more


def ring(page: Page) -> list[list[float]]:
    text = page.locator("[name=boundary]").input_value()
    return json.loads(text)["coordinates"][0] if text else []


LOOKS = [
    ("small-light-fr", {"viewport": SMALL}),
    ("desk-dark-en", {"viewport": DESK, "color_scheme": "dark", "locale": "en-GB"}),
    ("desk-light-fr", {"viewport": DESK}),
]


@pytest.mark.parametrize(("name", "how"), LOOKS, ids=[name for name, _ in LOOKS])
def test_every_page_of_communities_fits_and_is_accessible(
    chromium: Browser, quarter: Quarter, name: str, how: dict[str, Any]
) -> None:
    world, quarter.language = quarter.house.world, how.get("locale", "fr")[:2]
    home = next(one for one in world.rows(Community) if one.name == "Les Lilas")
    far = world.member(None, state=MemberState.PENDING, lat=44.0, lon=5.0)
    lost = world.member(None, state=MemberState.PENDING, lat=None, lon=None)
    lat, lon = middle()
    inside = world.member(home.id, state=MemberState.PENDING, lat=lat, lon=lon, referent=True)
    with chromium.new_context(**look(**how)) as context:
        page = quarter.resident(context, -0.7)
        for path in ("/community", "/community/list", "/community/list?q=rien", "/community/new"):
            page.goto(quarter.site + path)
            if path == "/community/new":
                expect(page.locator("[data-drawing-size]")).to_contain_text("ha")
            looks_well(
                page, f"{name}{path.replace('/', '_').partition('?')[0]}{'-none' * ('?' in path)}"
            )
    for who, member in (("far", far), ("lost", lost), ("inside", inside)):
        with chromium.new_context(**look(**how)) as context:
            page = quarter.signed_in(context, member)
            page.goto(f"{quarter.site}/community")
            looks_well(page, f"{name}_community-{who}")


def test_a_list_without_a_map_offers_no_look_at_one(chromium: Browser, quarter: Quarter) -> None:
    with chromium.new_context(**look()) as context:
        page = quarter.resident(context, -1)
        page.goto(f"{quarter.site}/community/list")
        expect(page.get_by_role("button", name="Rejoindre Les Lilas")).to_be_visible()
        expect(page.locator("[data-zone-show]").first).to_be_hidden()


def test_a_page_with_a_map_is_light(chromium: Browser, quarter: Quarter) -> None:
    with chromium.new_context(**look()) as context:
        page = quarter.resident(context, -1)
        sizes: list[int] = []
        page.on("response", lambda response: sizes.append(len(response.body())))
        page.goto(f"{quarter.site}/community/new", wait_until="networkidle")
        assert 300_000 < sum(sizes) < HEAVIEST


def test_a_circle_is_there_at_once_and_its_points_are_dragged(
    chromium: Browser, quarter: Quarter
) -> None:
    with chromium.new_context(**look()) as context:
        page = quarter.resident(context, -3)
        page.goto(f"{quarter.site}/community/new")
        expect(page.locator("[data-drawing-size]")).to_contain_text("12 ha")
        expect(page.locator("[data-drawing-rule]")).to_contain_text("Tout va bien")
        before = ring(page)
        page.get_by_label("300 m").check()
        expect(page.locator("[data-drawing-size]")).to_contain_text("27 ha")
        page.get_by_role("button", name="Annuler").click()
        expect(page.locator("[data-drawing-size]")).to_contain_text("12 ha")
        assert ring(page) == before
        drag(page, page.get_by_role("button", name="Point 1 sur 12"), 60, 0)
        expect(page.locator("[data-drawing-size]")).not_to_contain_text("12 ha")
        assert ring(page)[0][0] > before[0][0] + 1e-4
        assert ring(page)[1:-1] == before[1:-1]
        looks_well(page, "desk-community-dragged")
        page.get_by_role("button", name="Annuler").click()
        assert ring(page) == before


def drag(page: Page, handle: Any, right: float, down: float) -> None:
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right, y + down, steps=8)
    page.mouse.up()


def test_points_are_moved_added_and_removed_by_keyboard_and_mouse(
    chromium: Browser, quarter: Quarter
) -> None:
    with chromium.new_context(**look()) as context:
        page = quarter.resident(context, -3)
        page.goto(f"{quarter.site}/community/new")
        page.get_by_role("button", name="Point 4 sur 12").focus()
        before = ring(page)
        page.keyboard.press("Shift+ArrowUp")
        assert ring(page)[3][1] == pytest.approx(before[3][1] + 20 / 111_320, abs=2e-6)
        expect(page.get_by_role("button", name="Point 4 sur 12")).to_be_focused()
        page.keyboard.press("Delete")
        assert len(ring(page)) == 12
        page.get_by_role("button", name="Point 4 sur 11").click()
        page.get_by_role("button", name="Retirer ce point").click()
        assert len(ring(page)) == 11
        drag(page, page.locator(".marker-icon-middle").first, 20, 20)
        assert len(ring(page)) == 12
        expect(page.get_by_role("button", name="Point 1 sur 11")).to_be_visible()


def test_a_boundary_is_drawn_by_hand_with_undo_and_restart_and_made(
    chromium: Browser, quarter: Quarter
) -> None:
    with chromium.new_context(**look()) as context:
        page = quarter.resident(context, -3)
        page.goto(f"{quarter.site}/community/new")
        expect(page.locator("[data-drawing-size]")).to_contain_text("12 ha")
        undo = page.get_by_role("button", name="Annuler")
        page.get_by_role("button", name="Dessiner moi-même").click()
        expect(page.locator("[data-drawing-rule]")).to_contain_text("Touchez la carte")
        expect(undo).to_be_disabled()
        tap(page, 0, 100)
        undo.click()
        expect(undo).to_be_disabled()
        corners = [(-90, -90), (90, -90), (90, 90), (0, 140), (-90, 90)]
        for corner in corners:
            tap(page, *corner)
        undo.click()
        page.screenshot(path="artefacts/screens/desk-community-drawing.png", full_page=True)
        page.get_by_role("button", name="Terminer le dessin").click()
        expect(page.locator("[data-drawing-rule]")).to_contain_text("Tout va bien")
        assert len(ring(page)) == len(corners)
        page.get_by_label("Le nom de la communauté").fill("Le Bourg")
        page.get_by_role("button", name="Créer la communauté").click()
        expect(page.get_by_role("alert")).to_contain_text("si vous voulez être référent")
        page.get_by_label("Oui, je veux bien").check()
        expect(page.get_by_label("Le nom de la communauté")).to_have_value("Le Bourg")
        assert len(ring(page)) == len(corners)
        page.get_by_role("button", name="Créer la communauté").click()
        expect(page.locator("h1")).to_contain_text("Votre communauté est Le Bourg")
        looks_well(page, "desk-community-made")


def tap(page: Page, right: float, down: float) -> None:
    """At so many pixels from the middle of the map."""
    page.locator(".map").scroll_into_view_if_needed()
    box = page.locator(".map").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2 + right, box["y"] + box["height"] / 2 + down)
