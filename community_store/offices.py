"""Whom nobody may pass for: the town, the police, those who come when one calls, and us.

A pseudonym has none of these words. A name may: Maire, Police, Gendarme and Hall are families,
Samu, Ville and Máire first names. So a name is refused where it says an office, not a person.
"""

from __future__ import annotations

import re

from community_store.errors import RuleError
from community_store.folding import unaccented

# no first name and no family is called so
_INSTITUTIONS = frozenset(
    ["mairie", "gendarmerie", "gendarmes", "pompiers", "policiers", "prefecture", "commissariat",
     "firefighter", "firefighters"]
)  # fmt: skip
# families are, first names are not: Paul Gendarme is somebody, Gendarme Paul a gendarme
_RANKS = frozenset(
    ["police", "policier", "policiere", "gendarme", "pompier", "sapeur", "commissaire", "prefet",
     "prefete"]
)  # fmt: skip
# first names too: an office only with its place, Maire de Grenoble, or its article, Le Maire
_TITLES = frozenset(
    ["maire", "mairesse", "mayor", "samu", "adjoint", "adjointe", "ville", "commune"]
)  # fmt: skip
_OF = frozenset(["de", "du", "des", "d", "of", "au", "aux"])
_BEFORE = frozenset(["m", "mr", "mme", "monsieur", "madame"])
_ARTICLES = frozenset(["le", "la", "l", "les", "the"])
_PHRASES = (
    "police municipale", "police nationale", "police rurale", "police secours", "de police",
    "hotel de ville", "conseil municipal", "garde champetre", "securite civile",
    "protection civile", "croix rouge", "town hall", "city hall", "town council",
    "city council", "fire brigade", "fire department", "police officer",
)  # fmt: skip
_OURSELVES = frozenset(
    ["equipe", "team", "service", "support", "assistance", "admin", "moderation", *_ARTICLES, *_OF]
)
WORDS = (_INSTITUTIONS | _RANKS | _TITLES | {"town", "hall"}) - {"ville", "commune", "sapeur"}

_WORD = re.compile(r"[^\W_]+")
# of Cyrillic and Greek: what the eye takes for the Latin a c e i j o p s x y m
_LOOKALIKES = str.maketrans(
    "\u0430\u0441\u0435\u0456\u0458\u043e\u0440\u0455\u0445\u0443\u043c\u03b1\u03bf\u03c1\u03b9\u0131",
    "aceijopsxymaopii",
)


def is_office(name: str, *, service: str = "") -> bool:
    """Whether a whole name says an office, or the team of the service, rather than somebody."""
    words, own = _words(name), set(_words(service))
    if own and own <= set(words) <= own | _OURSELVES:
        return True
    return _has_office(words) or _begins_with_office(words)


def require_place(name: str, *, service: str = "") -> None:
    """A neighbourhood may be around the town hall, not be it: its name signs alerts. What begins
    with an office is one, Quartier de la Mairie is a place. Raises RuleError "office".
    """
    words, own = [one for one in _words(name) if one not in _ARTICLES], set(_words(service))
    said = " ".join(words) + " "
    if (
        (own and own <= set(words) <= own | _OURSELVES)
        or words[:1] == ["police"]
        or set(words[:1]) & _INSTITUTIONS
        or any(said.startswith(f"{one} ") for one in _PHRASES)
    ):
        raise RuleError("office", "a community's name is not that of an institution")


def _has_office(words: list[str]) -> bool:
    said = f" {' '.join(words)} "
    joined = {phrase.replace(" ", "") for phrase in _PHRASES}
    return bool((_INSTITUTIONS | joined) & set(words)) or any(
        f" {one} " in said for one in _PHRASES
    )


def _begins_with_office(words: list[str]) -> bool:
    """After a Madame or a Le: an office that is no first name, or one with its place."""
    start = next((at for at, one in enumerate(words) if one not in _BEFORE | _ARTICLES), len(words))
    first, *rest = words[start:] or [""]
    if first in _RANKS or (first in _TITLES and rest and rest[0] in _OF):
        return True
    by_article = bool(_ARTICLES & set(words[:start]))
    return first in _TITLES and set(rest) <= _TITLES and by_article | bool(rest)


def _words(text: str) -> list[str]:
    """Without accents and capitals; dots hide nothing, nor do letters that look alike."""
    plain = unaccented(text.casefold().translate(_LOOKALIKES)).translate(_LOOKALIKES)
    return _WORD.findall(re.sub("[.·]", "", plain))
