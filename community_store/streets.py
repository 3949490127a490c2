"""Postal addresses as neighbours see them: the street, without the number."""

from __future__ import annotations

import re

_WAYS = (
    "all[ée]e|all\\.|ancien(?:ne)? (?:route|chemin)|av\\.?|avenue|bd\\.?|boulevard|carrefour|"
    "chauss[ée]e|chemin|che|cit[ée]|clos|c[ôo]te|cour|cours|domaine|esplanade|faubourg|fg|"
    "grand(?:e|')? ?(?:rue|place)|hameau|impasse|imp|lieu-dit|lotissement|lot|mail|mont[ée]e|"
    "parvis|passage|passerelle|place|pl|promenade|quai|quartier|r[ée]sidence|rond-point|route|"
    "rte|rue|ruelle|sente|sentier|square|traverse|venelle|villa|voie"
)
_WAY = re.compile(rf"(?<![\w'’-])(?:{_WAYS})(?![\w-])", re.IGNORECASE)
_POSTCODE = re.compile(r"(?<!\d)\d{5}(?!\d).*$")
_INSIDE = re.compile(
    r"[\s(-]*\b(?:app(?:artemen)?t?\.?|apt\.?|b[âa]t(?:iment)?\.?|esc(?:alier)?\.?|[ée]tage|"
    r"porte|n°|num[ée]ro|logement|cage|bo[îi]te|bp|cs)(?![\w-]).*$",
    re.IGNORECASE,
)
_LAST_NUMBER = re.compile(r"\s+\d{1,3}\s*(?:bis|ter|quater|[a-d])?$", re.IGNORECASE)
_HAS_DIGIT = re.compile(r"\d")


def street_only(address: str) -> str:
    """The street of an address, or the place name in a hamlet, "" when in doubt.

    12 bis rue des Lilas, 38000 Grenoble -> rue des Lilas. Neighbours see no more than
    this (product.md), so whatever is not clearly a street is left out.
    """
    parts = [part.strip() for part in re.split(r"[,;\n]", address)]
    streets = (_street(part) for part in parts)
    found = next((street for street in streets if street), None)
    return found if found is not None else _hamlet(parts)


def _street(part: str) -> str:
    way = _WAY.search(part)
    if not way:
        return ""
    street = _POSTCODE.sub("", part[way.start() :]).strip()
    return _LAST_NUMBER.sub("", _INSIDE.sub("", street).strip()).strip(" -")


def _hamlet(parts: list[str]) -> str:
    """The first part, when more follows (the town) and no number is in it."""
    first = parts[0] if len(parts) > 1 else ""
    return "" if _HAS_DIGIT.search(first) or _INSIDE.search(" " + first) else first
