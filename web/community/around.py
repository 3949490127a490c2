"""What is around a home, as a member who looks for a community reads it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shapely import Point
from sqlmodel import Session, col, or_, select

from community_store import census
from community_store.geometry import Place, distance_m
from community_store.models import Community, Member, Town
from community_store.nearby import near
from dispatch.founding import FAR_M

LISTED_TOWNS = 200  # communities whose towns are looked through
FOUND_MAX = 200  # for whoever has no place, and so no towns
PAGE = 20


@dataclass(frozen=True, slots=True)
class Choice:
    """A community that one may ask to join; `metres` is None when the home has no place."""

    community: Community
    town: str
    neighbours: int
    metres: float | None

    @property
    def in_reach(self) -> bool:
        return self.metres is not None and self.metres <= FAR_M


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list; `page` counts from 1."""

    choices: Sequence[Choice]
    count: int
    page: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.count // PAGE))


def home_of(member: Member) -> Place | None:
    """A member's home in (lon, lat)."""
    if member.lat is None or member.lon is None:
        return None
    return member.lon, member.lat


def around(session: Session, member: Member) -> list[Choice]:
    """The communities near a home, nearest first (S14)."""
    home = home_of(member)
    if home is None:
        return []
    found = near(session, home[1], home[0], within_m=FAR_M)
    names, people = _told(session, [one.community for one in found])
    return [
        Choice(one.community, names[one.community.town_insee],
               people.get(one.community.id or 0, 0), one.distance_m)
        for one in found
    ]  # fmt: skip


def listed(session: Session, member: Member, wanted: str, page: int) -> Listed:
    """A page of the communities of the towns around a home, by name (S15).

    `wanted` is looked for in name, address and town, whatever its accents. A member without
    a place has no towns: what they look for is then searched everywhere.
    """
    home = home_of(member)
    text = folded(wanted)
    named: Found
    if home and not text:
        named = _of_towns(session, home, _NAMES)
    else:
        rows = _of_towns(session, home, _ROWS) if home else _everywhere(session, wanted)
        named = [(row[0], row[1]) for row in rows if text in folded(" ".join(row[1:]))]
    fitting = sorted(named, key=lambda row: folded(row[1]))
    page = min(max(page, 1), max(1, -(-len(fitting) // PAGE)))
    chosen = [row[0] for row in fitting[(page - 1) * PAGE : page * PAGE]]
    return Listed(_choices(session, chosen, home), len(fitting), page)


def folded(text: str) -> str:
    """Without accents and capitals."""
    if text.isascii():  # most are, and a city has thousands
        return text.lower().strip()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in apart if not unicodedata.combining(c)).strip()


Found = Sequence[tuple[Any, ...]]
_NAMES: Any = select(col(Community.id), col(Community.name)).join(
    Town, col(Town.insee) == col(Community.town_insee)
)
_ROWS: Any = select(
    col(Community.id), col(Community.name), col(Community.address), col(Town.name)
).join(Town, col(Town.insee) == col(Community.town_insee))


def _of_towns(session: Session, home: Place, columns: Any) -> Found:
    """Of a city thousands: no more of each than is looked at."""
    found = near(session, home[1], home[0], within_m=FAR_M, limit=LISTED_TOWNS)
    towns = {one.community.town_insee for one in found}
    rows: Found = session.execute(columns.where(col(Town.insee).in_(towns))).all()
    return rows


def _everywhere(session: Session, wanted: str) -> Found:
    if len(wanted) < 2:
        return []
    either = or_(*(c.icontains(wanted, autoescape=True)
                   for c in (col(Community.name), col(Town.name))))  # fmt: skip
    rows: Found = session.execute(_ROWS.where(either).limit(FOUND_MAX)).all()
    return rows


def _choices(session: Session, ids: Sequence[int], home: Place | None) -> list[Choice]:
    """In the order of the ids."""
    rows = session.exec(select(Community).where(col(Community.id).in_(ids))).all()
    names, people = _told(session, rows)
    place = {one.id: one for one in rows}
    return [
        Choice(
            place[id_], names[place[id_].town_insee], people.get(id_, 0),
            distance_m(Point(home), place[id_].boundary) if home else None,
        )
        for id_ in ids
    ]  # fmt: skip


def _told(
    session: Session, communities: Sequence[Community]
) -> tuple[dict[str, str], dict[int, int]]:
    """The names of their towns, and the active members of each."""
    towns = {one.town_insee for one in communities}
    names = session.exec(select(Town.insee, Town.name).where(col(Town.insee).in_(towns)))
    ids = [one.id for one in communities]
    return dict(names.all()), census.neighbours_of_each(session, [id_ for id_ in ids if id_])
