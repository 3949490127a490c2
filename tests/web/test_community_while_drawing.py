"""Ma communauté: what is said while one draws, and two who make one at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import shapely
from werkzeug.test import TestResponse

from community_store import outlines
from community_store.geometry import to_geojson
from community_store.models import Community
from tests.community_store.ground import SIDE, SOUTH, WEST, middle, square
from tests.dispatch.world import INSEE
from tests.web.founders import check, drawn, founds, now, resident
from tests.web.house import House, words

# while one draws


def test_a_drawing_is_told_its_area_and_its_homes(house: House) -> None:
    _, visitor = resident(house)
    ring = outlines.circle((middle()[1], middle()[0]), 200)
    said = check(visitor, to_geojson(ring)).get_json()
    assert said["ok"]
    assert 11 < said["area_ha"] < 13
    assert 80 < said["homes"]["about"] < 110
    assert said["homes"]["low"] < said["homes"]["about"] < said["homes"]["high"]
    assert "12 ha" in said["said"].replace("\u00a0", " ")
    assert "C'est une bonne taille" in said["said"]
    assert house.world.rows(Community) == []


def test_an_overlap_is_shown_and_can_be_trimmed(house: House) -> None:
    house.world.community("Les Lilas")
    _, visitor = resident(house, column=1)
    whole = shapely.box(WEST + SIDE * 0.8, SOUTH, WEST + SIDE * 2, SOUTH + SIDE)
    said = check(visitor, to_geojson(whole)).get_json()
    assert (said["ok"], said["code"]) == (False, "overlap")
    assert "Les Lilas" in said["message"]
    assert said["area_ha"] > 20
    assert shapely.geometry.shape(said["where"]).within(square().buffer(1e-9))
    trimmed = check(visitor, {"trim": to_geojson(whole)}).get_json()
    assert trimmed["ok"], trimmed
    assert shapely.geometry.shape(trimmed["boundary"]).equals_exact(square(1), 1e-6, normalize=True)


def test_a_circle_comes_back_to_be_drawn_on(house: House) -> None:
    _, visitor = resident(house)
    said = check(visitor, {"radius": 100}).get_json()
    assert said["ok"]
    assert len(said["boundary"]["coordinates"][0]) == outlines.CORNERS + 1
    assert not check(visitor, {"radius": 1e9}).get_json()["ok"]


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"7", b'"x"', b"\xff\xfe", b'{"trim": 3}',
                                  b'{"radius": 123456}', b'{"radius": "150"}'])  # fmt: skip
def test_whatever_else_is_sent_to_be_checked_is_answered_in_words(
    house: House, body: bytes
) -> None:
    _, visitor = resident(house)
    said = check(visitor, body)
    assert said.status_code == 200
    assert said.get_json()["message"]


# two at once


def test_of_two_who_make_overlapping_communities_at_once_one_wins_and_the_other_may_join(
    house: House,
) -> None:
    house.world.town(INSEE)
    house.world.town("38421")
    couple = [resident(house), resident(house, column=1)]
    left = shapely.box(WEST, SOUTH, WEST + SIDE * 1.3, SOUTH + SIDE)
    right = shapely.box(WEST + SIDE * 0.7, SOUTH, WEST + SIDE * 2, SOUTH + SIDE)
    tries = [("À gauche", left), ("À droite", right)]
    ready = threading.Barrier(2)

    def go(n: int) -> TestResponse:
        name, ring = tries[n]
        ready.wait()
        return founds(couple[n][1], ring, name=name)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(go, range(2)))
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    loser = [answer.status_code for answer in answers].index(409)
    (made,) = house.world.rows(Community)
    page = words(answers[loser])
    assert f"La zone empiète sur la communauté {made.name}" in page
    assert f"Rejoindre {made.name}" in page
    assert "data-where=" in page
    assert drawn(tries[loser][1]) in page
    visitor = couple[loser][1]
    assert visitor.lands(visitor.post("/community/join", community=str(made.id))) == "/activation"
    assert now(house.world, couple[loser][0]).community_id == made.id


def test_of_two_neighbours_who_draw_around_both_homes_the_second_is_told_that_they_are_in(
    house: House,
) -> None:
    house.world.town(INSEE)
    couple = [resident(house), resident(house, column=0.2)]
    ready = threading.Barrier(2)

    def go(n: int) -> TestResponse:
        ready.wait()
        return founds(couple[n][1], square(), name=f"Quartier {n}")

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(go, range(2)))
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    (made,) = house.world.rows(Community)
    told = next(words(answer) for answer in answers if answer.status_code == 409)
    assert f"Vous êtes déjà dans la communauté {made.name}" in told
    assert "Voir ma communauté" in told
    assert {now(house.world, member).community_id for member, _ in couple} == {made.id}
