"""Fictional ground for tests: squares of some 20 ha side by side, and people on them."""

from __future__ import annotations

from typing import Any

import shapely
from shapely import Polygon
from sqlmodel import Session

from community_store import communities, membership, towns
from community_store.models import Community, Member, Town
from config import Geo

GEO = Geo()
WEST, SOUTH, SIDE = 5.72, 45.18, 0.005
INSEE = "38185"


def square(column: int = 0, row: int = 0, *, side: float = SIDE) -> Polygon:
    """The square of a grid near Grenoble; neighbours share an edge."""
    west, south = WEST + column * SIDE, SOUTH + row * SIDE
    return shapely.box(west, south, west + side, south + side)


def middle(column: int = 0, row: int = 0) -> tuple[float, float]:
    """The lat and lon of the middle of a square."""
    return SOUTH + (row + 0.5) * SIDE, WEST + (column + 0.5) * SIDE


def town(session: Session, insee: str = INSEE, *, subscribed: bool = False) -> Town:
    return session.get(Town, insee) or towns.add(
        session, insee, f"Ville {insee}", subscribed=subscribed
    )


def community(
    session: Session, name: str = "Les Lilas", column: int = 0, boundary: Polygon | None = None
) -> Community:
    """A community on a square of the grid."""
    town(session)
    new = communities.NewCommunity(name, INSEE, boundary or square(column))
    return communities.add(session, new, geo=GEO)


def member(session: Session, n: int, column: int = 0, **more: Any) -> Member:
    """An active member at home in the middle of a square."""
    lat, lon = middle(column)
    values: dict[str, Any] = {
        "first_name": "Ana", "last_name": f"Voisin{n}", "mobile": f"+3363998{n:04}",
        "address": f"{n} rue des Lilas, 38000 Grenoble", "lat": lat, "lon": lon, "active": True,
    } | more  # fmt: skip
    return membership.register(session, membership.NewMember(**values))
