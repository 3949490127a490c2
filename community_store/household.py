"""A landline is a household's: several of its members may hold one, and are told apart by name."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable

from community_store.models import Member, MemberState
from community_store.visibility import full_name


def same(members: Iterable[Member], first_name: str, last_name: str) -> Member | None:
    """Whoever of them has this name already: somebody who registers twice is one person."""
    wanted = (folded(first_name), folded(last_name))
    return next((one for one in _persons(members) if _name(one) == wanted), None)


def called(members: Iterable[Member]) -> list[tuple[Member, str]]:
    """Each person of a household as they are called in it: by first name, and in full where two
    have the same.
    """
    persons = _persons(members)
    often = Counter(folded(one.first_name) for one in persons)
    return [
        (one, one.first_name if often[folded(one.first_name)] == 1 else full_name(one))
        for one in persons
    ]


def folded(name: str) -> str:
    """Without accents, case, hyphens or apostrophes: as people do not write it twice alike."""
    apart = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(c for c in apart if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in letters).split())


def _persons(members: Iterable[Member]) -> list[Member]:
    """One row a person: who is there twice goes by the one that is active, else the first."""
    found: dict[tuple[str, str], Member] = {}
    for member in sorted(members, key=lambda one: (one.state != MemberState.ACTIVE, one.id)):
        found.setdefault(_name(member), member)
    return sorted(found.values(), key=lambda one: one.id or 0)


def _name(member: Member) -> tuple[str, str]:
    return folded(member.first_name), folded(member.last_name)
