"""The boundaries around a point, or around another boundary, from the squares of the map.

One query each in the caller's transaction, so that the answer is right at once whichever
process changed a boundary. Written as SQL: putting the same statement together by its parts
costs more than running it (bench/geometry.py).
"""

from __future__ import annotations

import json

import shapely
from shapely import Polygon
from sqlalchemy import text
from sqlmodel import Session

from community_store.geometry import Place
from community_store.models import Community, Member
from community_store.squares import around, cell

_AT = text(
    "SELECT c.id, c.boundary FROM boundary_cell AS s JOIN community AS c ON c.id = s.community_id"
    " WHERE s.cell = :cell AND s.west <= :lon AND s.east >= :lon AND s.south <= :lat"
    " AND s.north >= :lat ORDER BY c.id"
)
_NEAR = (
    "SELECT id, name, boundary FROM community WHERE id <> :own AND id IN"
    " (SELECT community_id FROM boundary_cell WHERE cell {among} AND west <= :east"
    " AND east >= :west AND south <= :north AND north >= :south)"
)
_NEAR_BY_DIALECT = {
    "postgresql": text(_NEAR.format(among="= ANY(:cells)")),
    "sqlite": text(_NEAR.format(among="IN (SELECT value FROM json_each(:cells))")),
}


def holder(session: Session, place: Place) -> int | None:
    """The id of the community whose boundary holds a (lon, lat), edge included (S12).

    On an edge that two share, the elder has it.
    """
    session.flush()
    lon, lat = place
    rows = session.connection().execute(_AT, {"cell": cell(lon, lat), "lon": lon, "lat": lat})
    for id_, boundary in rows:
        if shapely.intersects_xy(shapely.from_wkb(bytes(boundary)), lon, lat):
            return int(id_)
    return None


def lives_in(member: Member, community: Community) -> bool:
    """Whether a home is inside a boundary, edge included; one without a place is in none."""
    if member.lat is None or member.lon is None:
        return False
    return bool(shapely.intersects_xy(community.boundary, member.lon, member.lat))


def near(session: Session, polygon: Polygon, own: int | None) -> list[tuple[int, str, Polygon]]:
    """The id, name and boundary of those whose boxes meet a polygon's, but for `own`."""
    session.flush()
    connection = session.connection()
    dialect = connection.dialect.name
    squares = around(polygon)
    west, south, east, north = polygon.bounds
    rows = connection.execute(
        _NEAR_BY_DIALECT[dialect],
        {
            "cells": json.dumps(squares) if dialect == "sqlite" else squares, "own": own or 0,
            "west": west, "south": south, "east": east, "north": north,
        },
    ).all()  # fmt: skip
    grounds = shapely.from_wkb([bytes(row[2]) for row in rows])
    return [(row[0], row[1], ground) for row, ground in zip(rows, grounds, strict=True)]
