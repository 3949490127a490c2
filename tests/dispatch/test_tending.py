"""What a référent changes of a community, and two who do so at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import shapely

from community_store import audit, boundaries
from community_store.errors import RuleError
from community_store.geometry import BoundaryError
from community_store.models import (
    Community,
    Delivery,
    JoinRequest,
    Member,
    MemberState,
    Mode,
    Movement,
    Town,
)
from dispatch import requests, team, tending
from dispatch.act import Act
from dispatch.tending import Redrawing
from tests.community_store.ground import SIDE, middle, square
from tests.dispatch.world import INSEE, World


def referent(world: World, home: int, **more: Any) -> Member:
    lat, lon = middle()
    return world.member(home, referent=True, lat=lat, lon=lon, **more)


def community(world: World, id_: int) -> Community:
    (found,) = world.rows(Community, id=id_)
    assert isinstance(found, Community)
    return found


def redraws(world: World, who: Member, polygon: shapely.Polygon, **more: Any) -> bool:
    seen = more.pop("seen", None) or tending.version(community(world, who.community_id or 0))
    with world.act() as act:
        member = act.session.get_one(Member, who.id)
        return tending.redraw(act, member, Redrawing(polygon, seen, **more))


def test_a_boundary_is_changed_and_noted(world: World) -> None:
    home = world.community()
    rose = referent(world, home)
    assert redraws(world, rose, square(side=0.9 * SIDE))
    assert not redraws(world, rose, square(side=0.9 * SIDE))
    assert community(world, home).boundary.equals(square(side=0.9 * SIDE))
    with world.store.read() as session:
        (entry,) = audit.of(session, f"community {home}")
        assert (entry.actor, entry.action) == (f"member {rose.id}", "redrew")
    assert [one.kind for one in world.rows(Movement)] == ["boundary"]


def test_who_is_left_outside_is_confirmed_and_stays_a_member(world: World) -> None:
    home = world.community()
    rose = referent(world, home)
    lat, lon = middle()
    far = world.member(home, lat=lat, lon=lon + 0.4 * SIDE)
    smaller = square(side=0.8 * SIDE)
    with pytest.raises(BoundaryError) as refused:
        redraws(world, rose, smaller)
    assert (refused.value.code, refused.value.members) == ("members_outside", (far.id,))
    assert redraws(world, rose, smaller, outside=[far.id])
    (now,) = world.rows(Member, id=far.id)
    assert (now.community_id, now.state) == (home, MemberState.ACTIVE)
    with world.act() as act:
        assert tending.outside(act, act.session.get_one(Community, home)) == [far.id]


def test_neighbours_of_no_community_join_and_their_deciders_are_asked(world: World) -> None:
    home = world.community(mode=Mode.REFERENT)
    rose = referent(world, home)
    lat, lon = middle()
    person = world.member(None, state=MemberState.PENDING, lat=lat, lon=lon + SIDE)
    with world.act() as act:
        requests.ask(act, act.session.get_one(Member, person.id))
    assert world.answers(rose.mobile or "") == []
    assert redraws(world, rose, square(side=2 * SIDE))
    assert world.rows(Member, id=person.id)[0].community_id == home
    assert world.answers(rose.mobile or "") == ["request_ask"]


def test_of_two_referents_who_save_from_the_same_drawing_the_second_is_told(world: World) -> None:
    home = world.community()
    people = [referent(world, home) for _ in range(2)]
    seen = tending.version(community(world, home))
    start = threading.Barrier(2)

    def save(who: Member, side: float) -> str:
        start.wait()
        try:
            redraws(world, who, square(side=side * SIDE), seen=seen)
        except BoundaryError as error:
            return error.code if error.shape else "nowhere"
        return "saved"

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(save, people, (0.9, 0.8)))
    assert sorted(told) == ["saved", "stale"]
    side = (0.9, 0.8)[told.index("saved")]
    assert community(world, home).boundary.equals(square(side=side * SIDE))


def test_of_two_communities_that_grow_into_each_other_at_once_one_is_told(world: World) -> None:
    """Between them lies a square that both want."""
    lilas, roses = world.community("Les Lilas"), world.community("Le Milieu")
    with world.store.begin() as session:
        boundaries.place(
            session, session.get_one(Community, roses), square(2), geo=world.settings.geo
        )
    people = [referent(world, home) for home in (lilas, roses)]
    world.change(people[1], lon=middle(2)[1])
    grown = (square() | square(1), square(1) | square(2))
    start = threading.Barrier(2)

    def save(who: Member, polygon: shapely.Polygon) -> str:
        start.wait()
        try:
            redraws(world, who, shapely.Polygon(polygon.exterior.coords))
        except BoundaryError as error:
            shown = error.shape is not None and error.shape.within(square(1).buffer(1e-9))
            return error.code if shown else "elsewhere"
        return "saved"

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(save, people, grown))
    assert sorted(told) == ["overlap", "saved"]
    shapes = [one.boundary for one in world.rows(Community)]
    assert shapely.area(shapely.intersection(*shapes)) < 1e-12


@pytest.mark.parametrize("change", [{"referent": False}, {"state": "suspended"}, {"community_id": None}])  # fmt: skip
def test_who_is_no_longer_a_referent_changes_nothing(world: World, change: dict[str, Any]) -> None:
    home = world.community()
    rose = referent(world, home)
    seen = tending.version(community(world, home))
    world.change(rose, **change)
    doing: tuple[Callable[[Act, Member], bool], ...] = (
        lambda act, who: tending.rename(act, who, "Les Iris"),
        lambda act, who: tending.choose_mode(act, who, "referent"),
        lambda act, who: tending.redraw(act, who, Redrawing(square(side=0.9 * SIDE), seen)),
    )
    for do in doing:
        with pytest.raises(RuleError) as refused, world.act() as act:
            do(act, act.session.get_one(Member, rose.id))
        assert refused.value.code == "not_referent"
    assert (community(world, home).name, community(world, home).mode) == ("Les Lilas", "team")


def test_of_two_communities_that_take_one_name_at_once_one_is_told(world: World) -> None:
    homes = [world.community(name) for name in ("Les Lilas", "Les Roses")]
    people = [referent(world, home) for home in homes]
    start = threading.Barrier(2)

    def rename(who: Member) -> str:
        start.wait()
        try:
            with world.act() as act:
                tending.rename(act, act.session.get_one(Member, who.id), "Les Iris")
        except RuleError as error:
            return error.code
        return "renamed"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(rename, people)) == ["exists", "renamed"]
    assert [one.name for one in world.rows(Community)].count("Les Iris") == 1


def test_capitals_of_ones_own_name_may_change(world: World) -> None:
    home = world.community("Les lilas")
    rose = referent(world, home)
    with world.act() as act:
        assert tending.rename(act, act.session.get_one(Member, rose.id), "Les Lilas")
    assert community(world, home).name == "Les Lilas"


# who vouches


def chooses(world: World, who: Member, mode: str) -> bool:
    with world.act() as act:
        return tending.choose_mode(act, act.session.get_one(Member, who.id), mode)


def waiting(world: World, home: int) -> Member:
    person = world.member(home, state=MemberState.PENDING)
    with world.act() as act:
        requests.ask(act, act.session.get_one(Member, person.id))
    return person


def test_when_referents_vouch_they_are_asked_what_waits(world: World) -> None:
    home = world.community()
    rose = referent(world, home)
    waiting(world, home)
    assert chooses(world, rose, "referent")
    assert not chooses(world, rose, "referent")
    assert world.answers(rose.mobile or "") == ["request_ask"]
    (request,) = world.rows(JoinRequest)
    with world.act() as act:
        found = act.session.get_one(JoinRequest, request.id)
        assert requests.may_decide(act, found, act.session.get_one(Member, rose.id))


def test_when_the_team_vouches_referents_are_asked_no_more(world: World) -> None:
    home = world.community(mode=Mode.REFERENT)
    rose = referent(world, home)
    waiting(world, home)
    assert chooses(world, rose, "team")
    assert {one.state for one in world.rows(Delivery)} == {"cancelled"}
    with world.act() as act:
        assert team.assign(act) == 1
        assert [one.community and one.community.id for one in team.queue(act.session, act.now)] == [
            home
        ]


def test_a_subscribed_town_chooses(world: World) -> None:
    home = world.community()
    rose = referent(world, home)
    with world.act() as act:
        act.session.get_one(Town, INSEE).subscribed = True
    with pytest.raises(RuleError) as refused:
        chooses(world, rose, "referent")
    assert refused.value.code == "mode_town"


@pytest.mark.parametrize("mode", ["town", "", "nobody"])
def test_a_referent_cannot_choose_the_town(world: World, mode: str) -> None:
    rose = referent(world, world.community())
    with pytest.raises(RuleError) as refused:
        chooses(world, rose, mode)
    assert refused.value.code == "mode"
