"""The flyer, the presentation and the poster as they are read and seen (S36)."""

from __future__ import annotations

import io
from contextlib import closing

import pypdfium2
import pytest
from PIL import Image, ImageChops

from tests.commands.test_code import pages
from tests.commands.test_code import words as printed
from tests.web.house import SITE, House
from web import i18n
from web.invite.leaflets import MAKERS, Leaflet
from web.invite.paper import HEIGHT, MARGIN, WIDTH

WORDS = i18n.load(("fr", "en"), "Europe/Paris")
LONG = (
    "Association des riverains de la Résidence du Château-d'Eau et du"
    " Clos-Saint-Barthélemy-lès-Vignes, Villefranche-de-Rouergue"
)
NAMES = ("Les Lilas", LONG, "W" * 80, "Łódź, Île «Œuvre» (日本)")
LINK = "https://tocsin.valmoutier.example/i/abcdefgh23"


def about(name: str = "Les Lilas", language: str = "fr", number: str = "36 000") -> Leaflet:
    return Leaflet(WORDS[language], "Tocsin", name, LINK, number)


def text(document: bytes) -> str:
    """As it is read, whatever the lines."""
    return " ".join(printed(document).replace("\u00a0", " ").split())


@pytest.mark.parametrize("kind", MAKERS)
def test_each_names_the_community_the_link_the_number_and_the_17(kind: str) -> None:
    said = text(MAKERS[kind](about()))
    for needed in ("Tocsin", "Les Lilas", LINK.removeprefix("https://"), "36 000",
                   "appelez le 17 ou le 112"):  # fmt: skip
        assert needed in said


@pytest.mark.parametrize("kind", MAKERS)
def test_each_is_in_english_too(kind: str) -> None:
    said = text(MAKERS[kind](about(language="en")))
    assert "To join us" in said
    assert "call 17 or 112" in said
    assert "rejoindre" not in said


def test_a_flyer_is_one_page_and_the_presentation_two() -> None:
    counts = {kind: pages(make(about())) for kind, make in MAKERS.items()}
    assert counts == {"flyer": 1, "presentation": 2, "poster": 1}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", MAKERS)
def test_no_line_begins_with_a_sign_that_french_sets_off(kind: str, name: str) -> None:
    rows = printed(MAKERS[kind](about(name))).split("\n")
    assert [row for row in rows if row.strip()[:1] in set(":;!»€")] == []


def test_apostrophes_are_curled() -> None:
    said = printed(MAKERS["presentation"](about()))
    assert "Ce que l’on voit de vous" in said
    assert "'" not in said


def test_without_a_number_nothing_speaks_of_one() -> None:
    said = text(MAKERS["flyer"](about(number="")))
    assert "INSCRIPTION" not in said
    assert "Pour nous rejoindre" in said


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_leaves_the_margins_or_covers_another(kind: str, language: str, name: str) -> None:
    """As a printer draws it: white all around under the band, and between text and box."""
    for n, page in enumerate(drawn(MAKERS[kind](about(name, language, "09 37 00 00 00")))):
        banded = n == 0
        edge, top = 5, 92 if banded else 5
        for left, right in ((edge, MARGIN - 2), (WIDTH - MARGIN + 2, WIDTH - edge)):
            assert blank(page, left, top, right, HEIGHT - edge), (kind, name)
        assert blank(page, edge, HEIGHT - 10, WIDTH - edge, HEIGHT - 2), (kind, name)
        if kind != "presentation" or n == 1:
            assert blank(page, MARGIN, 191, WIDTH - MARGIN, 192.5), (kind, name)
        if banded:
            assert same(page, WIDTH - MARGIN + 1, 10, WIDTH - 1, 60), (kind, name)


def drawn(document: bytes) -> list[Image.Image]:
    """Its pages, four points a millimetre."""
    with closing(pypdfium2.PdfDocument(document)) as opened:
        pictures = []
        for n in range(len(opened)):
            with closing(opened[n]) as page:
                bitmap = page.render(scale=4 * 25.4 / 72)
                pictures.append(bitmap.to_pil().convert("RGB").copy())
                bitmap.close()
    return pictures


def part(page: Image.Image, left: float, top: float, right: float, low: float) -> Image.Image:
    """A rectangle, in millimetres."""
    return page.crop((round(left * 4), round(top * 4), round(right * 4), round(low * 4)))


def blank(page: Image.Image, *place: float) -> bool:
    seen = part(page, *place)
    return ImageChops.invert(seen).getbbox() is None


def same(page: Image.Image, *place: float) -> bool:
    seen = part(page, *place)
    return len(seen.getcolors() or []) == 1


@pytest.mark.parametrize("paper", ["flyer", "presentation"])
def test_a_member_downloads_it_with_their_own_link(house: House, paper: str) -> None:
    member = house.world.member(house.world.community("Les Lilas"), first_name="Odette")
    visitor = house.inside(house.account_of(member, password=False))
    answer = visitor.get(f"/invite/{paper}.pdf?lang=fr")
    assert answer.content_type == "application/pdf"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert io.BytesIO(answer.data).read(5) == b"%PDF-"
    said = text(answer.data)
    assert f"{SITE.removeprefix('https://')}/i/" in said
    assert "Les Lilas" in said
    assert "Odette" not in said


@pytest.mark.parametrize("paper", ["poster", "x", "FLYER"])
def test_other_papers_are_not_there(house: House, paper: str) -> None:
    member = house.world.member(house.world.community("Les Lilas"))
    visitor = house.inside(house.account_of(member, password=False))
    assert visitor.get(f"/invite/{paper}.pdf").status_code == 404
