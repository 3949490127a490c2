"""An alert's page that changes while somebody types, as it is seen; and what leads up to it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from community_store.models import Alert, Member, Outcome
from dispatch import alerts, reported, reports
from tests.web.house import House
from tests.web.seen import SIZES, enter, looks_well, run_apart
from tests.web.test_alerts_seen import TEXT, odette

TYPED = "Je l'ai vue partir vers la gare"
POLLED = 20_000  # milliseconds: the page asks every five seconds


def opened(house: House, site: str, browser: Browser, size: str) -> tuple[Page, Alert]:
    """A neighbour's alert, which went out, in Odette's browser."""
    member = odette(house)
    house.world.change(member, lat=None, lon=None)
    author = house.world.members(member.community_id or 0, 1, last_name="Petit")[0]
    alert = house.world.raised(author, TEXT)
    run_apart(house.world.pump)
    context = browser.new_context(viewport=SIZES[size], locale="fr-FR")
    enter(context, house, site, house.account_of(member))
    page = context.new_page()
    page.goto(f"{site}/alerts/{alert.id}")
    return page, alert


def close(house: House, alert: Alert) -> None:
    with house.world.act() as act:
        alerts.end(act, act.session.merge(alert), "")


@pytest.mark.parametrize("size", SIZES)
def test_what_is_being_typed_stays_when_the_alert_ends(
    plain: House, site: str, chromium: Browser, size: str
) -> None:
    page, alert = opened(plain, site, chromium, size)
    page.get_by_label("Répondre").fill(TYPED)
    with plain.world.act() as act:
        alerts.called(act, act.session.merge(alert))
    expect(page.locator("#aloud")).to_contain_text("Le 17 a été appelé", timeout=POLLED)
    expect(page.get_by_label("Répondre")).to_have_value(TYPED)
    expect(page.get_by_role("button", name="Répondre à l'auteur")).to_be_visible()
    close(plain, alert)
    expect(page.locator("#aloud")).to_contain_text("L'alerte est terminée", timeout=POLLED)
    expect(page.get_by_role("button", name=re.compile("Répondre|Prévenir|J'ai"))).to_have_count(0)
    expect(page.get_by_label("Ce que vous aviez écrit")).to_have_value(TYPED)
    looks_well(page, f"alerts-{size}-typed-too-late")
    page.context.close()


@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_kept_of_who_typed_nothing(
    plain: House, site: str, chromium: Browser, size: str
) -> None:
    page, alert = opened(plain, site, chromium, size)
    close(plain, alert)
    expect(page.locator("h1")).to_have_text("L'alerte est terminée", timeout=POLLED)
    expect(page.locator("textarea:visible")).to_have_count(0)
    page.context.close()


@pytest.mark.parametrize("size", SIZES)
def test_everybody_is_told_after_a_second_look(
    plain: House, site: str, chromium: Browser, size: str
) -> None:
    page, _ = opened(plain, site, chromium, size)
    page.get_by_label("Répondre").fill(TYPED)
    page.get_by_role("button", name="Prévenir tout le monde").click()
    expect(page.locator("h1")).to_have_text("Prévenir tout le monde ?")
    looks_well(page, f"alerts-{size}-everybody")
    page.get_by_role("button", name="Modifier").click()
    expect(page.get_by_label("Répondre")).to_have_value(TYPED)
    page.get_by_role("button", name="Prévenir tout le monde").click()
    page.get_by_role("button", name="Oui, prévenir tout le monde").click()
    expect(page.locator(".letter-thread")).to_contain_text(TYPED)
    page.context.close()


@pytest.mark.parametrize("size", SIZES)
def test_who_has_no_place_moves_the_marker_from_the_middle(
    plain: House, site: str, chromium: Browser, size: str
) -> None:
    page, _ = opened(plain, site, chromium, size)
    page.goto(f"{site}/alerts/new")
    page.get_by_label("Ce que vous voyez").fill(f"{TEXT} encore")
    page.get_by_text("Montrer l'endroit sur une carte").click()
    page.get_by_label("Joindre cet endroit").check()
    expect(page.locator(".zone-own")).to_be_visible()
    looks_well(page, f"alerts-{size}-middle")
    page.get_by_role("button", name="Relire avant l'envoi").click()
    expect(page.locator("#placed-error")).to_be_visible()
    page.locator(".leaflet-marker-icon").focus()
    page.keyboard.press("Shift+ArrowUp")
    page.get_by_role("button", name="Relire avant l'envoi").click()
    expect(page.locator("h1")).to_have_text("Relisez votre alerte")
    page.context.close()


@pytest.mark.parametrize("size", SIZES)
def test_pages_that_lead_on(plain: House, site: str, chromium: Browser, size: str) -> None:
    page, _ = opened(plain, site, chromium, size)
    (member,) = plain.world.rows(Member, first_name="Odette")
    for path, name in (
        ("/community/list", "list"), ("/activation/document", "document"),
        ("/gazette/digest", "digest"),
    ):  # fmt: skip
        if name == "digest":
            plain.world.change(member, email=None)
        page.goto(f"{site}{path}")
        looks_well(page, f"through-{size}-{name}")
    page.context.close()


@pytest.mark.parametrize("size", SIZES)
def test_a_removed_alert_as_neighbours_see_it(
    plain: House, site: str, chromium: Browser, size: str
) -> None:
    page, alert = opened(plain, site, chromium, size)
    with plain.world.act() as act:
        (reader,) = plain.world.rows(Member, first_name="Odette")
        row = act.session.merge(alert)
        report = reports.file(
            act, act.session.merge(reader), reported.of_alert(act, row), "C'est faux"
        )
        reports.decide(act, report, Outcome.REMOVED, by="referent 1", told="Sans preuve")
    expect(page.locator("h1")).to_have_text("Retirée par un référent", timeout=POLLED)
    expect(page.locator(".letter-text")).not_to_contain_text("Camionnette")
    looks_well(page, f"alerts-{size}-removed")
    page.goto(f"{site}/alerts/")
    looks_well(page, f"alerts-{size}-removed-listed")
    page.context.close()
