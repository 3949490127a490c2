"""The help centre, the contact form and the legal pages in a browser; apart, since it holds the thread."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from community_store.models import Account
from tests.web.house import House
from tests.web.seen import EMAIL, SHOTS, SIZES, SMALL, enter, looks_well, reach

pytestmark = pytest.mark.timeout(180)
PATHS = (
    "/help", "/help?q=numero%20cache", "/help?q=zzyzx", "/help/who-sees-my-number",
    "/help/all-the-words", "/help/no-sms-received", "/contact", "/contact/sent", "/legal/privacy",
    "/legal/terms", "/legal/accessibility",
)  # fmt: skip


@pytest.mark.parametrize(
    ("size", "scheme", "language"), [("small", "light", "fr-FR"), ("desk", "dark", "en-GB")]
)
def test_every_page_fits_and_is_accessible(
    chromium: Browser, plain: House, site: str, size: str, scheme: Any, language: str
) -> None:
    look: dict[str, Any] = {"viewport": SIZES[size], "color_scheme": scheme, "locale": language}
    with chromium.new_context(**look, reduced_motion="reduce") as context:
        page = context.new_page()
        for path in PATHS:
            page.goto(site + path)
            name = path.strip("/").replace("/", "_").partition("?")
            looks_well(page, f"helping-{size}-{name[0]}{'-' + name[2][2:5] if name[2] else ''}")


def test_searching_and_writing_by_keyboard_with_a_mistake_first(
    chromium: Browser, plain: House, site: str
) -> None:
    with chromium.new_context(viewport=SIZES["small"], locale="fr-FR") as context:
        [odette] = plain.world.rows(Account, email=EMAIL)
        enter(context, plain, site, odette)
        page = context.new_page()
        page.goto(f"{site}/help")
        reach(page, "#q")
        page.keyboard.type("perdu mon téléphone")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").first).to_contain_text("réponse")
        expect(page.locator(".questions a").first).to_contain_text("J'ai perdu mon téléphone")
        page.goto(f"{site}/contact?about=account")
        expect(page.locator("#name")).to_have_value("Odette Martin")
        expect(page.locator("#answer_to")).to_have_value(EMAIL)
        page.locator("#answer_to").fill("06 39 98")
        page.locator("#text").fill("Ma ligne est bloquée.\nMerci de suspendre mon compte.")
        page.get_by_role("button", name="Envoyer").press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("n'est pas un numéro français")
        expect(page.locator("#text")).to_have_value(
            "Ma ligne est bloquée.\nMerci de suspendre mon compte."
        )
        looks_well(page, "helping-small-contact-wrong")
        page.locator("#answer_to").fill("06 39 98 12 34")
        page.get_by_role("button", name="Envoyer").press("Enter")
        expect(page.locator("h1")).to_have_text("Votre message est parti")


def test_all_of_it_works_without_scripts(chromium: Browser, plain: House, site: str) -> None:
    with chromium.new_context(
        viewport=SMALL,  # type: ignore[arg-type]  # a size
        java_script_enabled=False,
        locale="fr-FR",
    ) as context:
        page = context.new_page()
        page.goto(f"{site}/help")
        page.get_by_label("Que cherchez-vous ?").fill("PANNEAU")
        page.get_by_role("button", name="Chercher").click()
        page.get_by_role("link", name="Comment choisir les panneaux").click()
        assert page.locator("h1").inner_text().startswith("Comment choisir les panneaux")
        page.get_by_role("link", name="Cette réponse ne suffit pas").click()
        page.get_by_label("Votre nom").fill("Jeanne Petit")
        page.get_by_label("Votre e-mail").fill("jeanne@voisins.example")
        page.get_by_label("Votre message").fill("Quelle taille de panneau ?")
        page.screenshot(path=SHOTS / "helping-plain-contact.png", full_page=True)
        page.get_by_role("button", name="Envoyer").click()
        assert page.locator("h1").inner_text() == "Votre message est parti"
