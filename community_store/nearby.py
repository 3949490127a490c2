"""The communities around a point, nearest first, for the map of red zones (S14)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely import Point
from shapely.geometry.base import BaseGeometry
from sqlmodel import Session, and_, col, or_, select

from community_store.folding import folded
from community_store.geometry import Place, in_metres
from community_store.models import BoundaryCell, Community
from community_store.squares import COLUMNS, cell

RINGS_M = (500.0, 1_500.0, 5_000.0)  # looked at in turn: in a city the first is enough
FARTHEST_M = 20_000.0
DEGREE_M = 110_500.0  # of latitude, no more than any
NARROWEST = 0.6  # a degree of longitude to one of latitude, at France's most northern point


@dataclass(frozen=True, slots=True)
class Near:
    """A community and how far its boundary is, in metres; 0 for one that holds the point."""

    community: Community
    distance_m: float


def near(
    session: Session, lat: float, lon: float, *, within_m: float = 5_000.0, limit: int = 30
) -> list[Near]:
    """At most `limit` communities no farther than `within_m` (20 km at most), nearest first.

    Reads the squares of the map around the point, not all the boundaries, and like
    `boundaries.community_at` is right at once whichever process changed one.
    """
    farthest = min(within_m, FARTHEST_M)
    found: list[Near] = []
    for ring in [*(one for one in RINGS_M if one < farthest), farthest]:
        found = _within(session, (lon, lat), ring)
        if len(found) >= limit:
            break
    return found[:limit]


def beside(
    session: Session, community: Community, *, within_m: float, wanted: str = ""
) -> list[Near]:
    """The others whose boundary is no farther from a community's, nearest first (S50).

    `wanted` is looked for in their names and addresses, whatever its accents.
    """
    west, south, east, north = community.boundary.bounds
    up = within_m / DEGREE_M
    aside = up / NARROWEST
    chosen = _ids((west - aside, south - up, east + aside, north + up))
    query = select(Community).where(col(Community.id).in_(chosen), Community.id != community.id)
    if text := folded(wanted):
        query = query.where(col(Community.looked_for).contains(text, autoescape=True))
    found = session.exec(query.order_by(col(Community.id))).all()
    return _nearest(found, community.boundary, within_m)


def _within(session: Session, place: Place, metres: float) -> list[Near]:
    lon, lat = place
    north = metres / DEGREE_M
    east = north / NARROWEST
    chosen = _ids((lon - east, lat - north, lon + east, lat + north))
    rows = session.exec(
        select(Community).where(col(Community.id).in_(chosen)).order_by(col(Community.id))
    ).all()
    return _nearest(rows, Point(lon, lat), metres)


def _nearest(rows: Sequence[Community], here: BaseGeometry, metres: float) -> list[Near]:
    """Those of some communities that are within reach of a shape, nearest first."""
    latitude = here.centroid.y
    grounds = np.array([home.boundary for home in rows], dtype=object)
    apart = shapely.distance(in_metres(grounds, latitude), in_metres(here, latitude))
    return [
        Near(home, float(metre))
        for metre, home in sorted(zip(apart, rows, strict=True), key=lambda one: float(one[0]))
        if metre <= metres
    ]


def _ids(box: tuple[float, float, float, float]) -> Any:
    """SQL: those that touch a square of the box, and whose own box meets it."""
    west, south, east, north = box
    first = cell(west, south)
    width = cell(east, south) - first
    rows = range(first, cell(west, north) + 1, COLUMNS)
    return select(BoundaryCell.community_id).where(
        or_(*(col(BoundaryCell.cell).between(row, row + width) for row in rows)),
        and_(
            col(BoundaryCell.west) <= east,
            col(BoundaryCell.east) >= west,
            col(BoundaryCell.south) <= north,
            col(BoundaryCell.north) >= south,
        ),
    )
