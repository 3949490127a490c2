"""Boundaries to begin with: a circle around a home, and one that keeps off the neighbours'."""

from __future__ import annotations

import math

import shapely
from shapely import Point, Polygon
from sqlmodel import Session

from community_store import lookup
from community_store.geometry import POINTS_MAX, Place, polygon_of, to_geojson

CORNERS = 12  # each is a point that somebody may drag, on a telephone too
RADII_M = (100, 150, 200, 300)
DEGREE_M = 111_320.0  # of latitude


def circle(home: Place, radius_m: float) -> Polygon:
    """A dodecagon around a (lon, lat), `radius_m` from corner to middle; six decimals."""
    lon, lat = home
    north = radius_m / DEGREE_M
    east = north / math.cos(math.radians(lat))
    turns = (math.tau * corner / CORNERS for corner in range(CORNERS))
    return Polygon(
        [
            (round(lon + east * math.cos(a), 6), round(lat + north * math.sin(a), 6))
            for a in turns
        ]
    )  # fmt: skip


def trimmed(
    session: Session, polygon: Polygon, home: Place, *, points_max: int = POINTS_MAX,
    own: int | None = None,
) -> Polygon:  # fmt: skip
    """The part of a boundary around a home that no other community has (S61).

    `own` is the id of the community that it is for, None for one still to be made.

    The boundary as it is where it is free, and where no such part is left: the home is on a
    neighbour's ground, or a neighbour would lie inside like an island. Raises BoundaryError,
    when what is left has too many points.
    """
    taken = [ground for _, _, ground in lookup.near(session, polygon, own)]
    left = shapely.difference(polygon, shapely.union_all(taken))
    here = Point(home)
    for part in shapely.get_parts(left):
        if isinstance(part, Polygon) and not part.interiors and part.intersects(here):
            return polygon_of(to_geojson(part), points_max=points_max)
    return polygon
