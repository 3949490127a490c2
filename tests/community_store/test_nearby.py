"""The communities around a point, and how many homes a boundary may hold."""

from __future__ import annotations

import pytest
import shapely

from community_store import nearby
from community_store.geometry import between_m
from community_store.homes import homes
from community_store.store import Store
from tests.community_store.ground import SIDE, SOUTH, WEST, community, middle

pytestmark = pytest.mark.both


def test_the_nearest_come_first_with_their_distance(store: Store) -> None:
    with store.begin() as session:
        names = ("Ici", "À côté", "Plus loin")
        for column, name in enumerate(names):
            community(session, name, 3 * column)
    lat, lon = middle(0)
    with store.read() as session:
        found = nearby.near(session, lat, lon)
    assert [one.community.name for one in found] == list(names)
    edge = between_m((lon, lat), (WEST + 3 * SIDE, lat))
    assert [one.distance_m for one in found[:2]] == [0, pytest.approx(edge, abs=1)]


def test_what_is_too_far_or_too_many_is_left_out(store: Store) -> None:
    with store.begin() as session:
        for column in range(4):
            community(session, f"Quartier {column}", 2 * column)
    lat, lon = middle(0)
    with store.read() as session:
        close = nearby.near(session, lat, lon, within_m=700)
        few = nearby.near(session, lat, lon, limit=3)
        nowhere = nearby.near(session, -21.1, 55.5)
    assert [one.community.name for one in close] == ["Quartier 0", "Quartier 1"]
    assert [one.community.name for one in few] == ["Quartier 0", "Quartier 1", "Quartier 2"]
    assert nowhere == []


def test_a_large_community_whose_middle_is_far_is_near(store: Store) -> None:
    wide = shapely.box(WEST + 0.001, SOUTH, WEST + 0.04, SOUTH + 0.006)
    with store.begin() as session:
        community(session, "La longue", boundary=wide)
    with store.read() as session:
        found = nearby.near(session, SOUTH + 0.003, WEST, within_m=100)
    assert [round(one.distance_m) for one in found] == [79]


@pytest.mark.parametrize(
    ("area_ha", "per_ha", "about", "low", "high"),
    [(12.5, 8.0, 100, 33, 300), (0.3, 2.0, 1, 1, 2), (400, 8.0, 3200, 1100, 9600)],
)
def test_the_estimate_is_round_and_says_how_unsure_it_is(
    area_ha: float, per_ha: float, about: int, low: int, high: int
) -> None:
    found = homes(area_ha, per_ha)
    assert (found.about, found.low, found.high) == (about, low, high)


def test_only_what_is_far_from_a_hundred_homes_deserves_a_word() -> None:
    assert not homes(12, 8).far_from_aim
    assert homes(400, 8).far_from_aim
    assert homes(0.5, 8).far_from_aim
