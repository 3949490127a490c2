"""What a rule's refusal says to a resident, in their language."""

from __future__ import annotations

from babel.numbers import format_decimal

from community_store.errors import RuleError
from community_store.geometry import BoundaryError
from dispatch.catalogue import ids, say

DOMAIN = "joining"


def in_words(language: str, error: RuleError, *, about: str = "community") -> str:
    """One or two sentences: what is wrong, and what to do.

    Where it is, `BoundaryError.where()` has as GeoJSON. `about` tells codes apart that
    several rules use, such as "name". A code without words says that it was refused.
    """
    family = "boundary" if isinstance(error, BoundaryError) else about
    known = ids(language, DOMAIN)
    wanted = (f"{family}_{error.code}", error.code, "refused")
    message = next(id_ for id_ in wanted if id_ in known)
    return say(language, DOMAIN, message, **_facts(language, error))


def _facts(language: str, error: RuleError) -> dict[str, object]:
    return {
        name: format_decimal(fact, format="#,##0.##", locale=language)
        if isinstance(fact, float)
        else fact
        for name, fact in error.facts.items()
    }
