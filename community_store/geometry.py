"""Shapes on the ground: reading boundaries, areas, distances.

Everything is WGS 84 in (longitude, latitude) order, as GeoJSON has it (RFC 7946).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
import shapely.geometry
from shapely import LinearRing, Point, Polygon
from shapely.geometry.base import BaseGeometry

from community_store.errors import RuleError

if TYPE_CHECKING:
    from pyproj import Geod

MAX_BYTES = 256 * 1024  # 500 points, generously written, are 50 kB
POINTS_MIN = 3
POINTS_MAX = 500
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

    `place` is where, in (lon, lat), when there is such a point, and `shape` the ground in
    question, WGS 84; `members` are the ids of those who would be left outside, when that
    is the reason. Nobody's home is in them: a map that shows them tells no address.
    """

    def __init__(
        self,
        code: str,
        message: str,
        place: Place | None = None,
        *,
        shape: BaseGeometry | None = None,
        members: Sequence[int] = (),
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        at = f" at {place[0]:.6f}, {place[1]:.6f} (lon, lat)" if place else ""
        super().__init__(code, message + at, facts=facts)
        self.place = place
        self.shape = shape
        self.members = tuple(members)

    def where(self) -> dict[str, Any] | None:
        """What a map can show of it: a GeoJSON geometry, or None when it is nowhere."""
        shape = self.shape or (Point(self.place) if self.place else None)
        return dict(shapely.geometry.mapping(shape)) if shape is not None else None


def read(document: bytes | str, *, points_max: int = POINTS_MAX) -> Polygon:
    """The one polygon of a GeoJSON text. Its size is checked before it is parsed.

    Raises BoundaryError: a boundary of a million points costs nothing to refuse.
    """
    return polygon_of(parse(document), points_max=points_max)


def parse(document: bytes | str, *, limit: int = MAX_BYTES) -> Any:
    """The JSON of a text of at most `limit` bytes. Raises BoundaryError."""
    if len(document) > limit:
        raise BoundaryError(
            "too_big",
            f"the boundary file is too big: {limit // 1024} kB is the most",
            facts={"kilobytes": limit // 1024},
        )
    try:
        text = document.decode("utf-8-sig") if isinstance(document, bytes) else document
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        detail = f": {error}" if isinstance(error, json.JSONDecodeError) else ""
        raise BoundaryError("not_geojson", f"not GeoJSON{detail}") from None


def polygon_of(document: Any, *, points_max: int = POINTS_MAX) -> Polygon:
    """The polygon of a Geometry, a Feature, or a FeatureCollection of one.

    It comes back counter-clockwise. However large the document is, only as many points as
    are allowed are looked at. Raises BoundaryError.
    """
    ring = _ring(_positions(_single_geometry(document)), points_max)
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
        document = features[0]
        kind = document.get("type") if isinstance(document, dict) else None
    if kind == "Feature":
        document = document.get("geometry")
        kind = document.get("type") if isinstance(document, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        raise BoundaryError(
            "not_polygon", f"a Polygon is wanted in the boundary file, not {str(kind)[:40]}"
        )
    assert isinstance(document, dict)
    return document


def _positions(geometry: Mapping[str, Any]) -> list[Any]:
    """The outer ring as it is written; there must be no other."""
    rings = geometry.get("coordinates")
    if geometry["type"] == "MultiPolygon":
        if not isinstance(rings, list) or len(rings) != 1:
            raise BoundaryError("not_one", "the boundary must be in one part")
        rings = rings[0]
    if not isinstance(rings, list) or not rings or not isinstance(rings[0], list):
        raise BoundaryError("not_geojson", "the boundary has no coordinates")
    if len(rings) > 1:
        raise BoundaryError("hole", "the boundary must have no hole", _some_place(rings[1]))
    return rings[0]


def _ring(positions: list[Any], points_max: int) -> list[Place]:
    """The ring, closed; a ring left open is closed, altitudes and points repeated are dropped.

    Points repeated by a finger that trembles count once.
    """
    if len(positions) > 2 * points_max + 1:
        raise _too_many(len(positions), points_max)
    points = [_point(position) for position in positions]
    points = [one for one, before in zip(points, [None, *points], strict=False) if one != before]
    if len(points) > 1 and points[0] == points[-1]:
        points.pop()
    if not POINTS_MIN <= len(points) <= points_max:
        raise _too_many(len(points), points_max)
    return [*points, points[0]]


def _too_many(count: int, most: int) -> BoundaryError:
    return BoundaryError(
        "points",
        f"the boundary has {count} points: {POINTS_MIN} to {most} are wanted",
        facts={"points": count, "least": POINTS_MIN, "most": most},
    )


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
    """The ellipsoid, loaded at the first measure: 10 MB that a process which only sends is spared."""
    from pyproj import Geod

    return Geod(ellps="WGS84")


def area_m2(shape: BaseGeometry) -> float:
    """The area on the ellipsoid, in square metres; lines and points have none."""
    parts = shapely.get_parts(shape) if hasattr(shape, "geoms") else [shape]
    polygons = [part for part in parts if isinstance(part, Polygon)]
    return sum(_ring_m2(p.exterior) - sum(map(_ring_m2, p.interiors)) for p in polygons)


def _ring_m2(ring: LinearRing) -> float:
    lon, lat = shapely.get_coordinates(ring).T
    return abs(float(_earth().polygon_area_perimeter(lon, lat)[0]))


def area_ha(shape: BaseGeometry) -> float:
    """The area on the ellipsoid, in hectares."""
    return area_m2(shape) / 10_000


def distance_m(a: BaseGeometry, b: BaseGeometry) -> float:
    """The shortest way between two shapes, in metres; 0 when they touch.

    In a plane laid at the middle of both: exact to a metre up to tens of kilometres,
    while farther shapes come out far enough to be refused.
    """
    middle = shapely.union_all([a.envelope, b.envelope]).envelope.centroid.y
    return float(shapely.distance(in_metres(a, middle), in_metres(b, middle)))


def between_m(a: Place, b: Place) -> float:
    """The distance between two points, in metres on the ellipsoid."""
    return float(_earth().inv(*a, *b)[2])


def extent_m(shape: BaseGeometry) -> float:
    """The diagonal of the shape's bounding box, in metres."""
    west, south, east, north = shape.bounds
    return between_m((west, south), (east, north))


def in_metres(shape: Any, latitude: float) -> Any:
    """A shape, or an array of them, in metres in a plane laid at a latitude: exact to a metre up
    to tens of kilometres, by the two radii of curvature of the ellipsoid there.
    """
    earth = _earth()
    sine = math.sin(math.radians(latitude))
    shrink = 1 - earth.es * sine * sine
    east = math.radians(1) * earth.a / math.sqrt(shrink) * math.cos(math.radians(latitude))
    north = math.radians(1) * earth.a * (1 - earth.es) / shrink**1.5
    return shapely.transform(shape, lambda points: points * np.array([east, north]))
