"""Shapes on the ground: reading boundaries, areas, distances, and squares of the map.

Everything is WGS 84 in (longitude, latitude) order, as GeoJSON has it (RFC 7946).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import shapely
from pyproj import Geod
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from community_store.errors import RuleError

MAX_BYTES = 256 * 1024  # 500 points, generously written, are 50 kB
POINTS_MIN = 3
POINTS_MAX = 500
COLUMNS = 36_000  # squares of 0.01 degree around the Earth
Place = tuple[float, float]  # longitude, latitude

# West, south, east, north. A boundary lies in one of them.
FRANCE: Mapping[str, tuple[float, float, float, float]] = {
    "metropolitan France": (-5.6, 41.2, 9.8, 51.3),
    "Guadeloupe": (-61.9, 15.7, -60.9, 16.6),
    "Saint-Martin and Saint-Barthélemy": (-63.3, 17.8, -62.7, 18.2),
    "Martinique": (-61.3, 14.3, -60.7, 15.0),
    "Guyane": (-54.7, 2.0, -51.5, 5.9),
    "La Réunion": (55.1, -21.5, 55.95, -20.8),
    "Mayotte": (44.9, -13.1, 45.4, -12.5),
    "Saint-Pierre-et-Miquelon": (-56.6, 46.6, -56.0, 47.3),
    "Nouvelle-Calédonie": (158.0, -23.0, 172.5, -19.0),
    "Polynésie française": (-155.0, -28.5, -134.0, -7.5),
    "Wallis-et-Futuna": (-178.5, -14.6, -175.9, -13.0),
}


class BoundaryError(RuleError):
    """A boundary is refused (S60 to S62).

    `place` is where, in (lon, lat), when there is such a point; `members` are the ids of
    those who would be left outside, when that is the reason.
    """

    def __init__(
        self, code: str, message: str, place: Place | None = None, *, members: Sequence[int] = ()
    ) -> None:
        at = f" at {place[0]:.6f}, {place[1]:.6f} (lon, lat)" if place else ""
        super().__init__(code, message + at)
        self.place = place
        self.members = tuple(members)


def read(document: bytes | str, *, points_max: int = POINTS_MAX) -> Polygon:
    """The one polygon of a GeoJSON text. Its size is checked before it is parsed.

    Raises BoundaryError: a boundary of a million points costs nothing to refuse.
    """
    return polygon_of(parse(document), points_max=points_max)


def parse(document: bytes | str, *, limit: int = MAX_BYTES) -> Any:
    """The JSON of a text of at most `limit` bytes. Raises BoundaryError."""
    if len(document) > limit:
        raise BoundaryError(
            "too_big", f"the boundary file is too big: {limit // 1024} kB is the most"
        )
    try:
        text = document.decode("utf-8-sig") if isinstance(document, bytes) else document
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        detail = f": {error}" if isinstance(error, json.JSONDecodeError) else ""
        raise BoundaryError("not_geojson", f"not GeoJSON{detail}") from None


def polygon_of(document: Any, *, points_max: int = POINTS_MAX) -> Polygon:
    """The polygon of a Geometry, a Feature, or a FeatureCollection of one.

    It comes back counter-clockwise. Raises BoundaryError.
    """
    ring = _ring(_single_geometry(document))
    if not POINTS_MIN <= len(ring) - 1 <= points_max:
        raise BoundaryError(
            "points",
            f"the boundary has {len(ring) - 1} points: {POINTS_MIN} to {points_max} are wanted",
        )
    _require_france(ring)
    polygon = Polygon(ring)
    _require_simple(polygon)
    return shapely.orient_polygons(polygon)


def to_geojson(polygon: Polygon) -> dict[str, Any]:
    """The geometry object; `polygon_of` gives the very same polygon back."""
    return {"type": "Polygon", "coordinates": [[list(point) for point in polygon.exterior.coords]]}


def _single_geometry(document: Any) -> Mapping[str, Any]:
    kind = document.get("type") if isinstance(document, dict) else None
    if kind == "FeatureCollection":
        features = document.get("features")
        if not isinstance(features, list) or len(features) != 1:
            raise BoundaryError("not_one", "exactly one feature is wanted in the boundary file")
        return _single_geometry(features[0])
    if kind == "Feature":
        return _single_geometry(document.get("geometry"))
    if kind not in ("Polygon", "MultiPolygon"):
        raise BoundaryError(
            "not_polygon", f"a Polygon is wanted in the boundary file, not {str(kind)[:40]}"
        )
    assert isinstance(document, dict)
    return document


def _ring(geometry: Mapping[str, Any]) -> list[Place]:
    """The outer ring, closed; a ring left open is closed, altitudes are dropped."""
    rings = geometry.get("coordinates")
    if geometry["type"] == "MultiPolygon":
        if not isinstance(rings, list) or len(rings) != 1:
            raise BoundaryError("not_one", "the boundary must be in one part")
        rings = rings[0]
    if not isinstance(rings, list) or not rings or not isinstance(rings[0], list):
        raise BoundaryError("not_geojson", "the boundary has no coordinates")
    if len(rings) > 1:
        raise BoundaryError("hole", "the boundary must have no hole", _some_place(rings[1]))
    points = [_point(position) for position in rings[0]]
    return points if len(points) > 1 and points[0] == points[-1] else points + points[:1]


def _some_place(ring: Any) -> Place | None:
    try:
        return _point(ring[0])
    except (BoundaryError, IndexError, KeyError, TypeError):
        return None


def _point(position: Any) -> Place:
    numbers = position[:2] if isinstance(position, list) else []
    if len(numbers) != 2 or any(type(number) not in (int, float) for number in numbers):
        raise BoundaryError("not_geojson", "a point of the boundary is not [longitude, latitude]")
    try:
        lon, lat = float(numbers[0]), float(numbers[1])
    except OverflowError:
        lon = lat = math.inf
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise BoundaryError("not_finite", "a point of the boundary is not finite")
    return lon, lat


def in_france(lon: float, lat: float) -> bool:
    """Whether the point is in one of France's boxes."""
    return any(_inside(box, lon, lat) for box in FRANCE.values())


