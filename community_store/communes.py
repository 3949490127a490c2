"""The communes of France by postcode: from a table that comes with the code (communes.md)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("communes.tsv")


@dataclass(frozen=True, slots=True)
class Commune:
    """A municipality: its INSEE code, five characters of text, and its name."""

    insee: str
    name: str


ARRONDISSEMENTS = {"751": "75056", "6938": "69123", "132": "13055"}  # Paris, Lyon, Marseille


def whole(insee: str) -> str:
    """The commune of a code: of the three that have arrondissements, addresses name those."""
    found = (city for first, city in ARRONDISSEMENTS.items() if insee.startswith(first))
    return next(found, insee)


def with_postcode(postcode: str) -> Sequence[Commune]:
    """The communes that share a postcode, by name; none for what is no postcode."""
    digits = "".join(postcode.split())
    return _by_postcode().get(digits, ()) if re.fullmatch(r"[0-9]{5}", digits) else ()


@cache
def _by_postcode() -> dict[str, tuple[Commune, ...]]:
    """Read once, when first asked: 35,000 lines, about 40 ms."""
    found: dict[str, list[Commune]] = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        insee, name, postcodes = line.split("\t")
        for postcode in postcodes.split():
            found.setdefault(postcode, []).append(Commune(insee, name))
    return {code: tuple(sorted(those, key=lambda one: one.name)) for code, those in found.items()}
