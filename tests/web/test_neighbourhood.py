"""/community of who is active: what each reads, and what référents change."""

from __future__ import annotations

import io
import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
import shapely
from werkzeug.test import TestResponse

from community_store import communities, membership, outlines
from community_store.geometry import to_geojson
from community_store.models import Community, Member, MemberState, Mode, Movement, Town
from dispatch import requests
from tests.community_store.ground import SIDE, middle, square
from tests.dispatch.world import INSEE, World
from tests.web.house import SITE, TOKEN, House, Visitor, words
from tests.web.letters import counted
from web.maps import geojson


@dataclass
class Quarter:
    """Les Lilas with a référent and a neighbour at home in it, and its twin Les Roses."""

    house: House
    home: int
    other: int
    referent: Member
    neighbour: Member
    twin: Member

    @property
    def world(self) -> World:
        return self.house.world

    def browser(self, who: Member) -> Visitor:
        return self.house.inside(self.house.account_of(who, password=False))

    def page(self, who: Member, path: str = "/community") -> str:
        return words(self.browser(who).get(path))

    def community(self) -> Community:
        (found,) = self.world.rows(Community, id=self.home)
        assert isinstance(found, Community)
        return found


@pytest.fixture
def quarter(house: House) -> Quarter:
    world, (lat, lon) = house.world, middle()
    home, other = world.community("Les Lilas"), world.community("Les Roses")
    world.twin(home, other)
    here: dict[str, Any] = {"lat": lat, "lon": lon}
    return Quarter(
        house,
        home,
        other,
        world.member(home, first_name="Rose", last_name="Blanc", referent=True, **here),
        world.member(home, first_name="Jean", last_name="Petit", **here),
        world.member(other, first_name="Paul", last_name="Noir", pseudonym="Geai", referent=True),
    )


def drawn(polygon: shapely.Polygon) -> str:
    return json.dumps(geojson(polygon))


def saves(visitor: Visitor, polygon: shapely.Polygon | str, **more: str) -> TestResponse:
    """As the form does, with the version of the page."""
    page = visitor.get("/community/boundary").text
    seen = re.search(r'name="seen" value="(\w+)"', page)
    assert seen
    text = polygon if isinstance(polygon, str) else drawn(polygon)
    return visitor.post("/community/boundary", **({"boundary": text, "seen": seen[1]} | more))


# what is read


def test_the_information_of_a_community(quarter: Quarter) -> None:
    page = quarter.page(quarter.neighbour)
    assert "<h1>Les Lilas</h1>" in page
    assert "<dd>2</dd>" in page
    assert "Ville 38185" in page
    assert "L'équipe du service vérifie leur adresse." in page
    created = quarter.community().created_at
    assert f"{created.day} " in page
    assert f'href="/directory/{quarter.referent.id}"' in page
    assert "Rose Blanc" in page
    assert "Les Roses" in page
    assert page.count('"kind": "own"') == 1
    assert page.count('"kind": "twin"') == 1


def test_what_is_for_referents_is_shown_to_them_alone(quarter: Quarter) -> None:
    for path in ("/community/boundary", "/community/settings", "/community/twinning",
                 "/community/outside", "/community/boundary.geojson"):  # fmt: skip
        assert path.removesuffix(".geojson") not in quarter.page(quarter.neighbour)
        assert quarter.browser(quarter.neighbour).get(path).status_code == 403
        assert quarter.browser(quarter.referent).get(path).status_code == 200
    assert 'href="/community/boundary"' in quarter.page(quarter.referent)


@pytest.mark.parametrize("state", [MemberState.PENDING, MemberState.SUSPENDED])
def test_who_is_not_active_reads_nothing_of_it(quarter: Quarter, state: MemberState) -> None:
    quarter.world.change(quarter.referent, state=state)
    visitor = quarter.browser(quarter.referent)
    for path in ("/community/history", "/community/boundary", "/community/settings",
                 "/community/twinning", "/community/outside", "/directory"):  # fmt: skip
        assert visitor.get(path).status_code == 403, path
    page = words(visitor.get("/community"))
    assert "Jean Petit" not in page
    assert "Derniers mouvements" not in page


