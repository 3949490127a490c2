"""Where a community is: the rules S60 to S62, and the community of a point."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import cast

import numpy as np
import shapely
from shapely import Polygon
from sqlalchemy import and_, bindparam, delete, insert
from sqlmodel import Session, col, select

from community_store.errors import RuleError
from community_store.geometry import (
    BoundaryError,
    Place,
    area_ha,
    area_m2,
    cell,
    cells,
    extent_m,
)
from community_store.models import BoundaryCell, Community, Member, MemberState
from community_store.store import lock
from config import Geo

__all__ = [
    "BoundaryError",
    "communities_at",
    "community_at",
    "forget",
    "left_outside",
    "occupy",
    "place",
]

SLIVER_M2 = 1.0  # what two drawings of one shared edge may differ by
EXTENT_MAX_M = 20_000.0  # else a hair 1,000 km long is 4 km2, and a million squares
_BOX_MEETS = and_(
    col(BoundaryCell.west) <= bindparam("east"),
    col(BoundaryCell.east) >= bindparam("west"),
    col(BoundaryCell.south) <= bindparam("north"),
    col(BoundaryCell.north) >= bindparam("south"),
)
# Built once: putting these together costs more than running them.
_AT = (
    select(Community)
    .join(BoundaryCell)
    .where(col(BoundaryCell.cell) == bindparam("cell"), _BOX_MEETS)
    .order_by(col(Community.id))
)
_NEAR = (
    select(col(Community.id), col(Community.name), col(Community.boundary))
    .where(
        col(Community.id).in_(
            select(BoundaryCell.community_id).where(
                col(BoundaryCell.cell).in_(bindparam("cells", expanding=True)), _BOX_MEETS
            )
        ),
        col(Community.id) != bindparam("own"),
    )
    .order_by(col(Community.id))
)


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
    _require_size(polygon, geo)
    _require_free(session, polygon, community.id)
    if community.id is not None:
        _require_members(session, community.id, polygon, outside)
    community.boundary = polygon
    community.area_ha = round(area_ha(polygon), 4)
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
    communities share, the elder has it.
    """
    box = {"west": lon, "south": lat, "east": lon, "north": lat}
    found = session.exec(_AT, params={"cell": cell(lon, lat), **box})
    return next((c for c in found if shapely.intersects_xy(c.boundary, lon, lat)), None)


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


def _require_size(polygon: Polygon, geo: Geo) -> None:
    middle = polygon.representative_point().coords[0]
    place = (middle[0], middle[1])
    if extent_m(polygon) > EXTENT_MAX_M:
        raise BoundaryError("too_long", "the boundary is more than 20 km long", place)
    hectares = area_ha(polygon)
    if not geo.area_min_ha <= hectares <= geo.area_max_ha:
        word = "small" if hectares < geo.area_min_ha else "large"
        raise BoundaryError(
            f"too_{word}",
            f"the boundary is too {word}: {hectares:.2f} ha, and {geo.area_min_ha:g} to"
            f" {geo.area_max_ha:g} ha are allowed (around 100 homes is right)",
            place,
        )


def _require_free(session: Session, polygon: Polygon, own_id: int | None) -> None:
    box = dict(zip(("west", "south", "east", "north"), polygon.bounds, strict=True))
    near = {"cells": sorted(cells(polygon)), "own": own_id or 0, **box}
    for other_id, name, boundary in session.exec(_NEAR, params=near):
        shared = shapely.intersection(polygon, boundary)
        if shared.area and area_m2(shared) > SLIVER_M2:
            raise BoundaryError(
                "overlap",
                f"the boundary overlaps that of community {other_id} ({name})"
                f" by {area_m2(shared):.0f} m²",
                _middle_of_largest(shared),
            )


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
    session: Session, community_id: int, polygon: Polygon, confirmed: Collection[int]
) -> None:
    """S60: those left outside must be confirmed, and half at least must be inside."""
    homes = _homes(session, community_id)
    outside = _outside(homes, polygon)
    if not outside:
        return
    ids = [who for who, _ in outside]
    if 2 * len(outside) > len(homes):
        raise BoundaryError(
            "too_few_inside",
            f"the boundary leaves {len(outside)} of {len(homes)} members outside:"
            " at least half must be inside",
            outside[0][1],
            members=ids,
        )
    if set(ids) - set(confirmed):
        raise BoundaryError(
            "members_outside",
            f"the boundary leaves {len(ids)} members outside, to be confirmed (--confirm):"
            f" {_some(ids)}",
            outside[0][1],
            members=ids,
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
