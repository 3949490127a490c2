"""Profile and settings as they are seen: at 320 px and on a desk, with and without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from community_store.models import Member, Topic
from gateway.contract import Channel
from tests.web.house import PASSWORD, House
from tests.web.seen import EMAIL, SIZES, enter, looks_well, reach

ABOUT = "J'ai une échelle et une remorque à prêter. Je suis là presque toute la journée."


def odette(house: House) -> Member:
    (found,) = house.world.rows(Member, email=EMAIL)
    assert isinstance(found, Member)
    return found


@pytest.mark.parametrize("size", SIZES)
def test_every_page_of_the_profile(plain: House, site: str, chromium: Browser, size: str) -> None:
    member = odette(plain)
    plain.world.change(member, landline="+33199000001", hide_landline=True)
    context = chromium.new_context(viewport=SIZES[size], locale="fr-FR")
    enter(context, plain, site, plain.account_of(member))
    page = context.new_page()

    def look(step: str) -> None:
        looks_well(page, f"profile-{size}-{step}")

    page.goto(f"{site}/profile")
    look("empty")
    page.get_by_role("link", name="Quelques mots sur moi").click()
    page.get_by_label("Quelques mots sur moi").fill(ABOUT)
    for interest in ("jardinage", "bricolage", "musique"):
        page.get_by_label(interest).check()
    page.get_by_label("Autre chose").fill("ruches, échecs")
    look("about")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.locator(".tags li")).to_have_count(5)
    page.get_by_role("link", name="Mon logement").click()
    page.get_by_label("Vous êtes").select_option("owner")
    page.get_by_label("Vous habitez").select_option("house")
    look("home")
    page.get_by_role("button", name="Enregistrer").click()
    look("full")
    page.get_by_role("link", name="Mon pseudonyme").click()
    page.get_by_label("Mon pseudonyme").fill("Odette38")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_role("alert")).to_contain_text("contient votre prénom")
    look("pseudonym")
    page.goto(f"{site}/profile/name")
    look("name")
    page.goto(f"{site}/profile/seen")
    look("seen")
    page.goto(f"{site}/directory/{member.id}")
    look("card")
    context.close()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scripts", [True, False])
def test_every_page_of_the_settings(
    plain: House, site: str, chromium: Browser, size: str, scripts: bool
) -> None:
    member = odette(plain)
    account = plain.account_of(member)
    context = chromium.new_context(
        viewport=SIZES[size], locale="fr-FR", java_script_enabled=scripts
    )
    enter(context, plain, site, account)
    page = context.new_page()

    def look(step: str) -> None:
        if scripts:  # axe is one
            looks_well(page, f"settings-{size}-{step}")

    page.goto(f"{site}/settings")
    look("all")
    page.get_by_role("link", name="Mes numéros").click()
    look("numbers")
    page.get_by_role("link", name="Changer ou ajouter un numéro").click()
    page.get_by_label("Nouveau numéro").fill("06 39 98 07 77")
    look("number")
    page.get_by_role("button", name="Recevoir le code").click()
    look("code")
    page.get_by_label("Le code").fill(plain.code())
    page.get_by_role("button", name="Vérifier le code").click()
    expect(page.get_by_role("status")).to_contain_text("Votre numéro est enregistré")
    page.goto(f"{site}/settings/numbers/remove/mobile")
    look("remove")
    page.goto(f"{site}/settings/email")
    page.get_by_label("Nouvelle adresse e-mail").fill("odette.martin@voisins.example")
    page.get_by_role("button", name="Envoyer le lien").click()
    look("email")
    notifications(page, site, look)
    page.goto(f"{site}/settings/data")
    look("data")
    page.get_by_role("button", name="Lire").click()
    look("read")
    closing(page, site, look)
    context.close()


def notifications(page: Page, site: str, look: object) -> None:
    assert callable(look)
    page.goto(f"{site}/settings/notifications")
    look("notifications")
    alerts = page.get_by_role("group", name="Les alertes de mon quartier")
    for way in ("par SMS", "par e-mail"):
        alerts.get_by_label(way).uncheck()
    page.get_by_role("button", name="Enregistrer").first.click()
    look("silent")
    page.get_by_role("button", name="Oui, plus aucune alerte").click()
    expect(page.locator(".notice-warn")).to_contain_text("aucune alerte de votre quartier")
    look("silenced")
    page.get_by_label("Oui, je veux la recevoir").check()
    page.get_by_role("button", name="Enregistrer").last.click()
    expect(page.get_by_label("Oui, je veux la recevoir")).to_be_checked()


def closing(page: Page, site: str, look: object) -> None:
    assert callable(look)
    page.goto(f"{site}/settings/close")
    look("sure")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Continuer").click()
    look("close")
    page.get_by_role("button", name="Oui, fermer mon compte").click()
    expect(page.locator("h1")).to_have_text("Votre compte est fermé")
    look("closed")


def test_broken_states_in_english_and_in_the_dark(
    plain: House, site: str, chromium: Browser
) -> None:
    """No way to be reached, STOP everywhere, the last référent, an alert that goes out."""
    member = odette(plain)
    for one in plain.world.rows(Member, referent=True):
        plain.world.change(one, referent=False)
    plain.world.change(member, language="en", referent=True, interests="chess")
    assert member.mobile
    plain.world.stop(member.mobile)
    plain.world.stop(EMAIL, Channel.EMAIL)
    plain.world.mute(member, Topic.TWIN, Channel.EMAIL)
    context = chromium.new_context(viewport=SIZES["small"], locale="en-GB", color_scheme="dark")
    enter(context, plain, site, plain.account_of(member))
    page = context.new_page()
    page.goto(f"{site}/settings/notifications")
    looks_well(page, "settings-dark-stopped")
    alert = plain.world.raised(member)
    page.goto(f"{site}/settings/close")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Yes, close my account").click()
    expect(page.get_by_role("alert")).to_contain_text(f"Your alert {alert.id} is still going out")
    looks_well(page, "settings-dark-close")
    context.close()


def test_a_choice_is_made_by_keyboard(plain: House, site: str, chromium: Browser) -> None:
    member = odette(plain)
    context = chromium.new_context(viewport=SIZES["desk"], locale="fr-FR")
    enter(context, plain, site, plain.account_of(member))
    page = context.new_page()
    page.goto(f"{site}/settings/numbers")
    reach(page, "#hide_mobile")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.locator("#hide_mobile")).to_be_checked()
    context.close()
