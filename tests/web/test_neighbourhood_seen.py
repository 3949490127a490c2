"""One's community, its directory and the pages of référents, as they are seen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from community_store import communities
from community_store.geometry import to_geojson
from community_store.models import Community, Member
from community_store.store import Store
from dispatch import pairing
from tests.community_store.ground import SIDE, middle, square
from tests.web.house import House
from tests.web.seen import DESK, SIZES, SMALL, enter, looks_well, plain_house, serving
from tests.web.test_community_drawn import complain, drag, ring

pytestmark = pytest.mark.timeout(240)

HEAVIEST = 700_000  # bytes of a page with its map


@dataclass
class Quarter:
    """Les Lilas with a référent at home in it, neighbours, a twin, and one that asks."""

    house: House
    site: str
    referent: Member
    neighbour: Member

    def page(self, context: BrowserContext, who: Member, language: str = "fr") -> Page:
        self.house.world.change(who, language=language)
        enter(context, self.house, self.site, self.house.account_of(who, password=False))
        page = context.new_page()
        page.on("pageerror", lambda error: pytest.fail(str(error)))
        page.on("console", complain)
        return page


@pytest.fixture
def quarter(sqlite_store: Store, redis_url: str, tmp_path: Path) -> Iterator[Quarter]:
    house = plain_house(sqlite_store, redis_url, tmp_path)
    with serving(house) as site:
        yield settled(house, site)


def settled(house: House, site: str) -> Quarter:
    world = house.world
    lilas = next(one for one in world.rows(Community) if one.name == "Les Lilas").id or 0
    roses, iris = world.community("Les Roses"), world.community("Les Iris")
    world.community("Le Clos des Acacias", address="Rue du Clos, 38990 Valmoutier")
    lat, lon = middle()
    for member in world.rows(Member):
        world.change(member, lat=lat, lon=lon)
    referent = world.member(
        lilas, first_name="Rose", last_name="Blanc", referent=True, lat=lat, lon=lon,
        landline="+33199000042", address="4 rue des Lilas, 38000 Grenoble",
    )  # fmt: skip
    far = world.member(
        lilas, first_name="Élise", last_name="Évrard", lat=lat, lon=lon + 0.4 * SIDE,
        hide_mobile=True, address="9 chemin de l'Étang, 38000 Grenoble",
    )  # fmt: skip
    other = world.member(iris, referent=True)
    for place, who in ((roses, None), (iris, other)):
        world.member(place, referent=True, email=f"ref{place}@voisins.example")
        if who is None:
            world.twin(lilas, place)
        else:
            with world.act() as act:
                pairing.propose(
                    act, act.session.get_one(Member, who.id), act.session.get_one(Community, lilas)
                )
    with world.act() as act:
        communities.rename(act.session, act.session.get_one(Community, lilas), "Les Lilas bleus")
    return Quarter(house, site, referent, far)


def look(size: str = "desk", **more: Any) -> dict[str, Any]:
    return {"viewport": SIZES[size], "locale": "fr-FR", "reduced_motion": "reduce"} | more


LOOKS = [
    ("small-light-fr", {"viewport": SMALL}),
    ("desk-dark-en", {"viewport": DESK, "color_scheme": "dark", "locale": "en-GB"}),
]


@pytest.mark.parametrize(("name", "how"), LOOKS, ids=[name for name, _ in LOOKS])
def test_every_page_of_a_community_fits_and_is_accessible(
    chromium: Browser, quarter: Quarter, name: str, how: dict[str, Any]
) -> None:
    with chromium.new_context(**look(**how)) as context:
        page = quarter.page(context, quarter.referent, how.get("locale", "fr")[:2])
        for path in ("/community", "/community/history", "/community/boundary",
                     "/community/settings", "/community/twinning", "/community/outside",
                     "/directory", f"/directory/{quarter.neighbour.id}", "/directory/print",
                     "/directory?q=personne", "/community/twinning?q=personne"):  # fmt: skip
            page.goto(quarter.site + path)
            if path == "/community/boundary":
                expect(page.locator("[data-drawing-rule]")).not_to_be_empty()
            looks_well(page, f"{name}-mine{path.translate(str.maketrans('/?=', '_--'))}")


def test_a_neighbour_who_is_no_referent_sees_their_community(
    chromium: Browser, quarter: Quarter
) -> None:
    with chromium.new_context(**look("small")) as context:
        page = quarter.page(context, quarter.neighbour)
        page.goto(f"{quarter.site}/community")
        expect(page.get_by_role("heading", name="Vous êtes référent")).to_have_count(0)
        looks_well(page, "small-mine_community-neighbour")


def test_a_page_with_a_map_is_light_and_the_directory_lighter(
    chromium: Browser, quarter: Quarter
) -> None:
    with chromium.new_context(**look()) as context:
        page = quarter.page(context, quarter.referent)
        sizes: list[int] = []
        page.on("response", lambda response: sizes.append(len(response.body())))
        page.goto(f"{quarter.site}/community/boundary", wait_until="networkidle")
        assert 300_000 < sum(sizes) < HEAVIEST
        sizes.clear()
        page.goto(f"{quarter.site}/directory", wait_until="networkidle")
        assert sum(sizes) < 300_000


def test_the_boundary_is_dragged_undone_begun_again_and_kept_after_a_tick(
    chromium: Browser, quarter: Quarter
) -> None:
    with chromium.new_context(**look()) as context:
        page = quarter.page(context, quarter.referent)
        page.goto(f"{quarter.site}/community/boundary")
        rule = page.locator("[data-drawing-rule]")
        expect(rule).to_contain_text("Tout va bien")
        before = ring(page)
        assert before == [list(one) for one in to_geojson(square())["coordinates"][0]]
        point = page.get_by_role("button", name="Point 1 sur 4")
        page.locator(".map").scroll_into_view_if_needed()
        drag(page, point, -40, 10)
        assert ring(page) != before
        page.get_by_role("button", name="Annuler").click()
        assert ring(page) == before
        for number in (1, 2):
            drag(page, page.get_by_role("button", name=f"Point {number} sur 4"), -30, 0)
        page.get_by_role("button", name="Recommencer").click()
        assert ring(page) == before
        narrow(page)
        expect(rule).to_contain_text("1 membre serait dehors")
        page.get_by_role("button", name="Enregistrer les limites").click()
        asked = page.locator("#left-out")
        expect(asked).to_contain_text("Élise Évrard")
        assert ring(page) != before
        looks_well(page, "desk-mine_community_boundary-asked")
        page.get_by_label("Je confirme").check()
        page.get_by_role("button", name="Enregistrer les limites").click()
        expect(page.get_by_role("status")).to_contain_text("sont enregistrées")
        expect(page.locator(".happenings li").first).to_contain_text("Les limites")


def narrow(page: Page) -> None:
    """Bring the two corners in the east 80 m nearer, by keyboard."""
    for number in (1, 2, 3, 4):
        point = page.get_by_role("button", name=f"Point {number} sur 4")
        east = ring(page)[number - 1][0] > middle()[1]
        for _ in range(4 if east else 0):
            point.focus()
            page.keyboard.press("Shift+ArrowLeft")


def test_without_scripts_a_file_takes_the_place_of_drawing(
    chromium: Browser, quarter: Quarter, tmp_path: Path
) -> None:
    path = tmp_path / "limits.geojson"
    path.write_text(json.dumps(to_geojson(square(side=0.7 * SIDE))))
    with chromium.new_context(**look("small", java_script_enabled=False)) as context:
        page = quarter.page(context, quarter.referent)
        page.goto(f"{quarter.site}/community/boundary")
        page.get_by_text("Dessiner avec un autre logiciel").click()
        page.get_by_label("Fichier GeoJSON").set_input_files(path)
        page.get_by_role("button", name="Enregistrer les limites").click()
        expect(page.get_by_role("alert")).to_contain_text("laisse des membres dehors")
        expect(page.locator("#left-out")).to_contain_text("Élise Évrard")
        page.get_by_label("Je confirme").check()
        page.get_by_role("button", name="Enregistrer les limites").click()
        expect(page.get_by_role("status")).to_contain_text("sont enregistrées")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_twinning_is_accepted_and_ended(
    chromium: Browser, quarter: Quarter, scripts: bool
) -> None:
    with chromium.new_context(**look("small", java_script_enabled=scripts)) as context:
        page = quarter.page(context, quarter.referent)
        page.goto(f"{quarter.site}/community/twinning")
        page.get_by_role("button", name="Accepter avec Les Iris").click()
        expect(page.get_by_role("status")).to_contain_text("sont jumelées")
        page.get_by_role("link", name="Mettre fin au jumelage avec Les Iris").click()
        expect(page.locator("h1")).to_contain_text("Mettre fin au jumelage avec Les Iris ?")
        if scripts:
            looks_well(page, "small-mine_untwin")
        page.get_by_role("button", name="Oui, y mettre fin").click()
        expect(page.get_by_role("status")).to_contain_text("est terminé")


def test_the_directory_is_printed_on_a4(
    chromium: Browser, quarter: Quarter, tmp_path: Path
) -> None:
    home = quarter.neighbour.community_id or 0
    quarter.house.world.members(home, 60, landline="+33199000001")
    with chromium.new_context(**look()) as context:
        page = quarter.page(context, quarter.neighbour)
        page.goto(f"{quarter.site}/directory/print")
        expect(page.get_by_role("button", name="Imprimer")).to_be_visible()
        page.emulate_media(media="print")
        expect(page.locator(".top")).to_be_hidden()
        expect(page.locator("table")).to_be_visible()
        Path("artefacts/screens").mkdir(parents=True, exist_ok=True)
        data = page.pdf(path="artefacts/screens/directory.pdf", prefer_css_page_size=True)
    import pypdfium2

    paper = pypdfium2.PdfDocument(data)
    assert {tuple(round(side) for side in one.get_size()) for one in paper} == {(595, 842)}
    words = paper[0].get_textpage().get_text_bounded()
    assert "Annuaire au" in words
    assert "Se déconnecter" not in words


def test_the_pages_are_used_by_keyboard(chromium: Browser, quarter: Quarter) -> None:
    from tests.web.seen import reach

    with chromium.new_context(**look()) as context:
        page = quarter.page(context, quarter.neighbour)
        page.goto(f"{quarter.site}/directory")
        reach(page, "#q")
        page.keyboard.type("evrard")
        page.keyboard.press("Enter")
        expect(page.locator(".cards .card")).to_have_count(1)
        expect(page.locator(".cards")).to_contain_text("Élise Évrard")
