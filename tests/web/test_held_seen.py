"""What is held on somebody, and instants of this year and of another, as they are seen."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from playwright.sync_api import Browser, expect

from community_store.models import Absence, GazetteDigest, GazetteEntry, Member, Report
from tests.web.house import House
from tests.web.seen import EMAIL, SIZES, enter, looks_well


def busy(house: House) -> Member:
    """Odette, with an alert of last year and some of everything."""
    world = house.world
    (me,) = world.rows(Member, email=EMAIL)
    assert isinstance(me, Member)
    now, mine = world.clock(), me.id or 0
    alert = world.raised(me)
    world.change(alert, created_at=now - timedelta(days=365))
    world.add(GazetteDigest(member_id=mine, every="daily", due_at=now, told_until=now))
    world.add(Absence(member_id=mine, starts_on=date(2030, 12, 1), ends_on=date(2030, 12, 9)))
    world.add(
        GazetteEntry(
            community_id=me.community_id or 0, author_id=mine, kind="covoiturage", title="Marché",
            text="Deux places le samedi", expires_at=now, created_at=now,
        )
    )  # fmt: skip
    world.add(
        Report(
            kind="entry", subject_id=1, about_id=mine, quote="Deux places le samedi", state="done",
            outcome="warned", told="Restez polis.", decided_at=now,
        )
    )  # fmt: skip
    return me


@pytest.mark.parametrize("size", SIZES)
def test_what_is_held_is_read(plain: House, site: str, chromium: Browser, size: str) -> None:
    me = busy(plain)
    context = chromium.new_context(viewport=SIZES[size], locale="fr-FR")
    enter(context, plain, site, plain.account_of(me))
    page = context.new_page()
    for path, step in (
        ("/settings/data", "data"),
        ("/alerts/", "alerts"),
        ("/gazette/", "gazette"),
    ):
        page.goto(f"{site}{path}")
        looks_well(page, f"held-{size}-{step}")
    page.goto(f"{site}/settings/data")
    page.get_by_role("button", name="Lire").click()
    expect(page.get_by_text("une fois par jour")).to_be_visible()
    looks_well(page, f"held-{size}-read")
    context.close()
