"""Ma communauté: each case, each rule's message, and two creators at once (S12 to S20)."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import shapely
from werkzeug.test import TestResponse

from community_store import outlines
from community_store.geometry import to_geojson
from community_store.models import Community, JoinRequest, Member, MemberState, Town
from community_store.store import Store
from tests.community_store.ground import SIDE, SOUTH, WEST, middle, square
from tests.dispatch.world import INSEE, World, make_world
from tests.rigs.processes import free_port
from tests.web.house import SITE, TOKEN, House, Visitor, make_house, words


def resident(house: House, column: float = 0, **more: Any) -> tuple[Member, Visitor]:
    """Somebody on the way in, at home in the middle of a square, in no community."""
    lat, lon = middle()
    values = {"state": MemberState.PENDING, "lat": lat, "lon": lon + column * SIDE} | more
    member = house.world.member(None, **values)
    return member, house.inside(house.account_of(member, password=False))


def now(world: World, member: Member) -> Member:
    (row,) = world.rows(Member, id=member.id)
    assert isinstance(row, Member)
    return row


def drawn(ring: shapely.Polygon) -> str:
    return json.dumps(to_geojson(ring))


def founds(visitor: Visitor, ring: shapely.Polygon | None = None, **more: str) -> TestResponse:
    said = {"name": "Les Tilleuls", "referent": "no", "town": INSEE} | more
    if ring is not None:
        said["boundary"] = drawn(ring)
    return visitor.post("/community/new", **said)


def check(visitor: Visitor, body: Any) -> TestResponse:
    token = TOKEN.search(visitor.get("/help").text)
    assert token
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return visitor.client.post(
        "/community/check", base_url=SITE, data=data, content_type="application/json",
        headers={"X-CSRFToken": token[1], **visitor.headers},
    )  # fmt: skip


# a community to belong to


def test_who_lives_inside_a_community_is_congratulated_with_its_name_and_its_members(
    house: House,
) -> None:
    home = house.world.community("Les Lilas")
    house.world.members(home, 3)
    _, visitor = resident(house, community_id=home)
    page = words(visitor.get("/community"))
    assert "Félicitations ! Votre communauté est Les Lilas" in page
    assert "3 membres y sont déjà inscrits." in page
    assert 'href="/activation"' in page
    assert '"kind": "own"' in page


def test_an_active_member_goes_on_to_the_first_steps(house: House) -> None:
    home = house.world.community("Les Lilas")
    _, visitor = resident(house, community_id=home, state=MemberState.ACTIVE)
    page = words(visitor.get("/community"))
    assert 'href="/first-steps"' in page
    assert "/activation" not in page


def test_communities_around_are_listed_nearest_first_and_shown_as_zones(house: House) -> None:
    house.world.community("Les Lilas", address="Rue des Lilas, 38990 Valmoutier")
    house.world.community("Les Roses")
    _, visitor = resident(house, column=-1)
    page = words(visitor.get("/community"))
    assert "2 communautés de voisins existent près de chez vous." in page
    assert page.index("<h3>Les Lilas</h3>") < page.index("<h3>Les Roses</h3>")
    assert "à 200 m de chez vous" in page
    assert "Rue des Lilas, 38990 Valmoutier" in page
    assert page.count('"kind": "near"') == 2
    assert "Créer ma communauté" in page


def test_where_there_is_none_one_is_told_how_to_make_it(house: House) -> None:
    _, visitor = resident(house)
    page = words(visitor.get("/community"))
    assert "Il n'y a pas encore de communauté près de chez vous." in page
    assert 'href="/community/new"' in page


def test_who_has_no_place_is_led_to_give_an_address(house: House) -> None:
    house.world.community("Les Lilas")
    _, visitor = resident(house, lat=None, lon=None)
    page = words(visitor.get("/community"))
    assert "Nous ne savons pas encore où se trouve votre logement." in page
    assert 'href="/join"' in page
    assert visitor.lands(visitor.get("/community/new")) == "/community"
    assert "Les Lilas" not in visitor.get("/community/list").text
    found = words(visitor.get("/community/list?q=lilas"))
    assert "Les Lilas" in found
    assert "Placez d'abord votre logement sur la carte" in found
    assert 'name="community"' not in found


# the list


def test_the_list_has_those_of_the_town_with_address_members_and_a_button(house: House) -> None:
    home = house.world.community("Les Lilas", address="Rue des Lilas")
    house.world.community("Les Roses", insee="38421")
    house.world.members(home, 2)
    _, visitor = resident(house)
    page = words(visitor.get("/community/list"))
    assert "2 communautés trouvées" in page
    assert "Rue des Lilas" in page
    assert "2 membres" in page
    assert "Ville 38421" in page
    assert page.count('name="community"') == 2


@pytest.mark.parametrize("wanted", ["école", "ECOLE", " ecole ", "rue de l'ecole", "38185"])
def test_the_list_is_searched_whatever_the_accents(house: House, wanted: str) -> None:
    house.world.community("L'École", address="Rue de l'École")
    house.world.community("Les Roses", insee="38421")
    _, visitor = resident(house)
    page = words(visitor.get("/community/list", query_string={"q": wanted}))
    assert "<h3>L'École</h3>" in page
    assert "<h3>Les Roses</h3>" not in page


def test_what_fits_nothing_is_said_and_shown_again_as_text(house: House) -> None:
    house.world.community("Les Lilas")
    _, visitor = resident(house)
    answer = visitor.get("/community/list", query_string={"q": "<b>%_"})
    assert "Aucune communauté ne correspond" in words(answer)
    assert "<b>%" not in answer.text


def test_a_long_list_has_pages(house: House) -> None:
    for n in range(23):
        house.world.community(f"Quartier {n:02}")
    _, visitor = resident(house, column=11)
    first, second = (words(visitor.get(f"/community/list?page={n}")) for n in (1, 2))
    assert ("Quartier 00" in first, "Quartier 22" in first) == (True, False)
    assert ("Quartier 00" in second, "Quartier 22" in second) == (False, True)
    assert "Page 1 sur 2" in first
    assert "Page 2 sur 2" in words(visitor.get("/community/list?page=99"))
    assert "Page 1 sur 2" in words(visitor.get("/community/list?page=x"))


# to join


def test_who_asks_to_join_is_on_the_way_to_activation(house: House) -> None:
    home = house.world.community("Les Lilas")
    member, visitor = resident(house, column=-1)
    assert visitor.lands(visitor.post("/community/join", community=str(home))) == "/activation"
    assert now(house.world, member).community_id == home
    (request,) = house.world.rows(JoinRequest)
    assert (request.member_id, request.community_id) == (member.id, home)
    page = words(visitor.get("/community"))
    assert "Votre choix : Les Lilas" in page
    assert "en dehors de son périmètre" in page


def test_another_may_be_chosen_before_anybody_decided(house: House) -> None:
    first, second = house.world.community("Les Lilas"), house.world.community("Les Roses")
    member, visitor = resident(house, column=-1)
    for home in (first, second):
        visitor.post("/community/join", community=str(home))
    assert now(house.world, member).community_id == second
    assert len(house.world.rows(JoinRequest)) == 1


@pytest.mark.parametrize("id_", ["999", "", "x", "-1", "1.5", "²", "9" * 30, "1; drop"])
def test_a_community_that_is_not_there_is_not_found(house: House, id_: str) -> None:
    house.world.community("Les Lilas")
    _, visitor = resident(house)
    assert visitor.post("/community/join", community=id_).status_code == 404


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"lat": None, "lon": None}, "Placez d'abord votre logement sur la carte"),
        ({"lat": 45.3}, "Choisissez-en une à moins de 5 km, ou créez la vôtre."),
    ],
)
def test_what_a_rule_refuses_is_said_in_words(
    house: House, more: dict[str, Any], told: str
) -> None:
    home = house.world.community("Les Lilas")
    member, visitor = resident(house, **more)
    answer = visitor.post("/community/join", community=str(home))
    assert answer.status_code == 409
    assert told in words(answer)
    assert now(house.world, member).community_id is None


def test_who_is_active_in_a_community_is_told_so_and_stays(house: House) -> None:
    mine, other = house.world.community("Les Lilas"), house.world.community("Les Roses")
    member, visitor = resident(house, community_id=mine, state=MemberState.ACTIVE)
    answer = visitor.post("/community/join", community=str(other))
    assert answer.status_code == 409
    assert "Vous êtes déjà dans une communauté" in words(answer)
    row = now(house.world, member)
    assert (row.community_id, row.state) == (mine, MemberState.ACTIVE)


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
    assert answer.status_code == 409
    page = words(answer)
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


def test_a_name_that_the_town_has_is_refused(house: House) -> None:
    house.world.community("Les Tilleuls")
    _, visitor = resident(house, column=2)
    answer = founds(visitor, square(2))
    assert answer.status_code == 409
    assert "porte déjà ce nom" in words(answer)


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