def _inside(box: tuple[float, float, float, float], lon: float, lat: float) -> bool:
    west, south, east, north = box
    return west <= lon <= east and south <= lat <= north


def _require_france(ring: Sequence[Place]) -> None:
    first = ring[0]
    box = next((box for box in FRANCE.values() if _inside(box, *first)), None)
    stray = next((point for point in ring if box is None or not _inside(box, *point)), None)
    if stray is None:
        return
    swapped = in_france(stray[1], stray[0])
    hint = ": longitude comes first in GeoJSON" if swapped else ""
    raise BoundaryError("outside_france", f"the boundary leaves France{hint}", stray)


def _require_simple(polygon: Polygon) -> None:
    reason = shapely.is_valid_reason(polygon)
    if reason == "Valid Geometry":
        return
    found = re.search(r"\[(\S+) (\S+)\]", reason)
    place = (float(found[1]), float(found[2])) if found else None
    raise BoundaryError("self_crossing", "the boundary crosses or touches itself", place)


@cache
def _earth() -> Geod:
    return Geod(ellps="WGS84")


def area_m2(shape: BaseGeometry) -> float:
    """The area on the ellipsoid, in square metres; lines and points have none."""
    parts = shapely.get_parts(shape) if hasattr(shape, "geoms") else [shape]
    polygons = [part for part in parts if isinstance(part, Polygon)]
    return float(sum(abs(_earth().geometry_area_perimeter(part)[0]) for part in polygons))


def area_ha(shape: BaseGeometry) -> float:
    """The area on the ellipsoid, in hectares."""
    return area_m2(shape) / 10_000


def distance_m(a: BaseGeometry, b: BaseGeometry) -> float:
    """The shortest way between two shapes, in metres; 0 when they touch.

    In a plane laid at the middle of both: exact to a metre up to tens of kilometres,
    while farther shapes come out far enough to be refused.
    """
    middle = shapely.union_all([a.envelope, b.envelope]).envelope.centroid.y
    return float(shapely.distance(_plane(a, middle), _plane(b, middle)))


def between_m(a: Place, b: Place) -> float:
    """The distance between two points, in metres on the ellipsoid."""
    return float(_earth().inv(*a, *b)[2])


def extent_m(shape: BaseGeometry) -> float:
    """The diagonal of the shape's bounding box, in metres."""
    west, south, east, north = shape.bounds
    return between_m((west, south), (east, north))


def _plane(shape: BaseGeometry, latitude: float) -> BaseGeometry:
    """Degrees to metres, by the ellipsoid's two radii of curvature at that latitude."""
    earth = _earth()
    sine = math.sin(math.radians(latitude))
    shrink = 1 - earth.es * sine * sine
    east = math.radians(1) * earth.a / math.sqrt(shrink) * math.cos(math.radians(latitude))
    north = math.radians(1) * earth.a * (1 - earth.es) / shrink**1.5
    return shapely.transform(shape, lambda points: points * np.array([east, north]))


def cell(lon: float, lat: float) -> int:
    """The number of the square of 0.01 degree that holds a point; it fits 32 bits."""
    return _row(lat) * COLUMNS + _column(lon)


def _row(lat: float) -> int:
    return math.floor((lat + 90) * 100)


def _column(lon: float) -> int:
    return math.floor((lon + 180) * 100)


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
