"""Messages and absences as they are seen: at 320 px and on a desk, by keyboard, living."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from community_store import blocks
from community_store.models import Community, Conversation, Member
from community_store.twinning import untwin
from dispatch import confiding, messaging
from dispatch.confiding import Away
from dispatch.messaging import Opening
from tests.web.house import House
from tests.web.seen import EMAIL, SIZES, enter, looks_well, reach

LONG = "Bonjour ! Je prête volontiers l'échelle, elle est dans le garage : " + "passez " * 12


def odette(house: House) -> Member:
    (found,) = house.world.rows(Member, email=EMAIL)
    assert isinstance(found, Member)
    return found


def twin_of(house: House, member: Member) -> Member:
    world = house.world
    other = world.community("Les Hauts de Bellevue-sur-Rivière")
    world.twin(member.community_id or 0, other)
    return world.member(other, first_name="Paul", last_name="Noir", pseudonym="Geai bleu")


def begins(house: House, author: Member, *to: Member, text: str, title: str = "") -> int:
    with house.world.act() as act:
        ids = [one.id or 0 for one in to]
        mine = act.session.get_one(Member, author.id)
        return messaging.begin(act, mine, ids, Opening(text, title)).id or 0


def opened(
    chromium: Browser, house: House, site: str, size: str, *, scripts: bool = True, **more: Any
) -> tuple[BrowserContext, Page]:
    context = chromium.new_context(
        viewport=SIZES[size], java_script_enabled=scripts, **{"locale": "fr-FR", **more}
    )
    enter(context, house, site, house.account_of(odette(house)))
    return context, context.new_page()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scripts", [True, False])
def test_a_group_from_the_list_of_people_to_an_answer(
    plain: House, site: str, chromium: Browser, size: str, scripts: bool
) -> None:
    member = odette(plain)
    twin = twin_of(plain, member)
    jean = plain.world.member(member.community_id, first_name="Jean", last_name="Aubert")
    context, page = opened(chromium, plain, site, size, scripts=scripts)
    name = f"messages-{size}"

    def look(step: str) -> None:
        if scripts:  # axe is one
            looks_well(page, f"{name}-{step}")

    page.goto(f"{site}/messages/")
    look("none")
    page.get_by_role("link", name="Écrire un message").click()
    look("choose")
    page.get_by_label("Jean Aubert").check()
    page.get_by_label("Communauté").select_option(str(twin.community_id))
    page.get_by_role("button", name="Chercher").click()
    page.get_by_label("Geai bleu").check()
    look("chosen")
    page.get_by_role("button", name="Écrire aux personnes cochées").click()
    page.get_by_label("Nom du groupe").fill("Fête des voisins des deux quartiers")
    page.get_by_label("Votre message").fill(LONG)
    look("write")
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator("h1")).to_have_text("Fête des voisins des deux quartiers")
    ref = int(page.url.partition("#")[0].rpartition("/")[2])
    answer(plain, jean, ref, "Avec plaisir, samedi ?")
    if scripts:
        expect(page.locator(".bubble")).to_have_count(2, timeout=12000)
    else:
        page.reload()
        expect(page.locator(".bubble")).to_have_count(2)
    page.get_by_text("3 personnes dans ce groupe").click()
    look("group")
    page.get_by_label("Votre message").fill("Samedi.")
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator(".bubble-mine")).to_have_count(2)
    page.goto(f"{site}/messages/")
    look("inbox")
    page.get_by_role("link", name="Fête des voisins").click()
    page.get_by_role("link", name="Quitter ce groupe").click()
    look("leave")
    page.get_by_role("button", name="Quitter le groupe").click()
    expect(page.get_by_text("Vous avez quitté le groupe.")).to_be_visible()
    context.close()


def answer(house: House, author: Member, ref: int, text: str) -> None:
    with house.world.act() as act:
        mine = act.session.get_one(Member, author.id)
        messaging.write(act, mine, act.session.get_one(Conversation, ref), text)


@pytest.mark.parametrize("size", SIZES)
def test_messages_in_english_and_in_the_dark(
    plain: House, site: str, chromium: Browser, size: str
) -> None:
    member = odette(plain)
    plain.world.change(member, language="en")
    twin = twin_of(plain, member)
    for other in plain.world.members(member.community_id or 0, 3, first_name="Marie-Christine"):
        begins(plain, other, member, text=LONG)
    ref = begins(plain, twin, member, text="Bonjour, c'est pour l'échelle")
    context, page = opened(chromium, plain, site, size, locale="en-GB", color_scheme="dark")
    page.goto(f"{site}/messages/")
    looks_well(page, f"messages-{size}-dark-inbox")
    page.get_by_role("link", name="Geai bleu").click()
    expect(page.locator(".bubble-new")).to_be_visible()
    looks_well(page, f"messages-{size}-dark-one")
    page.get_by_role("link", name="Block Geai bleu").click()
    looks_well(page, f"messages-{size}-dark-block")
    page.get_by_role("button", name="Block").click()
    expect(page.locator("textarea")).to_have_count(0)
    looks_well(page, f"messages-{size}-dark-blocked")
    page.goto(f"{site}/messages/blocked")
    looks_well(page, f"messages-{size}-dark-list")
    page.get_by_role("button", name="Unblock").click()
    expect(page.get_by_text("You have blocked nobody")).to_be_visible()
    with plain.world.store.begin() as session:
        assert blocks.listed(session, member) == []
        places = (member.community_id, twin.community_id)
        untwin(session, *(session.get_one(Community, id_) for id_ in places))
    page.goto(f"{site}/messages/{ref}")
    looks_well(page, f"messages-{size}-dark-over")
    context.close()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scripts", [True, False])
def test_an_absence_from_the_choice_of_neighbours_to_its_end(
    plain: House, site: str, chromium: Browser, size: str, scripts: bool
) -> None:
    member = odette(plain)
    jean = plain.world.member(member.community_id, first_name="Jean", last_name="Aubert")
    today = plain.world.clock().date()
    with plain.world.act() as act:
        mine = act.session.get_one(Member, jean.id)
        confiding.confide(act, mine, [member.id or 0], Away(today, today, "Le chat est seul"))
    context, page = opened(chromium, plain, site, size, scripts=scripts)

    def look(step: str) -> None:
        if scripts:
            looks_well(page, f"absence-{size}-{step}")

    page.goto(f"{site}/messages/")
    look("confided")
    page.get_by_role("link", name="Mes absences").click()
    look("none")
    page.get_by_role("link", name="Signaler une absence").click()
    page.get_by_label("Jean Aubert").check()
    look("choose")
    page.get_by_role("button", name="Continuer").click()
    page.get_by_role("button", name="Prévenir ces voisins").click()
    page.get_by_label("Premier jour").fill(today.isoformat())
    page.get_by_label("Dernier jour").fill(today.isoformat())
    page.get_by_label("Un mot pour eux").fill("La clé est chez Lucette")
    look("new")
    page.get_by_role("button", name="Prévenir ces voisins").click()
    expect(page.get_by_text("Les voisins choisis voient votre absence")).to_be_visible()
    look("mine")
    page.get_by_role("link", name="Terminer cette absence").click()
    look("end")
    page.get_by_role("button", name="Oui, c'est fini").click()
    expect(page.get_by_text("terminée et effacée")).to_be_visible()
    context.close()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scripts", [True, False])
def test_a_message_from_its_report_to_its_removal(
    plain: House, site: str, chromium: Browser, size: str, scripts: bool
) -> None:
    member = odette(plain)
    twin = twin_of(plain, member)
    judge = plain.world.member(
        member.community_id, first_name="Marie-Christine", last_name="Aubert", referent=True
    )
    ref = begins(plain, twin, member, text=LONG)
    context, page = opened(chromium, plain, site, size, scripts=scripts)
    name = f"messages-{size}"

    def look(step: str) -> None:
        if scripts:
            looks_well(page, f"{name}-{step}")

    page.goto(f"{site}/messages/{ref}")
    look("one")
    page.get_by_role("link", name="Geai bleu").filter(has_text="Signaler").click()
    page.get_by_role("button", name="Envoyer le signalement").click()
    look("report-wrong")
    page.get_by_label("Qu'est-ce qui ne va pas ?").fill("Il insiste trop")
    look("report")
    page.get_by_role("button", name="Envoyer le signalement").click()
    expect(page.get_by_text("C'est signalé.")).to_be_visible()
    enter(context, plain, site, plain.account_of(judge))
    page.goto(f"{site}/reports")
    look("reports")
    page.get_by_role("link", name="Un message privé").click()
    look("decide")
    page.get_by_label("Ce que l'auteur doit savoir").fill("N'insistez pas")
    page.get_by_role("button", name="Retirer", exact=True).click()
    look("sure")
    page.get_by_role("button", name="Retirer", exact=True).click()
    expect(page.get_by_text("C'est retiré.")).to_be_visible()
    enter(context, plain, site, plain.account_of(member, password=False))
    page.goto(f"{site}/messages/{ref}")
    expect(page.get_by_text("Message retiré après un signalement.")).to_be_visible()
    look("removed")
    context.close()


def test_one_writes_by_keyboard(plain: House, site: str, chromium: Browser) -> None:
    member = odette(plain)
    jean = plain.world.member(member.community_id, first_name="Jean", last_name="Aubert")
    context, page = opened(chromium, plain, site, "small")
    page.goto(f"{site}/messages/new?q=aubert")
    reach(page, f"#to-{jean.id}")
    page.keyboard.press("Space")
    reach(page, "[formaction]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/messages/write*")
    reach(page, "#text")
    page.keyboard.type("Bonjour")
    reach(page, "form.card button")
    page.keyboard.press("Enter")
    expect(page.locator(".bubble-mine")).to_contain_text("Bonjour")
    context.close()