def test_what_happened_is_read_by_neighbours(quarter: Quarter) -> None:
    world = quarter.world
    zoe = world.member(quarter.home, first_name="Zoé", last_name="Roux", state=MemberState.PENDING)
    with world.act() as act:
        member = act.session.get_one(Member, zoe.id)
        requests.ask(act, member)
        membership.activate(act.session, member)
        communities.rename(
            act.session, act.session.get_one(Community, quarter.home), "Les Lilas bleus"
        )
    for path in ("/community", "/community/history"):
        page = quarter.page(quarter.neighbour, path)
        assert "Zoé Roux rejoint la communauté." in page
        assert "Les Lilas s'appelle désormais Les Lilas bleus." in page
        assert "demande à rejoindre" not in page
        assert "demande à rejoindre" in quarter.page(quarter.referent, path)
        if path != "/community":
            assert "Zoé" not in quarter.page(quarter.twin, path)


def test_who_left_is_named_nowhere(quarter: Quarter) -> None:
    world = quarter.world
    zoe = world.member(quarter.home, first_name="Zoé", last_name="Roux", state=MemberState.PENDING)
    with world.act() as act:
        membership.activate(act.session, act.session.get_one(Member, zoe.id))
    assert "Zoé Roux" in quarter.page(quarter.neighbour)
    with world.act() as act:
        membership.close(act.session, act.session.get_one(Member, zoe.id))
    page = quarter.page(quarter.referent)
    assert "Zoé" not in page
    assert "Un voisin a quitté la communauté." in page
    assert "Un voisin rejoint la communauté." in page


def test_without_news_without_twins_without_referent_it_is_said(house: House) -> None:
    home = house.world.community("Le Pré")
    alone = house.world.member(home)
    page = words(house.inside(house.account_of(alone)).get("/community"))
    assert "Rien de nouveau pour l'instant" in page
    assert "Un référent peut en proposer" in page
    assert "n'a pas encore de référent" in page
    assert 'href="/contact"' in page


def test_who_lives_outside_is_told_that_they_are_a_member_all_the_same(quarter: Quarter) -> None:
    quarter.world.change(quarter.neighbour, lat=45.3)
    assert "Vous en êtes membre comme les autres" in quarter.page(quarter.neighbour)
    assert "Jean Petit" in quarter.page(quarter.referent, "/community/outside")
    assert "comme les autres" not in quarter.page(quarter.referent)


def test_the_pages_are_also_in_english(quarter: Quarter) -> None:
    quarter.world.change(quarter.referent, language="en")
    for path, said in (
        ("/community", "You are a coordinator"), ("/community/history", "Nothing new yet"),
        ("/community/boundary", "Save the boundary"), ("/community/settings", "Change the name"),
        ("/community/twinning", "Propose a twinning"), ("/directory", "Neighbours' directory"),
    ):  # fmt: skip
        assert said in quarter.page(quarter.referent, path)


def test_no_more_is_asked_of_the_database_for_more_of_anything(quarter: Quarter) -> None:
    visitor, counts = quarter.browser(quarter.referent), []
    for more in (3, 12):
        fill(quarter, more)
        asked = {}
        for path in ("/community", "/community/history", "/community/outside",
                     "/community/twinning", "/directory", "/directory/print"):  # fmt: skip
            visitor.get(path)
            with counted(quarter.house) as statements:
                assert visitor.get(path).status_code == 200
            asked[path] = len(statements)
        counts.append(asked)
    assert counts[0] == counts[1]
    assert max(counts[0].values()) < 30


def fill(quarter: Quarter, count: int) -> None:
    """Neighbours, référents, requests, twins, communities nearby, people outside."""
    world = quarter.world
    for n in range(count):
        person = world.member(quarter.home, state=MemberState.PENDING, lat=45.3, lon=5.7)
        asking = world.member(quarter.home, state=MemberState.PENDING)
        other = world.community(f"Quartier {len(world.rows(Community))}")
        world.member(other, referent=True)
        if n % 2:
            world.twin(quarter.home, other)
        with world.act() as act:
            get = act.session.get_one
            membership.activate(act.session, get(Member, person.id))
            requests.ask(act, get(Member, asking.id))
        world.change(person, referent=n % 3 == 0)


