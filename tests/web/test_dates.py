"""The same instant reads the same on every page that shows it, with its year when that is over."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlmodel import select

from community_store.models import Absence, Member, Report, WebSession
from tests.web.house import House, Visitor, words

AT = datetime(2026, 11, 24, 8, 5, tzinfo=UTC)  # 9:05 in Paris
SAID = {"fr": "24 novembre à 9 h 05", "en": "24 November at 9:05"}
LATER = {"fr": "24 novembre 2026 à 9 h 05", "en": "24 November 2026 at 9:05"}


@pytest.fixture
def rose(house: House) -> Member:
    """A référent who raised an alert, and was asked about a report of it; both at AT."""
    house.world.clock.now = AT
    home = house.world.community("Les Lilas")
    me = house.world.member(home, first_name="Rose", referent=True)
    alert = house.world.raised(me)
    house.world.add(Report(kind="alert", subject_id=alert.id or 0, community_id=home,
                           about_id=me.id, quote="Sots", created_at=AT))  # fmt: skip
    house.world.add(Absence(member_id=me.id or 0, starts_on=date(2030, 12, 1),
                            ends_on=date(2030, 12, 1)))  # fmt: skip
    return me


def browser(house: House, who: Member) -> Visitor:
    return house.inside(house.account_of(who, password=False))


@pytest.mark.parametrize("language", SAID)
def test_an_instant_of_this_year(house: House, rose: Member, language: str) -> None:
    visitor = browser(house, rose)
    for path in ("/alerts/", "/alerts/1", "/reports", "/home"):
        page = words(visitor.get(f"{path}?lang={language}"))
        assert SAID[language] in page, path


@pytest.mark.parametrize("language", LATER)
def test_an_instant_of_another_year(house: House, rose: Member, language: str) -> None:
    visitor = browser(house, rose)
    house.world.clock.now = datetime(2027, 1, 3, 8, tzinfo=UTC)
    with house.world.act() as act:
        for one in act.session.exec(select(WebSession)):
            one.expires_at = datetime(2028, 1, 1, tzinfo=UTC)
    for path in ("/alerts/", "/alerts/1", "/reports"):
        page = words(visitor.get(f"{path}?lang={language}"))
        assert LATER[language] in page, path


def test_a_day_far_ahead_says_its_year_and_the_first_of_a_month_is_written_so(
    house: House, rose: Member
) -> None:
    assert "Le dimanche 1er décembre 2030" in words(browser(house, rose).get("/absence/"))
