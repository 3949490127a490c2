"""Finding a question by some words of it: without accents, case or endings; titles first."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from typing import Protocol, TypeVar

IN_TITLE, IN_WORDS, IN_TEXT = 10.0, 6.0, 1.0  # a title counts for more than a whole text
SAME_STEM = 0.6  # of an exact word: "installer" finds "installation"
STEM = 5  # letters that two words must share to be of one stem
LIGATURE = chr(0x153)  # o and e in one letter, which Unicode does not take apart
_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Searchable:
    """The folded words of a question, by what they count for."""

    title: frozenset[str]
    words: frozenset[str]
    text: frozenset[str]

    @classmethod
    @cache  # an application of other settings has the same texts
    def of(cls, title: str, words: str, text: str) -> Searchable:
        return cls(*(frozenset(folded(part)) for part in (title, words, text)))

    def score(self, wanted: Iterable[str]) -> float:
        """How well it answers; 0 when it has none of the words."""
        return sum(self._of_one(word) for word in wanted)

    def _of_one(self, word: str) -> float:
        places = ((self.title, IN_TITLE), (self.words, IN_WORDS), (self.text, IN_TEXT))
        return max(weight * _likeness(word, place) for place, weight in places)


class Found(Protocol):
    """What can be found."""

    @property
    def search(self) -> Searchable: ...


Thing = TypeVar("Thing", bound=Found)


def find(things: Iterable[Thing], query: str, ignored: Collection[str]) -> list[Thing]:
    """What answers a query, best first; what ties stays in its order.

    `ignored` are words that say nothing, unless nothing else was asked.
    """
    asked = folded(query)
    wanted = [word for word in asked if word not in ignored] or asked
    scored = [(thing.search.score(wanted), thing) for thing in things]
    best = max((score for score, _ in scored), default=0.0)
    # what has one of the words somewhere in its text is noise beside what is about them
    good = [pair for pair in scored if pair[0] > 0 and pair[0] >= best / 10]
    return [thing for _, thing in sorted(good, key=lambda pair: -pair[0])]


def folded(text: str) -> list[str]:
    """The words of a text without accents, case or the mark of the plural; each once."""
    spread = unicodedata.normalize("NFKD", text.casefold().replace(LIGATURE, "oe"))
    plain = "".join(c for c in spread if not unicodedata.combining(c))
    return list(dict.fromkeys(_singular(word) for word in _WORD.findall(plain)))


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word[-1] in "sx" else word


def _likeness(word: str, among: frozenset[str]) -> float:
    if word in among:
        return 1.0
    return SAME_STEM if any(_related(word, other) for other in among) else 0.0


def _related(word: str, other: str) -> bool:
    """Two forms of one word: a long beginning in common, most of the longer one."""
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(word, other, strict=False))
    shared = sum(1 for _ in alike)
    return shared >= STEM and shared * 5 >= max(len(word), len(other)) * 3