# the boundary


def test_a_boundary_is_kept_as_it_was_drawn(quarter: Quarter) -> None:
    visitor = quarter.browser(quarter.referent)
    smaller = square(side=0.8 * SIDE)
    assert visitor.lands(saves(visitor, smaller)) == "/community"
    assert quarter.community().boundary.equals_exact(smaller, 1e-6, normalize=True)
    page = words(visitor.get("/community"))
    assert "Les nouvelles limites sont enregistrées." in page
    assert "Les limites de la communauté ont changé." in page


def test_nothing_drawn_changes_nothing(quarter: Quarter) -> None:
    visitor = quarter.browser(quarter.referent)
    visitor.lands(saves(visitor, square()))
    assert "Les limites n'ont pas changé." in words(visitor.get("/community"))
    assert quarter.world.rows(Movement) == []


def test_those_left_outside_are_named_to_the_referent_and_confirmed(quarter: Quarter) -> None:
    world, (lat, lon) = quarter.world, middle()
    east = lon + 0.45 * SIDE
    far = world.member(quarter.home, first_name="Élise", last_name="Évrard", lat=lat, lon=east,
                       address="9 chemin de l'Étang, 38000 Grenoble")  # fmt: skip
    hidden = world.member(quarter.home, first_name="Cachée", state=MemberState.PENDING,
                          lat=lat, lon=east)  # fmt: skip
    visitor, smaller = quarter.browser(quarter.referent), square(side=0.8 * SIDE)
    answer = saves(visitor, smaller)
    page = words(answer)
    assert answer.status_code == 409
    assert "2 membres seraient dehors" in page
    assert "Élise Évrard" in page
    assert "chemin de l'Étang" in page
    assert "9 chemin" not in page
    assert "Cachée" not in page
    assert "1 personne dont le compte n'est pas actif" in page
    assert "data-where" in page
    assert drawn(smaller)[:40] in page
    for confirmed in ([far.id], []):
        again = saves(visitor, smaller, sure="yes", outside=str(*confirmed))
        assert again.status_code == 409
    assert quarter.community().boundary.equals(square())
    ids = re.findall(r'name="outside" value="(\d+)"', answer.text)
    assert sorted(map(int, ids)) == sorted([far.id or 0, hidden.id or 0])
    token = TOKEN.search(answer.text)
    seen = re.search(r'name="seen" value="(\w+)"', answer.text)
    assert token
    assert seen
    form = {"csrf_token": token[1], "seen": seen[1], "boundary": drawn(smaller), "outside": ids}
    without = visitor.client.post("/community/boundary", base_url=SITE, data=form)
    assert without.status_code == 409, "the tick is missing"
    done = visitor.client.post("/community/boundary", base_url=SITE, data=form | {"sure": "yes"})
    assert visitor.lands(done) == "/community"
    assert world.rows(Member, id=far.id)[0].community_id == quarter.home


def test_fewer_than_half_inside_is_refused_whatever_is_confirmed(quarter: Quarter) -> None:
    world, (lat, lon) = quarter.world, middle()
    away = world.members(quarter.home, 3, lat=lat, lon=lon + 0.45 * SIDE)
    visitor = quarter.browser(quarter.referent)
    answer = saves(visitor, square(side=0.8 * SIDE), sure="yes", outside=str(away[0].id))
    assert answer.status_code == 409
    assert "trop de membres dehors : 3 sur 5" in words(answer)
    assert 'name="sure"' not in answer.text


