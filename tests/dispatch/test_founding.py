"""A resident makes a community, or asks to join one (S16 to S20)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import shapely

from community_store import audit, boundaries, membership
from community_store.errors import RuleError
from community_store.models import (
    Community,
    JoinRequest,
    Member,
    MemberState,
    Mode,
    RequestState,
    Town,
)
from dispatch import founding, requests, sweep
from dispatch.act import Act
from tests.community_store.ground import SIDE, middle, square
from tests.dispatch.world import INSEE, World


def resident(world: World, column: int = 0, **more: Any) -> Member:
    lat, lon = middle(column)
    values = {"state": MemberState.PENDING, "lat": lat, "lon": lon} | more
    return world.member(None, **values)


def founds(
    world: World, member: Member, boundary: shapely.Polygon | None = None, **more: object
) -> int:
    values = {
        "name": "Les Lilas", "boundary": boundary or square(), "town": INSEE,
        "town_name": "Grenoble",
    } | more  # fmt: skip
    with world.act() as act:
        new = founding.Founding(**values)  # type: ignore[arg-type]  # a table of its own fields
        made = founding.create_by_member(act, found(act, member), new)
        assert made.id is not None
        return made.id


def found(act: Act, member: Member) -> Member:
    return act.session.get_one(Member, member.id)


def now(world: World, member: Member) -> Member:
    (row,) = world.rows(Member, id=member.id)
    assert isinstance(row, Member)
    return row


def test_the_founder_is_in_it_and_the_team_is_asked(world: World) -> None:
    jeanne = resident(world)
    made = founds(world, jeanne)
    assert (now(world, jeanne).community_id, now(world, jeanne).referent) == (made, False)
    assert now(world, jeanne).state == MemberState.PENDING
    (request,) = world.rows(JoinRequest)
    assert (request.member_id, request.community_id) == (jeanne.id, made)
    (town,) = world.rows(Town)
    assert (town.name, town.subscribed) == ("Grenoble", False)
    (community,) = world.rows(Community)
    assert community.mode == Mode.TEAM
    with world.store.read() as session:
        assert [entry.action for entry in audit.of(session, f"community {made}")] == ["founded"]
        assert boundaries.community_at(session, *middle()) is not None


def test_who_wants_to_be_referent_is_one_once_active(world: World) -> None:
    jeanne = resident(world)
    made = founds(world, jeanne, referent=True)
    assert now(world, jeanne).referent
    with world.store.read() as session:
        assert not membership.referents(session, made)


def test_neighbours_of_no_community_join_by_themselves(world: World) -> None:
    jeanne, karim, far = resident(world), resident(world), resident(world, 5)
    with world.act() as act:
        requests.ask(act, found(act, karim))
    made = founds(world, jeanne)
    later = resident(world)
    assert [now(world, one).community_id for one in (karim, far)] == [made, None]
    (asked,) = world.rows(JoinRequest, member_id=karim.id)
    assert asked.community_id == made
    with world.act() as act:
        home = boundaries.community_at(act.session, later.lat or 0, later.lon or 0)
        assert home is not None
        assert home.id == made


@pytest.mark.parametrize(
    ("more", "boundary", "code"),
    [
        ({"state": MemberState.SUSPENDED}, square(), "founder_suspended"),
        ({"lat": None, "lon": None}, square(), "founder_no_home"),
        ({}, square(3), "founder_outside"),
        ({}, square(side=0.0001), "founder_outside"),
        ({}, square(side=0.06), "too_large"),
    ],
)
def test_who_may_not(
    world: World, more: dict[str, Any], boundary: shapely.Polygon, code: str
) -> None:
    jeanne = resident(world, **more)
    with pytest.raises(RuleError) as refused:
        founds(world, jeanne, boundary)
    assert refused.value.code == code
    assert world.rows(Community) == []


def test_nobody_makes_two(world: World) -> None:
    jeanne = resident(world)
    founds(world, jeanne)
    with pytest.raises(RuleError) as refused:
        founds(world, jeanne, square(1), name="Encore")
    assert refused.value.code == "founder_has_community"


def test_two_who_overlap_at_once_one_wins_and_the_other_can_join(world: World) -> None:
    couple = [resident(world, lon=middle()[1] + n * 0.6 * SIDE) for n in (0, 1)]
    start = threading.Barrier(2)

    def save(n: int) -> str:
        start.wait()
        boundary = shapely.affinity.translate(square(), n * 0.55 * SIDE, 0)
        try:
            founds(world, couple[n], boundary, name=f"Quartier {n}")
        except RuleError as error:
            return error.code
        return "made"

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(save, range(2)))
    assert sorted(told) == ["made", "overlap"]
    loser, (made,) = couple[told.index("overlap")], world.rows(Community)
    with world.act() as act:
        home = act.session.get_one(Community, made.id)
        founding.apply_to(act, found(act, loser), home)
    assert now(world, loser).community_id == made.id


def test_who_draws_around_the_same_homes_a_moment_later_is_in_already(world: World) -> None:
    first, second = resident(world), resident(world)
    made = founds(world, first)
    with pytest.raises(RuleError) as refused:
        founds(world, second, name="Encore")
    assert refused.value.code == "founder_has_community"
    assert refused.value.facts == {"name": "Les Lilas"}
    assert now(world, second).community_id == made


# S16


def applies(world: World, member: Member, community: int) -> JoinRequest:
    with world.act() as act:
        home = act.session.get_one(Community, community)
        asked = founding.apply_to(act, found(act, member), home)
        assert asked is not None
        return asked


def test_a_request_goes_to_the_referents_of_the_community_chosen(world: World) -> None:
    world.number()
    lilas, roses = (world.community(name, mode=Mode.REFERENT) for name in ("Lilas", "Roses"))
    ana = world.member(lilas, referent=True)
    bob = world.member(roses, referent=True)
    jeanne = resident(world, 3)
    first = applies(world, jeanne, lilas)
    assert world.answers(ana.mobile or "") == ["request_ask"]
    world.clock.forward(days=10)
    second = applies(world, jeanne, roses)
    assert (second.id, second.community_id) == (first.id, roses)
    assert world.answers(bob.mobile or "") == ["request_ask"]
    assert world.delivery(address=ana.mobile).state == "cancelled"
    world.clock.forward(days=10)
    sweep.sweep(world.runtime)
    with world.store.read() as session:
        assert session.get_one(JoinRequest, first.id).team_due_at is None
    assert world.text(ana.mobile or "", f"OUI {first.id}") == "request_moved"
    assert world.text(bob.mobile or "", f"OUI {first.id}") == "request_accepted"
    assert now(world, jeanne).community_id == roses


def test_asking_twice_is_asking_once(world: World) -> None:
    world.number()
    lilas = world.community(mode=Mode.REFERENT)
    ana = world.member(lilas, referent=True)
    jeanne = resident(world, 3)
    assert applies(world, jeanne, lilas).id == applies(world, jeanne, lilas).id
    assert world.answers(ana.mobile or "") == ["request_ask"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"state": MemberState.SUSPENDED}, "apply_not_pending"),
        ({"lat": None, "lon": None}, "apply_no_home"),
        ({"lat": 48.85, "lon": 2.35}, "apply_far"),
    ],
)
def test_who_cannot_ask(world: World, more: dict[str, Any], code: str) -> None:
    lilas = world.community()
    with pytest.raises(RuleError) as refused:
        applies(world, resident(world, **more), lilas)
    assert refused.value.code == code


# active, and of no community


def test_who_is_active_in_another_community_stays_there(world: World) -> None:
    lilas, roses = world.community("Lilas"), world.community("Roses")
    ana = world.member(lilas, lat=middle(1)[0], lon=middle(1)[1])
    with pytest.raises(RuleError) as refused:
        applies(world, ana, roses)
    assert refused.value.code == "apply_not_pending"
    assert now(world, ana).community_id == lilas


def test_of_no_community_and_inside_they_are_in_at_once(world: World) -> None:
    world.number()
    lilas = world.community(mode=Mode.REFERENT)
    world.member(lilas, referent=True)
    jeanne = resident(world, state=MemberState.ACTIVE)
    with world.act() as act:
        home = act.session.get_one(Community, lilas)
        assert founding.apply_to(act, found(act, jeanne), home) is None
    assert (now(world, jeanne).state, now(world, jeanne).community_id) == ("active", lilas)
    assert world.rows(JoinRequest) == []
    assert world.answers(jeanne.mobile or "") == ["welcome_one"]


@pytest.fixture
def asked(world: World) -> tuple[Member, Member, JoinRequest]:
    """Ana looks after Les Lilas, and Jeanne, active in none, asked from outside."""
    world.number()
    lilas = world.community("Lilas", mode=Mode.REFERENT)
    ana = world.member(lilas, referent=True)
    jeanne = resident(world, 3, state=MemberState.ACTIVE, activated_at=world.clock.now)
    return ana, jeanne, applies(world, jeanne, lilas)


def test_from_outside_they_wait_again_and_are_vouched_for(
    world: World, asked: tuple[Member, Member, JoinRequest]
) -> None:
    ana, jeanne, request = asked
    assert now(world, jeanne).state == MemberState.PENDING
    assert world.answers(ana.mobile or "") == ["request_ask"]
    assert world.text(ana.mobile or "", f"OUI {request.id}") == "request_accepted"
    assert now(world, jeanne).state == MemberState.ACTIVE
    assert now(world, jeanne).community_id == ana.community_id


def test_refused_they_keep_the_account_and_may_ask_another(
    world: World, asked: tuple[Member, Member, JoinRequest]
) -> None:
    ana, jeanne, request = asked
    assert world.text(ana.mobile or "", f"NON {request.id}") == "request_refused"
    row = now(world, jeanne)
    assert (row.state, row.community_id) == (MemberState.PENDING, None)
    assert row.first_name == jeanne.first_name
    assert world.answers(jeanne.mobile or "") == ["request_refused"]
    (waits,) = world.rows(JoinRequest, state=RequestState.OPEN)
    assert (waits.id != request.id, waits.community_id) == (True, None)
    roses = world.community("Roses")
    assert applies(world, row, roses).id == waits.id
    assert now(world, jeanne).community_id == roses


def test_refused_in_no_community_the_account_closes_like_any(
    world: World, asked: tuple[Member, Member, JoinRequest]
) -> None:
    ana, jeanne, request = asked
    world.text(ana.mobile or "", f"NON {request.id}")
    with world.act() as act:
        assert requests.decide_for(act, found(act, jeanne), accept=False, by="team 1")
    assert now(world, jeanne).state == MemberState.CLOSED
    assert world.rows(JoinRequest, state=RequestState.OPEN) == []


def test_refused_and_then_drawn_around_by_others_they_are_asked_for(
    world: World, asked: tuple[Member, Member, JoinRequest]
) -> None:
    ana, jeanne, request = asked
    world.text(ana.mobile or "", f"NON {request.id}")
    made = founds(world, resident(world, 3), square(3), name="Roses")
    (again,) = world.rows(JoinRequest, member_id=jeanne.id, state="open")
    assert (now(world, jeanne).community_id, again.community_id) == (made, made)
