"""Reports as they are seen, by a référent and by the team: at 320 px and on a desk."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from community_store.models import Account, GazetteEntry, Member, Report, Reported
from dispatch import picture_reading, pictures
from tests.web.house import House
from tests.web.seen import EMAIL, SIZES, looks_well
from tests.web.test_gazette_seen import entry, photo
from tests.web.test_long_words_seen import come_in

pytestmark = pytest.mark.timeout(300)

TITLE = "Repas de rue samedi"
WHY = "On voit mes enfants sur la photo, et je ne l'ai pas permis."
TOLD = "On ne montre pas les enfants des autres sans l'accord des parents."


@pytest.fixture
def reported(plain: House) -> Report:
    """An entry with two pictures, which somebody reports."""
    world = plain.world
    author, reporter = (
        world.members(world.rows(Member, email=EMAIL)[0].community_id, 1, last_name=name)[0]
        for name in ("Petit", "Blanc")
    )
    shown = entry(plain, author, TITLE)
    drawn = [
        picture_reading.read(world.settings, one)
        for one in (photo(), photo((900, 1600), "#9c3a25"))
    ]
    with world.act() as act:
        pictures.keep(act, act.session.get_one(GazetteEntry, shown.id), drawn)
    found = Report(
        kind=Reported.ENTRY, subject_id=shown.id or 0, community_id=shown.community_id,
        about_id=author.id, reporter_id=reporter.id, quote=f"{TITLE}\n{shown.text}", why=WHY,
    )  # fmt: skip
    world.add(found)
    return found


def look(page: Page, name: str) -> None:
    """With the pictures further down, which come when one gets there."""
    page.evaluate("document.querySelectorAll('img').forEach((one) => { one.loading = 'eager' })")
    page.wait_for_load_state("networkidle")
    looks_well(page, name)


@pytest.mark.parametrize("size", SIZES)
def test_the_team_looks_at_the_pictures_removes_and_keeps_a_record(
    reported: Report, plain: House, site: str, chromium: Browser, size: str
) -> None:
    with chromium.new_context(viewport=SIZES[size], locale="fr-FR") as context:
        come_in(context, plain, site, plain.team())
        page = context.new_page()
        page.goto(f"{site}/team/reports/decided")
        look(page, f"reports-{size}-none-decided")
        page.goto(f"{site}/team/reports")
        look(page, f"reports-{size}-team")
        page.get_by_role("link", name="Une information de la gazette").click()
        look(page, f"reports-{size}-team-one")
        widths = [
            one.evaluate("one => one.naturalWidth")
            for one in page.locator(".entry-picture img").all()
        ]
        assert len(widths) == 2
        assert all(widths)
        page.get_by_label("Ce que l'auteur doit savoir").fill(TOLD)
        page.get_by_role("button", name="Retirer", exact=True).click()
        look(page, f"reports-{size}-sure")
        page.get_by_role("button", name="Retirer", exact=True).click()
        page.get_by_role("link", name="Ce qui a été retiré").click()
        look(page, f"reports-{size}-decided")
        page.get_by_role("link", name="Une information de la gazette").click()
        expect(page.locator("body")).to_contain_text(TOLD)
        expect(page.locator(".entry-picture img")).to_have_count(2)
        look(page, f"reports-{size}-record")


@pytest.mark.parametrize("size", SIZES)
def test_a_referent_is_led_from_a_report_to_the_entry(
    reported: Report, plain: House, site: str, chromium: Browser, size: str
) -> None:
    referent = plain.world.rows(Member, referent=True)[5]
    plain.world.change(referent, language="en")
    account: Account = plain.account_of(referent)
    with chromium.new_context(viewport=SIZES[size], locale="en-GB", color_scheme="dark") as context:
        come_in(context, plain, site, account)
        page = context.new_page()
        page.goto(f"{site}/reports")
        look(page, f"reports-{size}-referent")
        page.goto(f"{site}/reports/{reported.id}")
        look(page, f"reports-{size}-referent-one")
        page.get_by_role("link", name="See this entry and its pictures").click()
        expect(page.locator("h1")).to_have_text(TITLE)
