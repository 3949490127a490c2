"""The page of handsets as people use it, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships none
from playwright.sync_api import Browser, Page, expect

from gateway import sms_text
from tests.web.conftest import Village, letter

KARIM = "+33639980102"
THOMAS = "thomas.girard@voisins.example"
SHOTS = Path(__file__).resolve().parents[2] / "artefacts"
SIZES = {"narrow": (320, 640), "phone": (390, 844), "desktop": (1280, 900)}

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    """The page at desktop width; an error on its console fails the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    errors: list[str] = []
    page.on(
        "console", lambda message: errors.append(message.text) if message.type == "error" else None
    )
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    yield page
    context.close()
    assert errors == []


def test_a_text_shows_on_its_handset_without_reloading(page: Page, village: Village) -> None:
    page.get_by_label("Écrire au 38000").fill("Bruit rue des Lilas")
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator(".bubble-out p").first).to_have_text("Bruit rue des Lilas")
    expect(page.get_by_label("Écrire au 38000")).to_have_value("")
    assert [row["text"] for row in village.phones.since(0)] == ["Bruit rue des Lilas"]


def test_what_arrives_lights_its_handset_and_shows_when_it_is_opened(
    page: Page, village: Village
) -> None:
    karim = page.locator(".person", has_text="Karim Benali")
    village.phones.receive(KARIM, "38000", "Tocsin alerte 1", segments=1, delivery=1, attempt=1)
    expect(karim.locator(".mini-screen")).to_have_text("Tocsin alerte 1")
    karim.click()
    expect(page.locator("#phone-title")).to_contain_text("Karim Benali")
    expect(page.locator(".bubble-in p").first).to_have_text("Tocsin alerte 1")
    village.phones.receive(KARIM, "38000", "Fin de l'alerte", segments=1, delivery=2, attempt=1)
    expect(page.locator(".bubble-in")).to_have_count(2)


def test_a_mail_arrives_in_the_open_mailbox_and_an_open_letter_stays_open(
    page: Page, village: Village
) -> None:
    page.locator(".person", has_text="Thomas Girard").click()
    expect(page.locator(".letters")).to_contain_text("Aucun e-mail")
    letter(village, "d1.a1", THOMAS, "Alerte 1")
    page.locator("summary", has_text="Alerte 1").click()
    letter(village, "d2.a1", THOMAS, "Alerte 2")
    expect(page.locator(".letter")).to_have_count(2)
    expect(page.locator(".letter-text").nth(1)).to_be_visible()


SAMPLES = (
    "",
    "a",
    "é" * 160,
    "a" * 161,
    "a" * 306,
    "a" * 307,
    "€" * 80,
    "€" * 81,
    "a" * 152 + "€" * 10,
    "ê",
    "ç" * 70,
    "ç" * 71,
    "ç" * 134,
    "ç" * 135,
    "🔥" * 35,
    "🔥" * 36,
    "a" * 66 + "🔥" * 4,
    "[x]{y}~|\\^",
    "Ça brûle… “vite” !",
    "ligne\nligne",
    "\u00a0",
    "ΔΦΓΛΩ",
    "Œuvre",
)


def test_the_counter_agrees_with_the_service(page: Page) -> None:
    counted = page.evaluate(
        """async (texts) => {
            const { count } = await import("/static/segments.js");
            return texts.map((text) => [count(text).segments, count(text).wide]);
        }""",
        [*SAMPLES, *ALPHABET],
    )
    ours = [sms_text.count(text) for text in (*SAMPLES, *ALPHABET)]
    assert counted == [[size.segments, size.encoding == "ucs2"] for size in ours]


ALPHABET = tuple(
    chr(code)
    for code in (0x0A, *range(0x20, 0x7F), *range(0xA0, 0x180), *range(0x391, 0x3CA), 0x20AC)
)