@pytest.mark.parametrize(
    ("ring", "told"),
    [
        (square() | square(1), "empiète sur la communauté Les Roses"),
        (square(side=0.0004), "trop petite"),
        (square(side=0.05), "trop grande"),
        (shapely.Polygon([(5.72, 45.18), (5.725, 45.185), (5.725, 45.18), (5.72, 45.185)]),
         "se croise"),
        (shapely.box(5.72, 52.0, 5.725, 52.005), "hors de France"),
    ],
    ids=["overlap", "small", "large", "crossing", "abroad"],
)  # fmt: skip
def test_each_rule_is_said_shown_and_changes_nothing(
    quarter: Quarter, ring: shapely.Polygon, told: str
) -> None:
    visitor = quarter.browser(quarter.referent)
    answer = saves(visitor, shapely.Polygon(ring.exterior.coords))
    assert answer.status_code == 409
    assert told in words(answer)
    assert "data-where" in answer.text
    assert quarter.community().boundary.equals(square())
    said = check(visitor, to_geojson(shapely.Polygon(ring.exterior.coords))).get_json()
    assert not said["ok"]
    assert told in said["message"].replace("\u00a0", " ")


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "x" * 300_000, '{"type":"Point"}'])
def test_what_is_no_boundary_is_refused_and_the_present_one_stands(
    quarter: Quarter, text: str
) -> None:
    visitor, begun = quarter.browser(quarter.referent), time.monotonic()
    answer = saves(visitor, text)
    assert time.monotonic() - begun < 5
    assert answer.status_code == 409
    assert drawn(square()) in words(answer)


def check(visitor: Visitor, body: Any) -> TestResponse:
    token = TOKEN.search(visitor.get("/help").text)
    assert token
    return visitor.client.post(
        "/community/boundary/check", base_url=SITE, data=json.dumps(body).encode(),
        content_type="application/json", headers={"X-CSRFToken": token[1]},
    )  # fmt: skip


def test_while_one_draws_area_homes_and_rules_are_told(quarter: Quarter) -> None:
    world, (lat, lon) = quarter.world, middle()
    world.member(quarter.home, first_name="Élise", lat=lat, lon=lon + 0.45 * SIDE)
    visitor = quarter.browser(quarter.referent)
    whole = check(visitor, to_geojson(square())).get_json()
    assert (whole["ok"], whole["message"]) == (True, "")
    assert 21 < whole["area_ha"] < 22
    assert whole["homes"]["low"] < whole["homes"]["about"] < whole["homes"]["high"]
    smaller = check(visitor, to_geojson(square(side=0.8 * SIDE))).get_json()
    assert smaller["ok"]
    assert "1 membre serait dehors" in smaller["message"]
    assert "Élise" not in json.dumps(smaller, ensure_ascii=False)
    over = to_geojson(shapely.box(5.72, 45.18, 5.73, 45.185))
    trimmed = check(visitor, {"trim": over}).get_json()
    assert trimmed["ok"]
    assert shapely.geometry.shape(trimmed["boundary"]).equals_exact(square(), 1e-6, normalize=True)


def test_ones_own_ground_is_not_cut_off(quarter: Quarter) -> None:
    with quarter.world.store.read() as session:
        inside = (square().centroid.x, square().centroid.y)
        kept = outlines.trimmed(session, square(), inside, own=quarter.home)
    assert kept.equals(square())


def test_a_file_takes_the_place_of_what_was_drawn(quarter: Quarter) -> None:
    visitor = quarter.browser(quarter.referent)
    got = visitor.get("/community/boundary.geojson")
    assert got.content_type == "application/geo+json"
    assert "attachment" in got.headers["Content-Disposition"]
    feature = {"type": "Feature", "properties": {}, "geometry": to_geojson(square(side=0.9 * SIDE))}
    page = visitor.get("/community/boundary").text
    token, seen = TOKEN.search(page), re.search(r'name="seen" value="(\w+)"', page)
    assert token
    assert seen
    form = {
        "csrf_token": token[1], "seen": seen[1], "boundary": got.text,
        "file": (io.BytesIO(json.dumps(feature).encode()), "limits.geojson"),
    }  # fmt: skip
    answer = visitor.client.post("/community/boundary", base_url=SITE, data=form)
    assert visitor.lands(answer) == "/community"
    assert quarter.community().boundary.equals_exact(square(side=0.9 * SIDE), 1e-6, normalize=True)


