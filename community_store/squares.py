"""Squares of the map, by which a point finds the boundaries around it; pure."""

from __future__ import annotations

import math

import numpy as np
import shapely
from shapely import Polygon

COLUMNS = 36_000  # squares of 0.01 degree around the Earth


def cell(lon: float, lat: float) -> int:
    """The number of the square of 0.01 degree that holds a point; it fits 32 bits."""
    return _row(lat) * COLUMNS + _column(lon)


def _row(lat: float) -> int:
    return math.floor((lat + 90) * 100)


def _column(lon: float) -> int:
    return math.floor((lon + 180) * 100)


def around(polygon: Polygon) -> list[int]:
    """The squares of a polygon's bounding box: cheap, and at least those of `cells`."""
    west, south, east, north = polygon.bounds
    columns = range(_column(west), _column(east) + 1)
    return [row * COLUMNS + n for row in range(_row(south), _row(north) + 1) for n in columns]


def cells(polygon: Polygon) -> set[int]:
    """The squares that a polygon touches: at least `cell` of each of its points.

    Costs one test per square of its bounding box, so check `extent_m` first.
    """
    west, south, east, north = polygon.bounds
    columns, rows = np.meshgrid(
        np.arange(_column(west), _column(east) + 1), np.arange(_row(south), _row(north) + 1)
    )
    margin = 1e-9  # rounding in _row and _column must lose no point on an edge
    x, y = columns / 100 - 180, rows / 100 - 90
    squares = shapely.box(x - margin, y - margin, x + 0.01 + margin, y + 0.01 + margin)
    touched = shapely.intersects(squares, polygon)
    return {int(number) for number in (rows * COLUMNS + columns)[touched]}