def test_the_counter_counts_while_one_writes(page: Page) -> None:
    page.get_by_label("Écrire au 38000").press_sequentially("ça")
    expect(page.locator("#count")).to_have_text("68 caractères restants · 1 SMS · alphabet étendu")
    page.get_by_label("Écrire au 38000").fill("a" * 161)
    expect(page.locator("#count")).to_have_text("145 caractères restants · 2 SMS")


def test_a_ready_made_text_waits_to_be_sent(page: Page, village: Village) -> None:
    page.get_by_role("button", name="STOP", exact=True).click()
    expect(page.get_by_label("Écrire au 38000")).to_have_value("STOP")
    assert village.phones.since(0) == []
    page.keyboard.press("Enter")
    expect(page.locator(".bubble-out p").first).to_have_text("STOP")


def test_it_works_by_keyboard_alone(page: Page) -> None:
    page.locator(".person", has_text="Karim Benali").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#phone-title")).to_contain_text("Karim Benali")
    expect(page.locator("#phone")).to_be_focused()


def test_on_a_telephone_an_open_handset_covers_the_village_and_goes_away(
    chromium: Browser, address: str
) -> None:
    with chromium.new_context(viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        page.goto(address)
        page.locator(".person", has_text="Karim Benali").click()
        expect(page.locator("#phone")).to_be_in_viewport()
        page.keyboard.press("Escape")
        expect(page.locator("#phone")).to_be_hidden()
        expect(page.locator(".person", has_text="Karim Benali")).to_be_focused()


def test_on_a_telephone_the_newest_message_is_in_sight(
    chromium: Browser, address: str, village: Village
) -> None:
    for n in range(1, 9):
        text = f"Tocsin alerte {n}, " + "Camionnette blanche " * 4
        village.phones.receive(KARIM, "38000", text, segments=1, delivery=n, attempt=1)
    with chromium.new_context(viewport={"width": 390, "height": 844}) as context:
        page = context.new_page()
        page.goto(address)
        page.locator(".person", has_text="Karim Benali").click()
        expect(page.locator(".bubble-in").last).to_be_in_viewport()
        expect(page.locator(".bubble-in").first).not_to_be_in_viewport()


def test_without_a_script_the_page_still_lists_and_texts(
    chromium: Browser, address: str, village: Village
) -> None:
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(address)
        page.locator(".person", has_text="Karim Benali").click()
        page.locator("[name=text]").first.fill("Bruit")
        page.get_by_role("button", name="Envoyer").click()
        assert page.locator(".bubble-out p").first.inner_text() == "Bruit"
    assert [row["handset"] for row in village.phones.since(0)] == [KARIM]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_it_fits_and_is_accessible(
    chromium: Browser, address: str, village: Village, size: str, scheme: str
) -> None:
    village.phones.receive(KARIM, "38000", "Tocsin alerte 1", segments=1, delivery=1, attempt=1)
    letter(village, "d1.a1", "karim.benali@voisins.example")
    width, height = SIZES[size]
    context = chromium.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]  # a literal by parameter
        reduced_motion="reduce",
    )
    page = context.new_page()
    SHOTS.mkdir(exist_ok=True)
    for name, query in (
        ("people", "?view=people"),
        ("wall", "?view=wall"),
        ("open", "?who=m2&lang=en"),
    ):
        page.goto(address + query)
        page.wait_for_timeout(300)
        page.screenshot(path=SHOTS / f"simulator-{size}-{scheme}-{name}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert _small_targets(page) == []
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
    context.close()


def _small_targets(page: Page) -> list[str]:
    """What one can press and is under 44 pixels high or wide."""
    small: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("a, button, summary, textarea")]
            .filter((one) => one.checkVisibility() && !one.matches(".skip"))
            .filter((one) => {
                const { width, height } = one.getBoundingClientRect();
                return width < 44 || height < 44;
            })
            .map((one) => one.outerHTML.slice(0, 80))"""
    )
    return small