def test_who_draws_on_an_old_boundary_is_shown_the_new_one(quarter: Quarter) -> None:
    visitor = quarter.browser(quarter.referent)
    visitor.lands(saves(visitor, square(side=0.9 * SIDE)))
    mine = square(side=0.8 * SIDE)
    answer = saves(visitor, mine, seen="0123456789abcdef")
    assert answer.status_code == 409
    assert "Un autre référent vient de changer les limites" in words(answer)
    assert drawn(mine) in words(answer), "what was drawn is kept"
    assert visitor.lands(saves(visitor, mine)) == "/community"


def test_of_two_referents_who_grow_into_each_other_at_once_one_is_told(quarter: Quarter) -> None:
    world = quarter.world
    far = world.community("Le Milieu")  # two squares on
    world.change(quarter.twin, community_id=far, lat=middle(2)[0], lon=middle(2)[1])
    with world.store.begin() as session:
        communities.remove(session, session.get_one(Community, quarter.other), with_members=True)
    people = [quarter.browser(quarter.referent), quarter.browser(quarter.twin)]
    wide = [square() | square(1), square(1) | square(2)]
    start = threading.Barrier(2)

    def save(visitor: Visitor, ring: shapely.Polygon) -> int:
        start.wait()
        return saves(visitor, shapely.Polygon(ring.exterior.coords)).status_code

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(save, people, wide))
    assert sorted(told) == [303, 409]
    shapes = [one.boundary for one in world.rows(Community)]
    assert shapely.area(shapely.intersection(*shapes)) < 1e-12


# the name, and who vouches


def test_a_name_is_changed_and_one_that_is_taken_is_refused(quarter: Quarter) -> None:
    visitor = quarter.browser(quarter.referent)
    assert visitor.lands(visitor.post("/community/settings/name", name="Le Pré")) == "/community"
    assert quarter.community().name == "Le Pré"
    taken = visitor.post("/community/settings/name", name="les roses")
    assert taken.status_code == 409
    assert "porte déjà ce nom" in words(taken)
    assert 'value="les roses"' in taken.text
    linked = visitor.post("/community/settings/name", name="Les Lilas t.co/gagnez")
    assert linked.status_code == 409
    assert "sans adresse internet" in words(linked)
    office = visitor.post("/community/settings/name", name="Police municipale")
    assert office.status_code == 409
    assert "celui d'une institution" in words(office)
    for name in (" ", "x" * 81):
        assert visitor.post("/community/settings/name", name=name).status_code == 422
    assert quarter.community().name == "Le Pré"


def test_referents_choose_between_the_team_and_themselves(quarter: Quarter) -> None:
    visitor = quarter.browser(quarter.referent)
    answer = visitor.post("/community/settings/mode", mode="referent")
    assert visitor.lands(answer) == "/community"
    assert quarter.community().mode == Mode.REFERENT
    assert "Les référents vérifient leur adresse." in quarter.page(quarter.neighbour)
    for mode in ("town", "", "x"):
        assert visitor.post("/community/settings/mode", mode=mode).status_code == 422
    assert quarter.community().mode == Mode.REFERENT


def test_a_subscribed_town_decides_and_it_is_said(quarter: Quarter) -> None:
    with quarter.world.act() as act:
        act.session.get_one(Town, INSEE).subscribed = True
    visitor = quarter.browser(quarter.referent)
    page = words(visitor.get("/community/settings"))
    assert "c'est elle qui choisit qui vérifie les adresses" in page
    assert 'name="mode"' not in page
    answer = visitor.post("/community/settings/mode", mode="referent")
    assert answer.status_code == 409
    assert "Votre mairie participe" in words(answer)
    assert quarter.community().mode == Mode.TEAM


def test_who_has_just_ceased_to_be_a_referent_changes_nothing(quarter: Quarter) -> None:
    visitor = quarter.browser(quarter.referent)
    visitor.get("/community/settings")
    quarter.world.change(quarter.referent, referent=False)
    assert visitor.post("/community/settings/name", name="Le Pré").status_code == 403
    assert quarter.community().name == "Les Lilas"
