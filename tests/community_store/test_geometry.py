"""Reading boundaries, areas, distances and squares of the map."""

from __future__ import annotations

import json
import math
import time
import tracemalloc
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from community_store import geometry, squares
from community_store.geometry import BoundaryError
from tests.community_store.ground import square

RING = [[5.72, 45.18], [5.725, 45.18], [5.725, 45.185], [5.72, 45.185], [5.72, 45.18]]
POLYGON: dict[str, Any] = {"type": "Polygon", "coordinates": [RING]}


def text(document: Any) -> str:
    return json.dumps(document)


@pytest.mark.parametrize(
    "document",
    [
        POLYGON,
        {"type": "MultiPolygon", "coordinates": [[RING]]},
        {"type": "Feature", "properties": {}, "geometry": POLYGON},
        {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": POLYGON}]},
        {"type": "Polygon", "coordinates": [RING[:-1]]},
        {"type": "Polygon", "coordinates": [[[*point, 212.5] for point in RING]]},
        {"type": "Polygon", "coordinates": [RING[::-1]]},
    ],
    ids=["polygon", "multi", "feature", "collection", "open", "altitude", "clockwise"],
)
def test_it_reads_every_form_of_one_polygon(document: Any) -> None:
    polygon = geometry.read(text(document))
    assert shapely.equals(polygon, shapely.Polygon(RING))
    assert polygon.exterior.is_ccw


def test_it_reads_bytes_with_a_byte_order_mark() -> None:
    assert geometry.read(b"\xef\xbb\xbf" + text(POLYGON).encode()).is_valid


def test_what_it_writes_it_reads_back_exactly() -> None:
    polygon = geometry.read(text(POLYGON))
    again = geometry.read(text(geometry.to_geojson(polygon)))
    assert shapely.equals_identical(again, polygon)


CROSSED = [[5.72, 45.18], [5.725, 45.185], [5.725, 45.18], [5.72, 45.185], [5.72, 45.18]]
MANY = [[5 + math.cos(n / 200) / 100, 45 + math.sin(n / 200) / 100] for n in range(501)]


@pytest.mark.parametrize(
    ("document", "code", "place"),
    [
        ("{", "not_geojson", None),
        ("[" * 100_000, "not_geojson", None),
        ("9" * 5_000, "not_geojson", None),
        ("null", "not_polygon", None),
        ({"type": "Point", "coordinates": [5, 45]}, "not_polygon", None),
        ({"type": "Feature", "geometry": None}, "not_polygon", None),
        ({"type": "FeatureCollection", "features": []}, "not_one", None),
        ({"type": "FeatureCollection", "features": [POLYGON, POLYGON]}, "not_one", None),
        ({"type": "MultiPolygon", "coordinates": [[RING], [RING]]}, "not_one", None),
        ({"type": "Polygon", "coordinates": []}, "not_geojson", None),
        ({"type": "Polygon", "coordinates": [[[5.7, "45"]]]}, "not_geojson", None),
        ({"type": "Polygon", "coordinates": [[[5.7, True]]]}, "not_geojson", None),
        ({"type": "Polygon", "coordinates": [[{"lat": 1}]]}, "not_geojson", None),
        ({"type": "Polygon", "coordinates": [RING, RING]}, "hole", (5.72, 45.18)),
        ({"type": "Polygon", "coordinates": [RING[:2]]}, "points", None),
        ({"type": "Polygon", "coordinates": [MANY]}, "points", None),
        ({"type": "Polygon", "coordinates": [CROSSED]}, "self_crossing", (5.7225, 45.1825)),
        ('{"type":"Polygon","coordinates":[[[1e999,45],[5,45],[5,46]]]}', "not_finite", None),
        ('{"type":"Polygon","coordinates":[[[NaN,45],[5,45],[5,46]]]}', "not_finite", None),
        (
            {"type": "Polygon", "coordinates": [[[10**400, 45], [5, 45], [5, 46]]]},
            "not_finite",
            None,
        ),
        (
            {"type": "Polygon", "coordinates": [[[45.18, 5.72], [45.19, 5.72], [45.19, 5.73]]]},
            "outside_france",
            (45.18, 5.72),
        ),
        (
            {"type": "Polygon", "coordinates": [[[5.7, 45.1], [5.8, 45.1], [-61.0, 14.6]]]},
            "outside_france",
            (-61.0, 14.6),
        ),
    ],
)
def test_it_says_what_is_wrong_and_where(
    document: Any, code: str, place: tuple[float, float] | None
) -> None:
    with pytest.raises(BoundaryError) as refused:
        geometry.read(document if isinstance(document, str) else text(document))
    assert refused.value.code == code
    assert refused.value.place == (place and pytest.approx(place))


def test_swapped_coordinates_get_a_hint() -> None:
    swapped = {"type": "Polygon", "coordinates": [[[lat, lon] for lon, lat in RING]]}
    with pytest.raises(BoundaryError, match="longitude comes first"):
        geometry.read(text(swapped))


def test_a_million_points_cost_nothing() -> None:
    bomb = b'{"type":"Polygon","coordinates":[[' + b"[5.7,45.1]," * 1_000_000 + b"[5,45]]]}"
    tracemalloc.start()
    started = time.perf_counter()
    with pytest.raises(BoundaryError) as refused:
        geometry.read(bomb)
    seconds, (_, peak) = time.perf_counter() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refused.value.code == "too_big"
    assert seconds < 0.1
    assert peak < 20_000_000


def test_a_million_points_already_read_cost_nothing_either() -> None:
    bomb = {"type": "Polygon", "coordinates": [[[5.7, 45.1]] * 1_000_000]}
    tracemalloc.start()
    started = time.perf_counter()
    with pytest.raises(BoundaryError) as refused:
        geometry.polygon_of(bomb)
    seconds, (_, peak) = time.perf_counter() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refused.value.code == "points"
    assert refused.value.facts == {"points": 1_000_000, "least": 3, "most": 500}
    assert seconds < 0.1
    assert peak < 1_000_000


def test_a_finger_that_trembles_adds_no_points() -> None:
    trembling = [point for point in RING for _ in range(3)]
    polygon = geometry.polygon_of({"type": "Polygon", "coordinates": [trembling]})
    assert shapely.equals_identical(polygon, shapely.orient_polygons(shapely.Polygon(RING)))
    same = {"type": "Polygon", "coordinates": [[RING[0]] * 9]}
    with pytest.raises(BoundaryError, match="1 points"):
        geometry.polygon_of(same)


def test_features_in_features_are_no_polygon() -> None:
    nested: Any = POLYGON
    for _ in range(900):
        nested = {"type": "Feature", "geometry": nested}
    with pytest.raises(BoundaryError) as refused:
        geometry.polygon_of(nested)
    assert refused.value.code == "not_polygon"


def test_the_largest_file_that_is_parsed_is_cheap() -> None:
    head = b'{"type":"Polygon","coordinates":[['
    ring = b"[5.7,45.1]," * ((geometry.MAX_BYTES - 60) // 11)
    tracemalloc.start()
    with pytest.raises(BoundaryError, match="points"):
        geometry.read(head + ring + b"[5.7,45.1]]]}")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


def test_area_is_that_of_the_ellipsoid() -> None:
    assert geometry.area_ha(square()) == pytest.approx(21.837, abs=0.001)
    assert geometry.area_ha(shapely.Point(5, 45)) == 0
    both = shapely.union_all([square(0), square(4)])
    assert geometry.area_ha(both) == pytest.approx(2 * geometry.area_ha(square()), rel=1e-6)


def test_neighbouring_shapes_are_no_distance_apart() -> None:
    assert geometry.distance_m(square(0), square(1)) == 0


@pytest.mark.parametrize("degrees", [0.01, 0.05, 0.2])
def test_distance_is_that_of_the_ellipsoid(degrees: float) -> None:
    a, b = square(), shapely.affinity.translate(square(), degrees + 0.005, 0)
    _, _, metres = Geod(ellps="WGS84").inv(5.725, 45.1825, 5.725 + degrees, 45.1825)
    assert geometry.distance_m(a, b) == pytest.approx(metres, abs=1)


def test_distance_is_that_of_the_ellipsoid_to_the_north_too() -> None:
    a, b = square(0, 0), square(0, 9)
    _, _, metres = Geod(ellps="WGS84").inv(5.72, 45.185, 5.72, 45.225)
    assert geometry.distance_m(a, b) == pytest.approx(metres, abs=1)


@pytest.mark.parametrize(
    ("lon", "lat", "inside"),
    [
        (2.35, 48.85, True), (9.45, 42.7, True), (55.45, -20.88, True), (-61.53, 16.24, True),
        (45.23, -12.78, True), (-56.17, 46.78, True), (166.44, -22.27, True), (0.0, 0.0, False),
        (-0.12, 51.51, False), (13.4, 52.5, False), (48.85, 2.35, False),
    ],
)  # fmt: skip
def test_france_is_where_it_is(lon: float, lat: float, inside: bool) -> None:
    assert geometry.in_france(lon, lat) is inside


LON = st.floats(-5.6, 9.7, allow_nan=False)
LAT = st.floats(41.2, 51.2, allow_nan=False)


@given(LON, LAT, st.floats(0.0005, 0.03), st.floats(0.0005, 0.03), st.data())
def test_cells_hold_the_cell_of_every_point(
    lon: float, lat: float, width: float, height: float, data: st.DataObject
) -> None:
    polygon = shapely.box(lon, lat, lon + width, lat + height)
    west, south, east, north = polygon.bounds
    x = data.draw(st.one_of(st.sampled_from([west, east]), st.floats(west, east)))
    y = data.draw(st.one_of(st.sampled_from([south, north]), st.floats(south, north)))
    assert squares.cell(x, y) in squares.cells(polygon)


@given(st.floats(-180, 180), st.floats(-90, 90))
def test_a_cell_fits_a_32_bit_column(lon: float, lat: float) -> None:
    assert 0 <= squares.cell(lon, lat) < 2**31


def test_cells_are_few_for_a_neighbourhood() -> None:
    assert len(squares.cells(square())) <= 4
