"""Which of the places that a geocoder found is the address that somebody typed: pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from community_store.folding import folded
from gateway.geocoder import Place, PlaceKind

GOOD = 0.75  # of 1: spelt a little otherwise, but the same
FLOOR = 0.45  # below, it only has a word in common
NEAR = 0.1  # two this close may both be meant
CHOICES_MAX = 3  # what one SMS has room for

_NUMBER = re.compile(
    r"\s*(?:n[o°º]?\s*)?(\d{1,4}\b(?:\s+(?:bis|ter|quater)\b)?)(?!\s*\d)", re.IGNORECASE
)
_POSTCODE = re.compile(r"(?<!\d)(\d{2}) ?(\d{3})(?!\d)")


@dataclass(frozen=True, slots=True)
class Match:
    """One certain place, or up to three to choose from, or neither."""

    certain: Place | None = None
    choices: tuple[Place, ...] = ()


def match(asked: str, places: Iterable[Place], towns: Collection[str] = ()) -> Match:
    """What an address can mean; of equals, those in the INSEE codes of `towns` come first."""
    known = {place.label: place for place in places if _is_home(place)}
    best_first = sorted(
        known.values(),
        key=lambda place: (-round(place.score, 1), place.citycode not in towns, -place.score),
    )
    if not best_first:
        return Match()
    best, *others = best_first
    if _is_exact(asked, best) and all(best.score - other.score >= NEAR for other in others):
        return Match(certain=best)
    return Match(choices=tuple(best_first[:CHOICES_MAX]))


def _is_home(place: Place) -> bool:
    return place.kind is not PlaceKind.TOWN and place.score >= FLOOR


def _is_exact(asked: str, place: Place) -> bool:
    postcode = postcode_of(asked)
    if place.score < GOOD or (postcode and place.postcode and postcode != place.postcode):
        return False
    return place.kind is PlaceKind.HOUSE or not names_house(asked)


def names_house(asked: str) -> bool:
    """Whether an address begins with the number of a house."""
    return bool(_NUMBER.match(asked))


def number_of(asked: str) -> str:
    """The number of the house that an address begins with ("3 bis"), "" for none."""
    found = _NUMBER.match(asked)
    return found[1] if found else ""


def postcode_of(asked: str) -> str:
    """The postcode in an address, "" for none."""
    found = _POSTCODE.findall(asked)
    return "".join(found[-1]) if found else ""


def names(asked: str, place: Place) -> bool:
    """Whether an address as it was typed names a house: it may say more, such as a staircase."""
    street = bool(place.street) and folded(place.street) in folded(asked)
    number = number_of(asked).lower() == place.housenumber.lower()
    return street and number and postcode_of(asked) == place.postcode


def written(asked: str, place: Place) -> str:
    """The address to keep: a street alone would lose the number that was typed."""
    return asked if place.kind is not PlaceKind.HOUSE and names_house(asked) else place.label
