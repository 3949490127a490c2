"""When something was or will be, as people write it: one way on all pages and in all mails.

29 novembre à 9 h 23; the year too when it is another one. An SMS has no room for that: its
way is wording.clock_time and wording.day_and_time.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from dispatch.catalogue import say, template

DOMAIN = "moments"
_FIRST = re.compile(r"(?<!\d)1(?!\d)")  # of a month


def day(language: str, when: date, today: date | None = None) -> str:
    """29 novembre 2025; without its year when that is today's."""
    return _day(language, "day", when, today)


def weekday(language: str, when: date, today: date | None = None) -> str:
    """jeudi 24 décembre 2026; without its year when that is today's."""
    return _day(language, "weekday", when, today)


def hour(language: str, at: time | datetime) -> str:
    """9 h, 9 h 23, 9:23: as the clock shows it where `at` is. No line ends inside it."""
    pattern = template(language, DOMAIN, "hour_minutes" if at.minute else "hour")
    bare = at.replace(tzinfo=None)
    return str(format_time(bare, pattern, locale=language)).replace(" ", "\u00a0")


def moment(language: str, zone: ZoneInfo, at: datetime, now: datetime) -> str:
    """29 novembre à 9 h 23, of an aware instant, as clocks and calendars show it in `zone`."""
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    return say(
        language, DOMAIN, "moment", day=day(language, local, today), hour=hour(language, local)
    )


def _day(language: str, pattern: str, when: date, today: date | None) -> str:
    this_year = today is not None and when.year == today.year
    words = template(language, DOMAIN, pattern if this_year else f"{pattern}_year")
    written = format_date(when, words, locale=language)
    return _FIRST.sub(template(language, DOMAIN, "first"), written)
