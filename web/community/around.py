"""What is around a home, as a member who looks for a community reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shapely import Point
from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, or_, select

from community_store import census, invitations
from community_store.folding import folded
from community_store.geometry import Place, distance_m
from community_store.models import Community, Member, Town
from community_store.nearby import near
from dispatch.founding import FAR_M

LISTED_TOWNS = 200  # communities whose towns are looked through
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


def invited(session: Session, member: Member, home: Community | None) -> Choice | None:
    """The community that a neighbour invited to, unless the member is in it."""
    home = home or invitations.invited_to(session, member)
    if home is None or home.id == member.community_id:
        return None
    return _choices(session, [home], home_of(member))[0]


def listed(session: Session, member: Member, wanted: str, page: int) -> Listed:
    """A page of the communities of the towns around a home, by name (S15).

    `wanted` is looked for in name, address and town, whatever its accents. A member without
    a place has no towns: what they look for is then searched everywhere.
    """
    home, text = home_of(member), folded(wanted)
    if home is None and len(text) < 2:
        return Listed([], 0, 1)
    fitting = _fitting(session, home, text)
    count = session.exec(select(func.count()).select_from(Community).where(*fitting)).one()
    page = min(max(page, 1), max(1, -(-count // PAGE)))
    in_order = (
        select(Community)
        .where(*fitting)
        .order_by(col(Community.looked_for), col(Community.id))
        .offset((page - 1) * PAGE)
        .limit(PAGE)
    )
    return Listed(_choices(session, session.exec(in_order).all(), home), count, page)


def _fitting(session: Session, home: Place | None, text: str) -> list[ColumnElement[bool]]:
    """What a community must be to be listed: of the towns around, and what is looked for."""
    where: list[ColumnElement[bool]] = []
    known = select(Town.insee, Town.name)
    if home is not None:
        found = near(session, home[1], home[0], within_m=FAR_M, limit=LISTED_TOWNS)
        around_here = {one.community.town_insee for one in found}
        where.append(col(Community.town_insee).in_(around_here))
        known = known.where(col(Town.insee).in_(around_here))
    if text:
        towns = [insee for insee, name in session.exec(known) if text in folded(name)]
        named = col(Community.looked_for).contains(text, autoescape=True)
        where.append(or_(named, col(Community.town_insee).in_(towns)))
    return where


def _choices(
    session: Session, communities: Sequence[Community], home: Place | None
) -> list[Choice]:
    names, people = _told(session, communities)
    return [
        Choice(
            one, names[one.town_insee], people.get(one.id or 0, 0),
            distance_m(Point(home), one.boundary) if home else None,
        )
        for one in communities
    ]  # fmt: skip


def _told(
    session: Session, communities: Sequence[Community]
) -> tuple[dict[str, str], dict[int, int]]:
    """The names of their towns, and the active members of each."""
    towns = {one.town_insee for one in communities}
    names = session.exec(select(Town.insee, Town.name).where(col(Town.insee).in_(towns)))
    ids = [one.id for one in communities]
    return dict(names.all()), census.neighbours_of_each(session, [id_ for id_ in ids if id_])
