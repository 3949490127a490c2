"""Ma communauté: making one, each rule's message, and its town (S16 to S20)."""

from __future__ import annotations

import time
from typing import Any

import pytest
import shapely

from community_store import outlines
from community_store.geometry import to_geojson
from community_store.models import Community, Town
from community_store.store import Store
from tests.community_store.ground import SIDE, SOUTH, WEST, middle, square
from tests.dispatch.world import INSEE, make_world
from tests.rigs.processes import free_port
from tests.web.founders import check, drawn, founds, now, resident
from tests.web.house import House, make_house, words

# to make one


def test_a_community_is_made_with_what_was_drawn(house: House) -> None:
    house.world.town(INSEE)
    member, visitor = resident(house)
    assert "Créer ma communauté" in words(visitor.get("/community/new"))
    assert visitor.lands(founds(visitor, square(), referent="yes")) == "/community"
    (made,) = house.world.rows(Community)
    assert (made.name, made.town_insee) == ("Les Tilleuls", INSEE)
    assert made.boundary.equals(square())
    assert (now(house.world, member).community_id, now(house.world, member).referent) == (
        made.id,
        True,
    )
    page = words(visitor.get("/community"))
    assert "Félicitations ! Votre communauté est Les Tilleuls" in page
    assert "Vous avez accepté d'en être référent" in page
    assert visitor.lands(visitor.get("/community/new")) == "/community"


def test_without_scripts_a_circle_is_made_that_keeps_off_the_neighbours(house: House) -> None:
    house.world.community("Les Lilas")
    member, visitor = resident(house, column=1 - 0.4)  # 40 m beyond the edge of Les Lilas
    assert visitor.lands(founds(visitor, radius="150")) == "/community"
    (lilas, made) = house.world.rows(Community)
    assert now(house.world, member).community_id == made.id
    assert shapely.area(shapely.intersection(made.boundary, lilas.boundary)) < 1e-12
    whole = outlines.circle((member.lon or 0, member.lat or 0), 150)
    assert 0.4 < made.boundary.area / whole.area < 0.9


def test_a_circle_where_the_home_is_a_neighbours_ground_is_refused_with_the_offer(
    house: House,
) -> None:
    home = house.world.community("Les Lilas")
    _, visitor = resident(house)
    answer = founds(visitor, radius="150")
    assert answer.status_code == 409
    page = words(answer)
    assert "La zone empiète sur la communauté Les Lilas" in page
    assert f'<button class="button" name="community" value="{home}"' in page


def test_what_was_typed_and_drawn_is_kept_when_something_is_wrong(house: House) -> None:
    house.world.town(INSEE)
    _, visitor = resident(house)
    answer = founds(visitor, square(), name="", referent="")
    assert answer.status_code == 422
    page = words(answer)
    assert "Donnez un nom à votre communauté." in page
    assert "Dites-nous si vous voulez être référent." in page
    assert drawn(square()) in page
    answer = founds(visitor, square(3), name='Le "Bourg" <neuf>', referent="yes")
    assert answer.status_code == 422
    page = words(answer)
    assert "Écrivez ce nom avec des lettres, des chiffres et de la ponctuation" in page
    assert 'value="Le "Bourg" <neuf>"' in page
    assert drawn(square(3)) in page
    assert 'value="yes" checked' in page


def lasso() -> shapely.Polygon:
    """It crosses itself around the home."""
    a = SIDE
    corners = [(0, 0), (a, a), (a, 0), (0, a)]
    return shapely.Polygon([(WEST + x, SOUTH + y) for x, y in corners])


def many() -> shapely.Polygon:
    return shapely.Point(*reversed(middle())).buffer(0.002, quad_segs=200)


REFUSED = [
    (
        outlines.circle((middle()[1], middle()[0]), 20),
        "La zone est trop petite : 0,12 ha, et il faut au moins 0,3 ha.",
    ),
    (square(side=0.05), "La zone est trop grande"),
    (square(1), "Votre logement est hors de la zone"),
    (lasso(), "Le contour se croise ou se touche à l'endroit montré sur la carte."),
    (many(), "La zone a 800 points : il en faut de 3 à 500."),
    (shapely.box(WEST, SOUTH, WEST + 0.4, SOUTH + SIDE), "La zone s'étend sur plus de 20 km."),
    (shapely.box(-40, 45, -39.9, 45.1), "Un point de la zone est hors de France"),
]


