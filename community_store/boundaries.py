"""Where a community is: the rules S60 to S62, and the community of a point."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon
from sqlalchemy import delete, insert
from sqlmodel import Session, col, select

from community_store import lookup
from community_store.errors import RuleError
from community_store.geometry import (
    BoundaryError,
    Place,
    area_ha,
    area_m2,
    extent_m,
    in_metres,
)
from community_store.homes import Homes, homes
from community_store.models import BoundaryCell, Community, Member, MemberState
from community_store.squares import cell, cells
from community_store.store import lock
from config import Geo

__all__ = [
    "BoundaryError",
    "communities_at",
    "community_at",
    "examine",
    "forget",
    "left_outside",
    "occupy",
    "place",
]

# What two drawings of one shared edge may differ by: points kept to six decimals of a degree
# are up to 0.06 m off, so along a long edge that is more than a square metre, but no wider.
SLIVER_M2 = 1.0
HAIR_M = 0.5
EXTENT_MAX_M = 20_000.0  # else a hair 1,000 km long is 4 km2, and a million squares


@dataclass(frozen=True, slots=True)
class Examined:
    """What is to be said of a boundary that every rule allows."""

    polygon: Polygon
    area_ha: float
    homes: Homes
    outside: tuple[int, ...]  # the ids of the members left outside, all of them confirmed


def examine(
    session: Session, polygon: Polygon, *, geo: Geo, community: Community | None = None,
    outside: Collection[int] = (),
) -> Examined:  # fmt: skip
    """Every rule of a boundary, for one that is being drawn: nothing is written or locked.

    `community` is the one that it is for, None for one that is still to be made. What is
    allowed now may be refused by `place`, when somebody else was quicker. Raises
    BoundaryError.
    """
    hectares = _require_size(polygon, geo)
    own = community.id if community else None
    _require_free(session, polygon, own)
    left = _require_members(session, community, polygon, outside) if community and own else ()
    return Examined(polygon, hectares, homes(hectares, geo.homes_per_ha), tuple(left))


def place(
    session: Session, community: Community, polygon: Polygon, *, geo: Geo,
    outside: Collection[int] = (),
) -> None:  # fmt: skip
    """Give a community its boundary, the first or another (S60 to S62).

    `outside` are the ids of the members whom the caller has confirmed as left outside.
    One boundary is placed at a time, so that of two that overlap the second is told.
    Raises BoundaryError.
    """
    lock(session, "boundaries")
    checked = examine(session, polygon, geo=geo, community=community, outside=outside)
    community.boundary = polygon
    community.area_ha = checked.area_ha
    session.add(community)
    session.flush()
    occupy(session, cast("int", community.id), polygon)


def occupy(session: Session, community_id: int, polygon: Polygon) -> None:
    """Write the squares of the map that a boundary touches."""
    forget(session, community_id)
    west, south, east, north = polygon.bounds
    box = {"west": west, "south": south, "east": east, "north": north}
    rows = [
        {"cell": number, "community_id": community_id, **box} for number in sorted(cells(polygon))
    ]
    session.execute(insert(BoundaryCell), rows)


def forget(session: Session, community_id: int) -> None:
    """Take a community off the map."""
    session.execute(delete(BoundaryCell).where(col(BoundaryCell.community_id) == community_id))


def community_at(session: Session, lat: float, lon: float) -> Community | None:
    """The community whose boundary holds the point, edge included (S12).

    Exact, and right at once whichever process changed a boundary. On an edge that two
    communities share, the elder has it. Whoever needs its id only asks `lookup.holder`.
    """
    found = lookup.holder(session, (lon, lat))
    return session.get(Community, found) if found is not None else None


def communities_at(session: Session, places: Sequence[Place]) -> list[int | None]:
    """As `community_at` for many (lon, lat) at once: ids, by two queries at most."""
    if not places:
        return []
    numbers = {cell(*point) for point in places}
    within = select(BoundaryCell.community_id).where(col(BoundaryCell.cell).in_(numbers))
    found = session.exec(
        select(col(Community.id), col(Community.boundary))
        .where(col(Community.id).in_(within))
        .order_by(col(Community.id))
    ).all()
    tree = shapely.STRtree([boundary for _, boundary in found])
    homes, owners = tree.query(shapely.points(np.array(places)), "intersects")
    answer: list[int | None] = [None] * len(places)
    for home, owner in sorted(zip(homes.tolist(), owners.tolist(), strict=True), reverse=True):
        answer[home] = found[owner][0]
    return answer


def _require_size(polygon: Polygon, geo: Geo) -> float:
    """The area in hectares, when it is allowed."""
    if extent_m(polygon) > EXTENT_MAX_M:
        raise BoundaryError(
            "too_long", "the boundary is more than 20 km long", _middle_of_largest(polygon)
        )
    hectares = area_ha(polygon)
    if geo.area_min_ha <= hectares <= geo.area_max_ha:
        return round(hectares, 4)
    word = "small" if hectares < geo.area_min_ha else "large"
    raise BoundaryError(
        f"too_{word}",
        f"the boundary is too {word}: {hectares:.2f} ha, and {geo.area_min_ha:g} to"
        f" {geo.area_max_ha:g} ha are allowed (around 100 homes is right)",
        _middle_of_largest(polygon),
        facts={"area": hectares, "least": geo.area_min_ha, "most": geo.area_max_ha},
    )


def _require_free(session: Session, polygon: Polygon, own_id: int | None) -> None:
    """S61. Of several that it overlaps, the one of which it takes most is named."""
    taken = [
        (shared, other_id, name)
        for other_id, name, boundary in lookup.near(session, polygon, own_id)
        if (shared := _shared(polygon, boundary)) is not None
    ]
    if not taken:
        return
    shared, other_id, name = max(taken, key=lambda one: one[0].area)
    square_metres = area_m2(shared)
    raise BoundaryError(
        "overlap",
        f"the boundary overlaps that of community {other_id} ({name}) by {square_metres:.0f} m²",
        _middle_of_largest(shared),
        shape=shapely.union_all([one[0] for one in taken]),
        facts={
            "name": name, "community": other_id, "area": square_metres / 10_000,
            "others": len(taken) - 1,
        },
    )  # fmt: skip


def _shared(one: Polygon, other: Polygon) -> MultiPolygon | None:
    """The ground that two boundaries share, None when it is only a common edge."""
    common = shapely.intersection(one, other)
    if not common.area:
        return None
    parts = [part for part in shapely.get_parts(common) if isinstance(part, Polygon)]
    ground = [part for part in parts if _is_ground(part)]
    return MultiPolygon(ground) if ground else None


def _is_ground(part: Polygon) -> bool:
    """Whether it is more than two drawings of one edge may differ by."""
    drawn = in_metres(part, part.bounds[1])
    if drawn.area <= SLIVER_M2:
        return False
    wide = 2 * drawn.area / drawn.length > HAIR_M  # on average, so somewhere
    return wide or not shapely.buffer(drawn, -HAIR_M / 2).is_empty


def _middle_of_largest(shape: shapely.Geometry) -> Place:
    largest = max(shapely.get_parts(shape), key=shapely.area)
    point = shapely.point_on_surface(largest)
    return float(point.x), float(point.y)


def left_outside(session: Session, community: Community, polygon: Polygon) -> list[int]:
    """The ids of a community's members whose home a boundary does not hold (S60)."""
    return [who for who, _ in _outside(_homes(session, community.id), polygon)]


