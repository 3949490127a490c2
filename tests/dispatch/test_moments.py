"""Days and hours as people write them, in one way."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from community_store.models import Audience
from dispatch import moments, wording
from dispatch.wording import Facts
from tests.dispatch.world import settings

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 29, 11, tzinfo=UTC)
ROOT = Path(moments.__file__).parents[1]
PAGES = [*(ROOT / "web").rglob("*.py"), *(ROOT / "web" / "templates").rglob("*.html")]


def written(language: str, year: int, month: int, day: int, hour: int, minute: int) -> str:
    """An instant in UTC, read on the 29th of November 2026; with plain spaces."""
    at = datetime(year, month, day, hour, minute, tzinfo=UTC)
    return moments.moment(language, PARIS, at, NOW).replace("\u00a0", " ")


def test_a_moment_of_this_year_has_no_year() -> None:
    assert written("fr", 2026, 11, 29, 8, 23) == "29 novembre à 9 h 23"
    assert written("en", 2026, 11, 29, 8, 23) == "29 November at 9:23"


def test_a_moment_of_another_year_says_which() -> None:
    assert written("fr", 2025, 11, 29, 8, 23) == "29 novembre 2025 à 9 h 23"
    assert written("en", 2025, 11, 29, 8, 23) == "29 November 2025 at 9:23"
    assert written("fr", 2027, 1, 12, 8, 23) == "12 janvier 2027 à 9 h 23"


def test_the_year_is_that_of_the_country() -> None:
    assert written("fr", 2025, 12, 31, 23, 5) == "1er janvier à 0 h 05"


def test_a_full_hour_has_no_minutes_in_french() -> None:
    assert written("fr", 2026, 7, 14, 7, 0) == "14 juillet à 9 h"
    assert written("en", 2026, 7, 14, 7, 0) == "14 July at 9:00"


def test_the_first_of_a_month_is_written_so_in_french() -> None:
    assert moments.day("fr", date(2021, 12, 1)) == "1er décembre 2021"
    assert moments.day("en", date(2021, 12, 1)) == "1 December 2021"
    assert moments.day("fr", date(2021, 12, 11), date(2021, 1, 1)) == "11 décembre"
    assert moments.weekday("fr", date(2026, 12, 1), NOW.date()) == "mardi 1er décembre"


def test_no_line_ends_inside_an_hour() -> None:
    assert moments.hour("fr", time(8, 30)) == "8\u00a0h\u00a030"


@pytest.mark.parametrize("audience", [Audience.NEIGHBOUR, Audience.TWIN, Audience.AGENT])
def test_a_mail_says_when_as_people_do_and_an_sms_shortly(
    tmp_path: Path, audience: Audience
) -> None:
    told = wording.alert(settings(tmp_path), audience, "fr", Facts(381, NOW, "Camionnette"))
    assert "le 29 novembre à 12\u00a0h" in told.mail
    assert "novembre" not in told.sms


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_pages_have_no_other_way(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    for other in ("strftime", "format_date", "format_time", "day_and_time", "clock_time"):
        assert other not in source