@pytest.mark.parametrize(("ring", "told"), REFUSED, ids=range(len(REFUSED)))
def test_each_rule_of_a_boundary_is_said_and_shown(
    house: House, ring: shapely.Polygon, told: str
) -> None:
    house.world.town(INSEE)
    _, visitor = resident(house)
    answer = founds(visitor, ring)
    assert answer.status_code == 409
    assert told in words(answer)
    if "points" not in told:
        assert "data-where=" in answer.text
    assert house.world.rows(Community) == []
    said = check(visitor, to_geojson(ring)).get_json()
    assert not said["ok"]
    assert told in said["message"].replace("\u00a0", " ")
    assert (said["where"] is None) == ("points" in told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "Le dessin n'a pas été compris."),
        ('{"type": "Point", "coordinates": [5, 45]}', "Dessinez une zone fermée sur la carte."),
        ("[" * 200_000, "Le dessin n'a pas été compris."),
        ("x" * 300_000, "Ce dessin est trop lourd."),
        ('{"type":"Polygon","coordinates":[[' + "[5.1,45.1]," * 20_000 + "[5.1,45.1]]]}", "points"),
    ],
    ids=["broken", "point", "deep", "heavy", "long"],
)
def test_what_is_no_boundary_is_refused_quickly(house: House, text: str, told: str) -> None:
    house.world.town(INSEE)
    _, visitor = resident(house)
    begun = time.monotonic()
    answer = visitor.post(
        "/community/new", name="Les Tilleuls", referent="no", town=INSEE, boundary=text
    )
    said = check(visitor, text.encode())
    assert time.monotonic() - begun < 2
    assert answer.status_code == 409
    assert told in words(answer)
    assert told in said.get_json()["message"].replace("\u00a0", " ")


def test_a_drawing_larger_than_any_body_may_be_is_refused_unread(house: House) -> None:
    _, visitor = resident(house)
    answer = visitor.post("/community/new", name="x", referent="no", boundary="1" * 2_000_000)
    assert answer.status_code == 413


def test_nothing_drawn_and_no_circle_is_said(house: House) -> None:
    house.world.town(INSEE)
    _, visitor = resident(house)
    answer = founds(visitor, radius="77")
    assert answer.status_code == 409
    assert "Dessinez une zone fermée sur la carte." in words(answer)


@pytest.mark.parametrize("scripts", [True, False])
def test_a_second_press_leads_to_what_the_first_made(house: House, scripts: bool) -> None:
    house.world.town()
    _, visitor = resident(house)
    ring = square() if scripts else None
    circle = {} if scripts else {"radius": "200"}
    assert visitor.lands(founds(visitor, ring, **circle)) == "/community"
    assert visitor.lands(founds(visitor, ring, **circle)) == "/community"
    other = founds(visitor, square(), name="Les Frênes")
    assert other.status_code == 409
    assert "Vous avez déjà une communauté" in words(other)
    assert "n'est pas encore créée" not in words(other)


def test_a_name_that_the_town_has_is_refused(house: House) -> None:
    house.world.community("Les Tilleuls")
    _, visitor = resident(house, column=2)
    answer = founds(visitor, square(2))
    assert answer.status_code == 409
    assert "porte déjà ce nom" in words(answer)


# in which town


def test_the_town_is_that_of_the_address_server(
    sqlite_store: Store, redis_url: str, tmp_path: Any, addok: str
) -> None:
    with make_world(sqlite_store, redis_url, tmp_path, geo={"geocoder_url": addok}) as world:
        world.number()
        house = make_house(world)
        _, visitor = resident(house, lat=45.1824, lon=5.7222)  # 1 Rue des Lilas
        assert visitor.lands(founds(visitor, square(), town="")) == "/community"
        (town,) = world.rows(Town)
        assert (town.insee, town.name) == ("38185", "Valmoutier")
        (made,) = world.rows(Community)
        assert made.address == "Rue des Lilas, 38990 Valmoutier"
        assert not made.address[0].isdigit()


def test_while_it_is_away_the_town_is_that_of_a_close_neighbour(
    sqlite_store: Store, redis_url: str, tmp_path: Any
) -> None:
    geo = {"geocoder_url": f"http://127.0.0.1:{free_port()}"}
    with make_world(sqlite_store, redis_url, tmp_path, geo=geo) as world:
        world.number()
        world.community("Les Lilas", insee="38421")
        house = make_house(world)
        _, visitor = resident(house, column=1)
        assert visitor.lands(founds(visitor, square(1), town="")) == "/community"
        assert {one.town_insee for one in world.rows(Community)} == {"38421"}


def test_where_nobody_can_say_it_is_chosen_from_the_towns_that_are_known(house: House) -> None:
    house.world.town("38421")
    house.world.town(INSEE)
    _, visitor = resident(house)
    answer = founds(visitor, square(), town="")
    assert answer.status_code == 503
    page = words(answer)
    assert "Choisissez votre commune dans la liste." in page
    assert '<option value="38421"' in page
    assert drawn(square()) in page
    assert founds(visitor, square(), town="99999").status_code == 503
    assert visitor.lands(founds(visitor, square(), town="38421")) == "/community"


def test_where_no_town_is_known_one_is_asked_to_come_back(house: House) -> None:
    _, visitor = resident(house)
    answer = founds(visitor, square(), town="")
    assert answer.status_code == 503
    page = words(answer)
    assert "réessayez dans quelques minutes" in page
    assert drawn(square()) in page


def test_the_pages_are_also_in_english(house: House) -> None:
    house.world.community("Les Lilas")
    _, visitor = resident(house, column=-1)
    assert "One community of neighbours is near" in words(visitor.get("/community?lang=en"))
    assert "Would you like to be a coordinator?" in words(visitor.get("/community/new?lang=en"))


def test_a_community_does_not_pass_for_the_town_hall(house: House) -> None:
    house.world.town(INSEE)
    _, visitor = resident(house)
    answer = founds(visitor, square(), name="Mairie de Grenoble")
    assert answer.status_code == 409
    assert "celui d'une institution" in words(answer)
    assert house.world.rows(Community) == []
