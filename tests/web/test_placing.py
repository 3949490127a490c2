"""A member whose home has no place puts it on the map afterwards, or gives the address at least."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from community_store.models import Community, JoinRequest, Member, MemberState, Mode, Registration
from community_store.store import Store
from tests.dispatch.world import make_world
from tests.web.house import House, Visitor, make_house, words
from tests.web.newcomer import FILLED, LABEL, LILAS, jeanne


@pytest.fixture
def place(sqlite_store: Store, redis_url: str, tmp_path: Path, addok: str) -> Iterator[House]:
    """Les Lilas around its street, with the real address server."""
    with make_world(sqlite_store, redis_url, tmp_path, geo={"geocoder_url": addok}) as world:
        world.number()
        world.community("Les Lilas")
        yield make_house(world)


def registered(house: House) -> Visitor:
    """Jeanne, who chose her town on the list and could not put the marker on her home."""
    visitor = house.visitor()
    visitor.post("/join/town", street="Chemin Neuf", postcode="38250", town="38205")
    visitor.post("/join/place", lat="", lon="")
    assert "l'équipe le fera" in words(visitor.get("/join/confirm"))
    visitor.post("/join/confirm")
    visitor.post("/join/form", **FILLED)
    assert visitor.lands(visitor.post("/join/proofs", code=house.code())) == "/community"
    return visitor


def put(visitor: Visitor, lat: str = "", lon: str = "") -> str:
    """As far as the end, from a known address."""
    visitor.lands(visitor.post("/join/place", lat=lat, lon=lon))
    return visitor.lands(visitor.post("/join/confirm"))


def unplaced(house: House, **more: object) -> tuple[Member, Visitor]:
    values: dict[str, object] = {"state": MemberState.PENDING, "address": "Chemin Neuf"} | more
    member = house.world.member(values.pop("community", None), **values)  # type: ignore[arg-type]  # an id or None
    return member, house.inside(house.account_of(member, password=False))


def now(house: House, member: Member) -> Member:
    [row] = house.world.rows(Member, id=member.id)
    assert isinstance(row, Member)
    return row


def test_who_registered_without_a_place_puts_the_home_on_the_map(place: House) -> None:
    visitor = registered(place)
    page = words(visitor.get("/community"))
    assert "Chemin Neuf 38250 Lans-en-Vercors" in page
    assert 'href="/join"' in page
    asked = words(visitor.get("/join"))
    assert "Placer votre logement" in asked
    assert "Chemin Neuf" in asked
    assert 'name="email"' not in asked
    assert visitor.lands(visitor.post("/join", address=LILAS)) == "/join/place"
    assert put(visitor) == "/community"
    member = jeanne(place)
    assert (member.address, member.lat is None, member.state) == (LABEL, False, "pending")
    assert "Votre communauté est Les Lilas" in words(visitor.get("/community"))
    [request] = place.world.rows(JoinRequest)
    assert request.community_id == member.community_id
    assert "Vérifier ma position" in words(visitor.get("/activation"))


def test_what_is_still_to_be_proved_is_not_lost_by_it(place: House) -> None:
    visitor = registered(place)
    visitor.post("/join", address=LILAS)
    put(visitor)
    [row] = place.world.rows(Registration)
    assert row.member_id == jeanne(place).id
    assert FILLED["email"] in words(visitor.get("/join/proofs"))


def test_a_home_that_has_its_place_is_not_moved(place: House) -> None:
    member, visitor = unplaced(place, lat=45.1, lon=5.1)
    assert "Rejoindre mon quartier" in words(visitor.get("/join"))
    visitor.post("/join", address=LILAS)
    assert put(visitor) == "/join/form"
    assert now(place, member).lat == 45.1


def test_placed_meanwhile_by_the_team_it_stays_there(place: House) -> None:
    member, visitor = unplaced(place)
    visitor.post("/join", address=LILAS)
    place.world.change(member, lat=45.1, lon=5.1)
    put(visitor)
    assert now(place, member).lat == 45.1


def test_an_active_member_of_no_community_who_places_a_home_waits_again(place: House) -> None:
    member, visitor = unplaced(place, state=MemberState.ACTIVE)
    assert 'href="/join"' in visitor.get("/community").text
    visitor.post("/join", address=LILAS)
    assert put(visitor) == "/community"
    row = now(place, member)
    assert (row.state, row.community_id is None) == (MemberState.PENDING, False)
    assert len(place.world.rows(JoinRequest, member_id=member.id)) == 1


def test_what_a_community_vouched_for_is_not_changed_by_its_member(place: House) -> None:
    home = place.world.community("Les Roses")
    _, visitor = unplaced(place, state=MemberState.ACTIVE, community=home)
    assert "Rejoindre mon quartier" in words(visitor.get("/join"))


def test_a_position_is_not_offered_before_the_home_has_a_place(place: House) -> None:
    home = place.world.community("Les Roses")
    _, visitor = unplaced(place, community=home)
    page = words(visitor.get("/activation"))
    assert "Vérifier ma position" not in page
    assert 'href="/join"' in page
    assert "Placer mon logement" in words(visitor.get("/community"))


def test_the_referents_of_the_community_around_it_are_asked(place: House) -> None:
    [lilas] = place.world.rows(Community)
    place.world.change(lilas, mode=Mode.REFERENT)
    ana = place.world.member(lilas.id, referent=True)
    _, visitor = unplaced(place)
    visitor.post("/join", address=LILAS)
    put(visitor)
    assert place.world.answers(ana.mobile or "") == ["request_ask"]


def test_without_scripts_or_a_server_the_address_is_kept_for_the_team(
    sqlite_store: Store, redis_url: str, tmp_path: Path
) -> None:
    with make_world(sqlite_store, redis_url, tmp_path, geo={"geocoder_url": ""}) as world:
        world.number()
        house = make_house(world)
        member, visitor = unplaced(house)
        visitor.post("/join/town", street="3 rue Neuve", postcode="38250", town="38205")
        assert put(visitor) == "/community"
        assert "l'équipe la mettra sur la carte" in words(visitor.get("/community"))
        assert now(house, member).address == "3 rue Neuve 38250 Lans-en-Vercors"
        assert now(house, member).state == MemberState.PENDING


# the street on a list


def test_a_street_of_the_town_is_chosen_on_a_list_and_has_its_place(place: House) -> None:
    visitor = place.visitor()
    taken = visitor.post("/join/town", street="99 rue des Lilas", postcode="38000", town="38185")
    assert visitor.lands(taken) == "/join/which"
    page = words(visitor.get("/join/which"))
    assert "99 Rue des Lilas 38990 Valmoutier" in page
    assert "Rochebrune" not in page
    assert "Aucune de celles-ci : garder 99 rue des Lilas 38000 Grenoble" in page
    assert visitor.lands(visitor.post("/join/which", choice="0")) == "/join/place"
    assert 'name="lat" value="45.18' in visitor.get("/join/place").text


def test_none_of_them_keeps_what_was_typed(place: House) -> None:
    visitor = place.visitor()
    visitor.post("/join/town", street="99 rue des Lilas", postcode="38000", town="38185")
    last = visitor.get("/join/which").text.count('name="choice"') - 1
    assert visitor.lands(visitor.post("/join/which", choice=str(last))) == "/join/place"
    page = words(visitor.get("/join/place"))
    assert "99 rue des Lilas 38000 Grenoble" in page
    assert 'name="lat" value=""' in page
