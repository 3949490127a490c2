"""The words of the pages: a catalogue for each room, in each language, read once at the start.

A message id is a short English name (`phone.empty`); the catalogue has the words. Nothing
has to be compiled, and an id without words is a KeyError, so a test finds it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from datetime import time as clock
from functools import cache
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal
from flask import current_app, request

from dispatch import moments
from web import identity

LOCALES = Path(__file__).resolve().parent.parent / "locales"
FIRST = "fr"
ROOMS = (
    "web", "registering", "community", "activation", "deciding", "first_steps",
    "alerts", "reports", "gazette", "messages", "mine", "directory", "profile", "notifications",
    "help_centre", "invite", "referent",
)  # fmt: skip
COOKIE = "language"


@dataclass(frozen=True)
class Words:
    """The words of one language, and how it writes figures and times."""

    language: str
    messages: Mapping[str, str]
    zone: ZoneInfo

    def __call__(self, message_id: str, **values: object) -> str:
        return self.messages[message_id].format(**values)

    def counted(self, message_id: str, count: int, **values: object) -> str:
        """`message_id.one` or `.many`; French counts 0 as one, English does not."""
        one = count == 1 or (count == 0 and self.language == "fr")
        return self(f"{message_id}.{'one' if one else 'many'}", count=count, **values)

    def has(self, message_id: str) -> bool:
        return message_id in self.messages

    def number(self, value: float) -> str:
        """One decimal at most: 0,4 in French, 0.4 in English."""
        return format_decimal(round(value, 1), locale=self.language)

    def money(self, euros: float) -> str:
        """An amount of euros: 0,45 € in French, €0.45 in English."""
        return format_currency(round(euros, 4), "EUR", locale=self.language)

    def whole(self, value: int) -> str:
        """A count: 12 345 in French, 12,345 in English."""
        return format_decimal(value, locale=self.language)

    def distance(self, metres: float) -> str:
        """How far it is, roughly: 350 m, 1,2 km."""
        if metres < 950:
            return f"{max(10, round(metres / 10) * 10)}\u00a0m"
        return f"{self.number(metres / 1000)}\u00a0km"

    def day(self, instant: datetime, *, year: bool = False) -> str:
        """The day of an aware instant: 24 novembre; with its `year` too when that is another."""
        day = instant.astimezone(self.zone).date()
        return moments.day(self.language, day, None if year else self._today())

    def calendar_day(self, day: date) -> str:
        """A day of the calendar: jeudi 24 décembre."""
        return moments.weekday(self.language, day, self._today())

    def hour(self, at: clock) -> str:
        """An hour of the clock: 8 h 30."""
        return moments.hour(self.language, at)

    def time(self, instant: datetime) -> str:
        """The hour of an aware instant, as a telephone shows it that is just at hand."""
        return moments.hour(self.language, instant.astimezone(self.zone))

    def moment(self, instant: datetime) -> str:
        """An aware instant, in the service's time zone: 24 novembre à 9 h 23."""
        return moments.moment(self.language, self.zone, instant, identity.runtime().clock())

    def _today(self) -> date:
        return identity.runtime().clock().astimezone(self.zone).date()


def load(languages: Iterable[str], zone: str) -> dict[str, Words]:
    """Read the pages' catalogue of each language."""
    return {
        language: Words(language, _messages(language), ZoneInfo(zone)) for language in languages
    }


def known() -> Mapping[str, Words]:
    """The languages of this application's pages."""
    return cast("Mapping[str, Words]", current_app.extensions["tocsin.words"])


def asked() -> Words:
    """The words in the language of the page's reader.

    `?lang=en` for one page; else the language of who is signed in; else the one chosen in
    this browser; else the first that the browser prefers; else French.
    """
    words = known()
    for wanted in _wishes():
        if wanted in words:
            return words[wanted]
    return next(iter(words.values()))


def _wishes() -> Iterator[str]:
    yield request.args.get("lang", "")
    person = identity.who()
    yield person.person.language if person else ""
    yield request.cookies.get(COOKIE, "")
    yield request.accept_languages.best_match(known()) or FIRST


@cache  # a process with several applications reads them once
def _messages(language: str) -> Mapping[str, str]:
    words: dict[str, str] = {}
    for room in ROOMS:
        with (LOCALES / language / "LC_MESSAGES" / f"{room}.po").open("rb") as source:
            catalog = read_po(source, locale=language)
        words |= {str(message.id): str(message.string) for message in catalog if message.id}
    return {name: spaced(text) for name, text in words.items()} if language == "fr" else words


def spaced(text: str) -> str:
    """French punctuation never begins a line: its space is one that does not break."""
    return re.sub(r"« ", "«\u00a0", re.sub(r" (?=[:;!?»€])", "\u00a0", text))
