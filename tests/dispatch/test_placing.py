"""A home is put on the map: by whoever lives there, or by the team."""

from __future__ import annotations

from typing import Any

import pytest

from community_store.errors import RuleError
from community_store.models import JoinRequest, Member, MemberState, Mode
from dispatch import placing, requests
from dispatch.placing import Home
from tests.community_store.ground import middle
from tests.dispatch.world import World

AT_LILAS = Home("12 rue des Lilas", *middle())
NOWHERE = Home("Rue Lointaine", 48.85, 2.35)


def unplaced(world: World, **more: Any) -> Member:
    values = {"state": MemberState.PENDING} | more
    return world.member(values.pop("community", None), **values)


def placed(world: World, member: Member, home: Home, *, team: bool = False) -> Member:
    place = placing.by_team if team else placing.by_member
    with world.act() as act:
        place(act, act.session.get_one(Member, member.id), home)
    (row,) = world.rows(Member, id=member.id)
    assert isinstance(row, Member)
    return row


def test_the_request_of_nobody_s_goes_to_those_who_vouch_there(world: World) -> None:
    world.number()
    lilas = world.community(mode=Mode.REFERENT)
    ana = world.member(lilas, referent=True)
    jeanne = unplaced(world)
    with world.act() as act:
        requests.ask(act, act.session.get_one(Member, jeanne.id))
    row = placed(world, jeanne, AT_LILAS)
    assert (row.community_id, row.state, row.lat) == (lilas, MemberState.PENDING, AT_LILAS.lat)
    (request,) = world.rows(JoinRequest)
    assert request.community_id == lilas
    assert world.answers(ana.mobile or "") == ["request_ask"]


@pytest.mark.parametrize("home", [AT_LILAS, NOWHERE])
def test_what_was_vouched_for_was_not_this_place(world: World, home: Home) -> None:
    world.community()
    jeanne = unplaced(world, state=MemberState.ACTIVE)
    assert placed(world, jeanne, home).state == MemberState.PENDING


def test_without_a_place_only_the_address_changes(world: World) -> None:
    jeanne = unplaced(world, state=MemberState.ACTIVE)
    row = placed(world, jeanne, Home(" 3 rue  Neuve "))
    assert (row.address, row.lat, row.state) == ("3 rue Neuve", None, MemberState.ACTIVE)
    assert world.rows(JoinRequest) == []


@pytest.mark.parametrize(
    "more",
    [
        {"lat": 45.0, "lon": 5.0},
        {"state": MemberState.SUSPENDED},
        {"state": MemberState.CLOSED},
        {"state": MemberState.ACTIVE, "community": 1},
    ],
)
def test_whose_home_is_not_theirs_to_place(world: World, more: dict[str, Any]) -> None:
    assert world.community() == 1
    jeanne = unplaced(world, **more)
    with pytest.raises(RuleError) as refused:
        placed(world, jeanne, AT_LILAS)
    assert refused.value.code == "placed"


def test_the_team_vouches_for_what_it_does(world: World) -> None:
    world.number()
    lilas = world.community()
    jeanne = unplaced(world, state=MemberState.ACTIVE)
    row = placed(world, jeanne, AT_LILAS, team=True)
    assert (row.state, row.community_id) == (MemberState.ACTIVE, lilas)
    assert world.answers(jeanne.mobile or "") == ["welcome_first"]
    assert placed(world, jeanne, NOWHERE, team=True).community_id == lilas
    assert world.answers(jeanne.mobile or "") == ["welcome_first"]


def test_whom_the_team_places_still_waits_to_be_vouched_for(world: World) -> None:
    lilas = world.community()
    row = placed(world, unplaced(world), AT_LILAS, team=True)
    assert (row.state, row.community_id) == (MemberState.PENDING, lilas)
    (request,) = world.rows(JoinRequest)
    assert request.community_id == lilas
