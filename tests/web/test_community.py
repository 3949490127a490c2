"""A community to belong to: the one around the home, one that is near, or one of one's own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from community_store import membership, movements
from community_store.models import Community, JoinRequest, Member, MemberState, Town
from community_store.store import Store
from dispatch import farewell, requests
from tests.dispatch.world import make_world
from tests.web.house import SITE, TOKEN, House, Visitor, make_house, words

HOME = (45.19, 5.72)  # far from anybody's community; see World.community for where those are


@pytest.fixture
def place(sqlite_store: Store, redis_url: str, tmp_path: Path, addok: str) -> Iterator[House]:
    with make_world(sqlite_store, redis_url, tmp_path, geo={"geocoder_url": addok}) as world:
        world.number()
        yield make_house(world)


def pending(house: House, *, at: tuple[float, float] | None = HOME, **more: object) -> Member:
    lat, lon = at or (None, None)
    return house.world.member(
        None, state=MemberState.PENDING, lat=lat, lon=lon, address="1 rue du Pré", **more
    )


def inside(house: House, member: Member) -> Visitor:
    return house.inside(house.account_of(member, password=False))


def square(lat: float = HOME[0], lon: float = HOME[1], half: float = 0.001) -> str:
    west, east, south, north = lon - half, lon + half, lat - half, lat + half
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return json.dumps({"type": "Polygon", "coordinates": [ring]})


def middle(house: House, community: int) -> tuple[float, float]:
    ground = house.world.rows(Community, id=community)[0].boundary.centroid
    return ground.y, ground.x


def create(visitor: Visitor, **other: str) -> TestResponse:
    form = {"name": "Le Pré", "referent": "yes", "boundary": square(), "town": ""} | other
    return visitor.post("/community/new", **form)


def again(house: House, member: Member) -> Member:
    [row] = house.world.rows(Member, id=member.id)
    assert isinstance(row, Member)
    return row


# the three cases


def test_a_home_inside_is_welcomed_with_the_name_and_the_members(place: House) -> None:
    lilas = place.world.community("Les Lilas")
    place.world.members(lilas, 3)
    member = pending(place, at=middle(place, lilas))
    place.world.change(member, community_id=lilas)
    page = words(inside(place, member).get("/community"))
    assert "Les Lilas" in page
    assert "3 " in page
    assert 'href="/activation"' in page


def test_near_ones_are_on_the_map_and_in_a_list_and_one_may_be_asked(place: House) -> None:
    lilas = place.world.community("Les Lilas")
    lat, lon = middle(place, lilas)
    member = pending(place, at=(lat + 0.01, lon))
    visitor = inside(place, member)
    page = words(visitor.get("/community"))
    assert "Les Lilas" in page
    assert f'data-zone="{lilas}"' in page
    assert visitor.lands(visitor.post("/community/join", community=str(lilas))) == "/activation"
    assert again(place, member).community_id == lilas
    [request] = place.world.rows(JoinRequest, member_id=member.id)
    assert request.community_id == lilas


def test_an_active_member_of_no_community_asks_too_and_waits_again(place: House) -> None:
    lilas = place.world.community("Les Lilas")
    lat, lon = middle(place, lilas)
    member = place.world.member(None, lat=lat + 0.01, lon=lon)
    visitor = inside(place, member)
    for path in ("/community", "/community/list"):
        assert f'name="community" value="{lilas}"' in visitor.get(path).text
    assert visitor.lands(visitor.post("/community/join", community=str(lilas))) == "/activation"
    row = again(place, member)
    assert (row.state, row.community_id) == (MemberState.PENDING, lilas)
    assert visitor.get("/first-steps").status_code == 403


def test_an_active_member_who_lives_inside_is_in_at_once(place: House) -> None:
    lilas = place.world.community("Les Lilas")
    member = place.world.member(None, lat=middle(place, lilas)[0], lon=middle(place, lilas)[1])
    visitor = inside(place, member)
    assert visitor.lands(visitor.post("/community/join", community=str(lilas))) == "/community"
    assert "Félicitations" in words(visitor.get("/community"))
    assert again(place, member).state == MemberState.ACTIVE
    answer = visitor.post("/community/join", community=str(lilas))
    assert answer.status_code == 409
    assert "déjà dans une communauté" in words(answer)


def test_none_around_leads_to_making_one(place: House) -> None:
    place.world.community("Les Lilas")
    page = words(inside(place, pending(place, at=(48.85, 2.35))).get("/community"))
    assert 'href="/community/new"' in page
    assert "Les Lilas" not in page


def test_a_home_without_a_place_is_told_what_to_do(place: House) -> None:
    visitor = inside(place, pending(place, at=None))
    assert 'href="/join"' in visitor.get("/community").text
    assert visitor.lands(visitor.get("/community/new")) == "/community"


@pytest.mark.parametrize("named", ["", "0", "999999", "x", "1 OR 1", "9" * 40])
def test_a_community_that_is_not_there_is_404(place: House, named: str) -> None:
    answer = inside(place, pending(place)).post("/community/join", community=named)
    assert answer.status_code == 404


def test_one_that_is_far_is_refused_in_words(place: House) -> None:
    lilas = place.world.community("Les Lilas")
    answer = inside(place, pending(place, at=(48.85, 2.35))).post(
        "/community/join", community=str(lilas)
    )
    assert answer.status_code == 409
    assert "km" in words(answer)


def test_the_list_is_searched_without_accents(place: House) -> None:
    for name in ("Les Lilas", "École", "Vignes"):
        place.world.community(name)
    lat, lon = middle(place, place.world.rows(Community)[0].id)
    visitor = inside(place, pending(place, at=(lat + 0.01, lon)))
    page = words(visitor.get("/community/list?q=ecole"))
    assert "École" in page
    assert "Vignes" not in page
    assert "Vignes" in words(visitor.get("/community/list"))


# making one


def test_a_resident_makes_a_community_and_looks_after_it(place: House) -> None:
    place.world.town("38001")
    member = pending(place)
    visitor = inside(place, member)
    answer = create(visitor, town="38001")
    assert visitor.lands(answer) == "/community"
    [made] = place.world.rows(Community, name="Le Pré")
    row = again(place, member)
    assert (row.community_id, row.referent) == (made.id, True)
    assert "Le Pré" in words(visitor.get("/community"))


def test_a_circle_around_the_home_needs_no_drawing(place: House) -> None:
    place.world.town("38001")
    visitor = inside(place, pending(place))
    answer = create(visitor, boundary="", radius="150", town="38001", referent="no")
    assert visitor.lands(answer) == "/community"
    [made] = place.world.rows(Community, name="Le Pré")
    assert 5 < made.area_ha < 8


@pytest.mark.parametrize(
    ("boundary", "told"),
    [
        ("{", "pas été compris"),
        (square(half=0.0001), "trop petite"),
        (square(half=0.05), "trop grande"),
        (square(lat=45.3), "chez vous"),
        ('{"type":"Point","coordinates":[5,45]}', "zone fermée"),
        ('{"type":"Polygon","coordinates":[[[2,48],[2.001,48.001],[2.001,48],[2,48.001],[2,48]]]}',
         "se croise"),
    ],
)  # fmt: skip
def test_what_a_rule_refuses_is_said_and_all_is_kept(
    place: House, boundary: str, told: str
) -> None:
    place.world.town("38001")
    answer = create(inside(place, pending(place)), boundary=boundary, town="38001")
    assert answer.status_code == 409
    page = words(answer)
    assert told in page
    assert 'value="Le Pré"' in page
    assert place.world.rows(Community) == []


def test_whoever_is_quicker_wins_and_the_other_is_offered_to_join(place: House) -> None:
    place.world.town("38001")
    visitors = [inside(place, pending(place)) for _ in range(2)]
    answers: list[TestResponse] = []
    start = threading.Barrier(2)

    def go(number: int) -> None:
        start.wait()
        answers.append(create(visitors[number], name=f"Pré {number}", town="38001"))

    threads = [threading.Thread(target=go, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    codes = sorted(one.status_code for one in answers)
    assert codes == [303, 409]
    [made] = place.world.rows(Community)
    told = next(words(one) for one in answers if one.status_code == 409)
    assert made.name in told


def test_overlapping_a_neighbour_offers_the_neighbour(place: House) -> None:
    lilas = place.world.community("Les Lilas")
    lat = middle(place, lilas)[0]
    box = place.world.rows(Community, id=lilas)[0].boundary.bounds
    home = (lat, box[2] + 0.0005)
    visitor = inside(place, pending(place, at=home))
    answer = create(visitor, boundary=square(*home), town="38001")
    assert answer.status_code == 409
    assert f'name="community" value="{lilas}"' in answer.text


def test_the_town_is_asked_where_nobody_can_say_it(
    sqlite_store: Store, redis_url: str, tmp_path: Path
) -> None:
    with make_world(sqlite_store, redis_url, tmp_path, geo={"geocoder_url": ""}) as world:
        world.number()
        house = make_house(world)
        world.add(Town(insee="38001", name="Les Abrets"))
        visitor = inside(house, pending(house))
        asked = create(visitor)
        assert asked.status_code == 503
        assert "Les Abrets" in words(asked)
        assert visitor.lands(create(visitor, town="38001")) == "/community"


# while one draws


def check(visitor: Visitor, document: str) -> dict[str, object]:
    token = TOKEN.search(visitor.get("/help").text)
    assert token
    answer = visitor.client.post(
        "/community/check", base_url=SITE, data=document, content_type="application/json",
        headers={"X-CSRFToken": token[1]},
    )  # fmt: skip
    assert answer.status_code == 200
    assert isinstance(answer.json, dict)
    return answer.json


def test_a_drawing_is_measured_and_checked(place: House) -> None:
    visitor = inside(place, pending(place))
    fine = check(visitor, square())
    assert fine["ok"] is True
    assert 3 < float(str(fine["area_ha"])) < 4
    assert "logements" in str(fine["said"])
    small = check(visitor, square(half=0.0001))
    assert small["ok"] is False
    assert small["where"]
    assert "trop petite" in str(small["message"])
    circle = check(visitor, '{"radius": 200}')
    assert circle["boundary"]


@pytest.mark.parametrize(
    "document",
    ["", "[" * 5000, "null", "1", '"x"', '{"radius": 7}', '{"trim": 3}',
     '{"type":"Polygon","coordinates":[[' + ",".join("[5,45]" for _ in range(60_000)) + "]]}"],
)  # fmt: skip
def test_what_is_no_drawing_is_refused_in_words(place: House, document: str) -> None:
    answer = check(inside(place, pending(place)), document)
    assert answer["ok"] is False
    assert answer["message"]


# whoever made one is refused, or goes, before anybody vouched for them


def refused(house: House, member: Member) -> None:
    with house.world.act() as act:
        kept = act.session.get_one(Member, member.id)
        requests.decide_for(act, kept, accept=False, by="team 1")


def test_a_founder_who_is_refused_leaves_the_ground_to_others(place: House) -> None:
    place.world.town("38001")
    founder = pending(place)
    create(inside(place, founder), town="38001")
    refused(place, founder)
    assert place.world.rows(Community) == []
    visitor = inside(place, pending(place, first_name="Nina"))
    assert visitor.lands(create(visitor, town="38001")) == "/community"


def test_a_founder_who_closes_the_account_leaves_the_ground_to_others(place: House) -> None:
    place.world.town("38001")
    founder = pending(place)
    create(inside(place, founder), town="38001")
    with place.world.act() as act:
        farewell.close(act, act.session.get_one(Member, founder.id))
    assert place.world.rows(Community) == []


@pytest.mark.parametrize("who", ["another waits", "another lived there", "not the founder"])
def test_a_community_of_others_stays(place: House, who: str) -> None:
    place.world.town("38001")
    founder = leaves = pending(place)
    create(inside(place, founder), town="38001")
    [made] = place.world.rows(Community)
    if who == "another lived there":
        neighbour = place.world.member(made.id)
        with place.world.act() as act:
            kept = act.session.get_one(Member, neighbour.id)
            movements.arrived(act.session, kept)
            membership.close(act.session, kept)
    else:
        other = place.world.member(made.id, state=MemberState.PENDING)
        leaves = other if who == "not the founder" else founder
    refused(place, leaves)
    assert len(place.world.rows(Community)) == 1
