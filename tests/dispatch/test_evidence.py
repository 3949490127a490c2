"""A home that is proved, inside the boundary and outside (S16)."""

from __future__ import annotations

from typing import Any

import pytest
import shapely

from community_store.models import (
    Community,
    EveningLink,
    JoinRequest,
    Member,
    MemberState,
    Mode,
    PositionTry,
    RequestState,
)
from dispatch import evening, evidence, founding, presence, requests, sweep, team
from dispatch.presence import Fix
from tests.community_store.ground import SIDE, middle
from tests.dispatch.world import World, at

pytestmark = pytest.mark.both


def resident(world: World, column: float = 0.5, **more: Any) -> Member:
    """Outside Les Lilas by half a square, unless told otherwise."""
    lat, lon = middle()
    values = {"state": MemberState.PENDING, "lat": lat, "lon": lon + (0.5 + column) * SIDE} | more
    return world.member(None, email="jeanne@mail.example", **values)


def applies(world: World, member: Member, community: int) -> None:
    with world.act() as act:
        home = act.session.get_one(Community, community)
        founding.apply_to(act, act.session.get_one(Member, member.id), home)


def stands(world: World, member: Member, *, away: float = 0.0) -> presence.Presence:
    assert member.lat is not None
    assert member.lon is not None
    with world.act() as act:
        fix = Fix(member.lat + away, member.lon, 10)
        return presence.check(act, act.session.get_one(Member, member.id), fix)


def now(world: World, member: Member) -> Member:
    (row,) = world.rows(Member, id=member.id)
    assert isinstance(row, Member)
    return row


def test_outside_a_position_proves_the_home_and_the_team_decides(world: World) -> None:
    lilas = world.community()
    jeanne = resident(world)
    applies(world, jeanne, lilas)
    assert stands(world, jeanne).at_home
    assert now(world, jeanne).state == MemberState.PENDING
    (request,) = world.rows(JoinRequest)
    assert (request.state, request.community_id) == (RequestState.OPEN, lilas)
    sweep.sweep(world.runtime)
    with world.store.read() as session:
        assert evidence.proved(session, jeanne)
        assert evidence.waiting(session) == {jeanne.id}
        (waiting,) = team.queue(session, world.clock.now)
        assert waiting.member.id == jeanne.id
    with world.act() as act:
        found = act.session.get_one(JoinRequest, request.id)
        assert requests.decide(act, found, accept=True, by="team 1")
    assert now(world, jeanne).state == MemberState.ACTIVE


@pytest.mark.parametrize("column", [-0.5, 0.0])
def test_inside_and_on_the_edge_it_is_enough(world: World, column: float) -> None:
    lilas = world.community()
    east = world.rows(Community)[0].boundary.bounds[2]
    jeanne = resident(world, column, **({"lon": east} if column == 0 else {}))
    applies(world, jeanne, lilas)
    assert stands(world, jeanne).at_home
    assert now(world, jeanne).state == MemberState.ACTIVE


def test_who_changes_from_referents_to_a_team_is_still_decided_on(world: World) -> None:
    world.number()
    roses = world.community("Roses", mode=Mode.REFERENT)
    world.member(roses, referent=True)
    lilas = world.community("Lilas")
    jeanne = resident(world, -0.5)
    applies(world, jeanne, roses)
    applies(world, jeanne, lilas)
    stands(world, jeanne)
    assert now(world, jeanne).state == MemberState.PENDING


def test_a_boundary_drawn_away_from_a_home_leaves_it_to_people(world: World) -> None:
    lilas = world.community()
    jeanne = resident(world, -0.5)
    applies(world, jeanne, lilas)
    (row,) = world.rows(Community)
    world.change(row, boundary=shapely.affinity.translate(row.boundary, 3 * SIDE, 0))
    stands(world, jeanne)
    assert now(world, jeanne).state == MemberState.PENDING


def test_whose_home_is_proved_needs_no_link_that_evening(world: World) -> None:
    world.clock.now = at(13)
    jeanne = resident(world)
    applies(world, jeanne, world.community())
    assert stands(world, jeanne, away=0.02).again_at == at(17, 30)
    assert stands(world, jeanne).at_home
    world.clock.now = at(17, 30)
    with world.act() as act:
        assert evening.send_due(act) == 0
    (link,) = world.rows(EveningLink)
    assert link.digest is None
    assert [tried.accepted for tried in world.rows(PositionTry)] == [False, True]
