"""The gazette as it is seen: at 320 px and on a desk, with and without scripts."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, expect

from community_store.models import GazetteComment, GazetteEntry, Member
from dispatch import picture_reading, pictures
from tests.web.house import House
from tests.web.seen import EMAIL, SIZES, enter, looks_well

pytestmark = pytest.mark.timeout(240)

TITLE = "Vélo d'enfant à donner, avec ses petites roues"
TEXT = (
    "Rouge, 20 pouces, bon état.\n\nÀ prendre chez moi le samedi. Appelez avant : 06 39 98 00 01."
)


def photo(size: tuple[int, int] = (1600, 1200), colour: str = "#7aa06a") -> bytes:
    """Something to look at: a hill and a sun."""
    image = Image.new("RGB", size, "#cfe3f2")
    draw, (width, height) = ImageDraw.Draw(image), size
    draw.ellipse((width * 0.7, height * 0.1, width * 0.85, height * 0.3), fill="#f2b441")
    draw.ellipse((-width * 0.2, height * 0.55, width * 1.2, height * 1.6), fill=colour)
    out = io.BytesIO()
    image.save(out, "JPEG")
    return out.getvalue()


def odette(house: House) -> Member:
    (found,) = house.world.rows(Member, email=EMAIL)
    assert isinstance(found, Member)
    return found


def entry(house: House, who: Member, title: str, **more: Any) -> GazetteEntry:
    now = house.world.clock()
    values: dict[str, Any] = {
        "community_id": who.community_id, "author_id": who.id, "kind": "fete", "title": title,
        "text": TEXT, "created_at": now, "expires_at": now + timedelta(days=12),
    } | more  # fmt: skip
    made = GazetteEntry(**values)
    house.world.add(made)
    return made


def a_full_gazette(house: House) -> GazetteEntry:
    """Two pages of entries of all kinds, one with pictures and comments."""
    neighbours = house.world.rows(Member, referent=True)
    kinds = ("covoiturage", "fete", "perdu_trouve", "information", "petite_annonce")
    for n, who in enumerate(neighbours[:11]):
        entry(house, who, f"Quelque chose à dire, numéro {n}", kind=kinds[n % 5])
    last = entry(house, neighbours[0], "Repas de rue samedi")
    tall = photo((900, 1600), "#9c3a25")
    drawn = [picture_reading.read(house.world.settings, one) for one in (photo(), tall)]
    with house.world.act() as act:
        pictures.keep(act, act.session.merge(last), drawn)
    for n, who in enumerate((neighbours[1], odette(house), neighbours[2])):
        text = ("J'apporte une salade.", "Et moi le pain.", "À quelle heure ?")[n]
        house.world.add(GazetteComment(entry_id=last.id or 0, author_id=who.id, text=text))
    return last


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scripts", [True, False])
def test_an_entry_from_the_form_to_its_removal(
    plain: House, site: str, chromium: Browser, size: str, scripts: bool
) -> None:
    context = chromium.new_context(
        viewport=SIZES[size], locale="fr-FR", java_script_enabled=scripts
    )
    enter(context, plain, site, plain.account_of(odette(plain)))
    page = context.new_page()
    look = looker(page, size, scripts=scripts)
    page.goto(f"{site}/gazette/")
    look("empty")
    page.get_by_role("link", name="Ajouter une information").click()
    fill(page)
    look("new")
    page.get_by_role("button", name="Publier").click()
    expect(page.locator("h1")).to_have_text(TITLE)
    assert page.locator(".entry-picture img").evaluate("one => one.naturalWidth") == 800
    look("published")
    page.get_by_label("Votre commentaire").fill("Il est parti, merci !")
    page.get_by_role("button", name="Commenter").click()
    expect(page.locator(".comment-lines")).to_contain_text("Il est parti")
    look("commented")
    page.get_by_role("link", name="Modifier", exact=True).click()
    look("edit")
    page.get_by_label("Retirer la photo 1").check()
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.locator(".entry-picture")).to_have_count(0)
    page.get_by_role("link", name="Retirer", exact=True).click()
    look("remove")
    page.get_by_role("button", name="Oui, retirer").click()
    expect(page.locator("[role=status]")).to_contain_text("C'est retiré")
    context.close()


def looker(page: Page, size: str, *, scripts: bool = True) -> Any:
    def look(step: str) -> None:
        if scripts:  # axe is one
            page.evaluate(  # pictures further down come when one gets there
                "document.querySelectorAll('img').forEach((one) => { one.loading = 'eager' })"
            )
            page.wait_for_load_state("networkidle")
            looks_well(page, f"gazette-{size}-{step}")

    return look


def fill(page: Page) -> None:
    page.get_by_label("De quoi s'agit-il ?").select_option("petite_annonce")
    page.get_by_label("En quelques mots").fill(TITLE)
    page.get_by_label("Votre texte").fill(TEXT)
    page.get_by_label("Photos").set_input_files(
        {"name": "velo.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    )


@pytest.mark.parametrize("size", SIZES)
def test_a_full_gazette_and_what_goes_wrong(
    plain: House, site: str, chromium: Browser, size: str
) -> None:
    last, mine = a_full_gazette(plain), odette(plain)
    over = entry(plain, mine, "Passée", expires_at=plain.world.clock() - timedelta(days=1))
    why = {"removed_at": plain.world.clock(), "removed_by": "referent", "removed_why": "Publicité"}
    taken = entry(plain, mine, "Retirée", **why)
    context = chromium.new_context(viewport=SIZES[size], locale="fr-FR")
    enter(context, plain, site, plain.account_of(mine))
    page = context.new_page()
    look = looker(page, size)
    for step, path in (
        ("list", "/gazette/"), ("page-2", "/gazette/?page=2"), ("none", "/gazette/?kind=covoiturage&mine=yes"),
        ("mine", "/gazette/?mine=yes"), ("one", f"/gazette/{last.id}"),
        ("over", f"/gazette/{over.id}"), ("taken-down", f"/gazette/{taken.id}"),
        ("digest", "/gazette/digest"),
    ):  # fmt: skip
        page.goto(f"{site}{path}")
        look(step)
    page.goto(f"{site}/gazette/new")
    page.get_by_label("En quelques mots").fill(TITLE)
    page.get_by_label("Photos").set_input_files(
        {"name": "velo.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}
    )
    page.locator("form.card").evaluate("one => { one.noValidate = true }")
    page.get_by_role("button", name="Publier").click()
    look("wrong")
    context.close()


@pytest.mark.parametrize("size", SIZES)
def test_a_referent_in_english_in_the_dark(
    plain: House, site: str, chromium: Browser, size: str
) -> None:
    last = a_full_gazette(plain)
    rose = plain.world.rows(Member, referent=True)[5]
    plain.world.change(rose, language="en", email="rose@voisins.example")
    context = chromium.new_context(viewport=SIZES[size], locale="en-GB", color_scheme="dark")
    enter(context, plain, site, plain.account_of(rose))
    page = context.new_page()
    look = looker(page, size)
    page.goto(f"{site}/gazette/")
    look("dark-list")
    page.goto(f"{site}/gazette/{last.id}")
    look("dark-one")
    page.get_by_role("link", name="Remove", exact=True).click()
    look("dark-remove")
    page.get_by_label("Why?").fill("Not the place")
    page.get_by_role("button", name="Yes, remove").click()
    page.goto(f"{site}/gazette/{last.id}")
    look("dark-gone")
    page.goto(f"{site}/gazette/digest")
    page.get_by_label("Get this summary").select_option("daily")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[role=status]")).to_contain_text("once a day")
    context.close()


def test_a_page_of_entries_with_pictures_is_not_heavy(
    plain: House, site: str, chromium: Browser
) -> None:
    """300 kB without the map (V10), all pictures of the page included."""
    who = plain.world.rows(Member, referent=True)[0]
    busy = photo((1600, 1200))
    for n in range(10):
        made = entry(plain, who, f"Photo {n}")
        drawn = picture_reading.read(plain.world.settings, busy)
        with plain.world.act() as act:
            pictures.keep(act, act.session.merge(made), [drawn])
    with chromium.new_context(viewport=SIZES["small"], locale="fr-FR") as context:
        enter(context, plain, site, plain.account_of(odette(plain)))
        page, weights = context.new_page(), []
        page.on("response", lambda answer: weights.append(len(answer.body())))
        page.goto(f"{site}/gazette/")
        looker(page, "small")("pictures")
    assert len([one for one in weights if one]) >= 12
    assert sum(weights) < 300_000