def _homes(session: Session, community_id: int | None) -> list[tuple[int, Place]]:
    """The homes of the members who are not closed, where known."""
    homes = session.exec(
        select(col(Member.id), col(Member.lon), col(Member.lat)).where(
            Member.community_id == community_id,
            Member.state != MemberState.CLOSED,
            col(Member.lon).is_not(None),
            col(Member.lat).is_not(None),
        ).order_by(col(Member.id))
    )  # fmt: skip
    return [(who or 0, (lon or 0.0, lat or 0.0)) for who, lon, lat in homes]


def _outside(homes: Sequence[tuple[int, Place]], polygon: Polygon) -> list[tuple[int, Place]]:
    return [home for home in homes if not shapely.intersects_xy(polygon, *home[1])]


def _require_members(
    session: Session, community: Community, polygon: Polygon, confirmed: Collection[int]
) -> list[int]:
    """S60: those left outside must be confirmed, and half at least must be inside.

    The map shows the ground that is given up, not the homes on it: a référent knows the
    streets of neighbours, not their doors.
    """
    everybody = _homes(session, community.id)
    ids = [who for who, _ in _outside(everybody, polygon)]
    if 2 * len(ids) <= len(everybody) and not set(ids) - set(confirmed):
        return ids
    given_up = shapely.difference(community.boundary, polygon)
    shown: dict[str, Any] = {
        "place": _middle_of_largest(given_up) if given_up.area else None,
        "shape": given_up if given_up.area else None,
        "members": ids,
        "facts": {"outside": len(ids), "members": len(everybody)},
    }
    if 2 * len(ids) > len(everybody):
        raise BoundaryError(
            "too_few_inside",
            f"the boundary leaves {len(ids)} of {len(everybody)} members outside:"
            " at least half must be inside",
            **shown,
        )
    raise BoundaryError(
        "members_outside",
        f"the boundary leaves {len(ids)} members outside, to be confirmed (--confirm):"
        f" {_some(ids)}",
        **shown,
    )


def _some(ids: Sequence[int]) -> str:
    listed = ", ".join(map(str, ids[:20]))
    return f"{listed}..." if len(ids) > 20 else listed


def require_point(lat: float | None, lon: float | None) -> None:
    """Refuse half a position, and one that is nowhere. Raises RuleError."""
    if (lat is None) != (lon is None):
        raise RuleError("position", "a position needs both lat and lon")
    if lat is None or lon is None:
        return
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise RuleError("position", "the position is not on Earth: lat -90 to 90, lon -180 to 180")
