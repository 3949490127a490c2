"""What each may read of the history of a community."""

from __future__ import annotations

from typing import Any

import pytest

from community_store import membership, profiles
from community_store.models import Community, JoinRequest, Member, MemberState, Mode
from dispatch import founding, happenings, placing, requests, rerouting
from dispatch.happenings import Happening
from tests.community_store.ground import middle
from tests.dispatch.world import World

pytestmark = pytest.mark.both


def arrives(world: World, home: int, **more: Any) -> Member:
    """Somebody is accepted."""
    found = world.member(home, state=MemberState.PENDING, **more)
    with world.act() as act:
        membership.activate(act.session, act.session.get_one(Member, found.id))
    return found


def asks(world: World, home: int) -> Member:
    found = world.member(home, state=MemberState.PENDING, first_name="Zoé")
    with world.act() as act:
        requests.ask(act, act.session.get_one(Member, found.id))
    return found


def read(world: World, reader: Member) -> list[Happening]:
    with world.act() as act:
        return happenings.recent(act, act.session.get_one(Member, reader.id), 50)


def test_neighbours_read_who_arrived_as_they_may_know_them(world: World) -> None:
    home = world.community()
    reader = world.member(home)
    arrives(world, home, first_name="Odette", last_name="Martin", pseudonym="Mésange")
    (line,) = read(world, reader)
    assert (line.kind, line.name) == ("arrival", "Odette Martin")


def test_who_is_suspended_or_gone_is_named_no_more(world: World) -> None:
    home, other = world.community(), world.community("Les Roses")
    reader = world.member(home)
    suspended, moved, closed = (arrives(world, home) for _ in range(3))
    world.change(suspended, state=MemberState.SUSPENDED)
    with world.act() as act:
        get = act.session.get_one
        membership.move(act.session, get(Member, moved.id), get(Community, other))
        membership.close(act.session, get(Member, closed.id))
    told = read(world, reader)
    assert [one.kind for one in told] == ["departure"] * 2 + ["arrival"] * 3
    assert {one.name for one in told} == {""}


def test_requests_are_for_referents_alone(world: World) -> None:
    home = world.community(mode=Mode.REFERENT)
    neighbour, referent = world.member(home), world.member(home, referent=True)
    asks(world, home)
    assert read(world, neighbour) == []
    (line,) = read(world, referent)
    (request,) = world.rows(JoinRequest)
    assert (line.kind, line.standing, line.ref, line.name) == ("request", "waiting", request.id, "")
    with world.act() as act:
        requests.decide(act, act.session.get_one(JoinRequest, request.id), accept=True, by="Rose")
    assert [(one.kind, one.standing, one.ref) for one in read(world, referent)] == [
        ("arrival", "", None), ("request", "accepted", None),
    ]  # fmt: skip
    assert [one.kind for one in read(world, neighbour)] == ["arrival"]


def test_a_name_that_somebody_had_is_for_referents_while_its_bearer_is_a_neighbour(
    world: World,
) -> None:
    home, other = world.community(), world.community("Les Roses")
    neighbour, referent = world.member(home), world.member(home, referent=True)
    odette = world.member(home, first_name="Odette", last_name="Martin", pseudonym="Geai")
    with world.act() as act:
        known = act.session.get_one(Member, odette.id)
        profiles.rename(act.session, known, "Odile", "Le Gall", service="Tocsin", now=act.now)
    assert read(world, neighbour) == []
    (line,) = read(world, referent)
    assert (line.before, line.said) == ("Odette Martin", "Odile Le Gall")
    with world.act() as act:
        get = act.session.get_one
        membership.move(act.session, get(Member, odette.id), get(Community, other))
    line = read(world, referent)[-1]
    assert (line.kind, line.name, line.before, line.said, line.other) == ("name", "", "", "", "")


def test_a_referent_is_led_to_a_request_only_where_referents_decide(world: World) -> None:
    home = world.community(mode=Mode.TEAM)
    referent = world.member(home, referent=True)
    asks(world, home)
    (line,) = read(world, referent)
    assert (line.standing, line.ref) == ("waiting", None)


def test_who_asks_another_community_is_gone_from_the_first(world: World) -> None:
    home, other = world.community(), world.community("Les Roses")
    first, second = (world.member(place, referent=True) for place in (home, other))
    person = asks(world, home)
    with world.act() as act:
        member = act.session.get_one(Member, person.id)
        membership.move(act.session, member, act.session.get_one(Community, other))
        rerouting.follow(act, member)
    assert [one.standing for one in read(world, first)] == ["gone"]
    assert [one.standing for one in read(world, second)] == ["waiting"]


def test_a_refused_request_names_nobody(world: World) -> None:
    home = world.community()
    referent = world.member(home, referent=True)
    asks(world, home)
    (request,) = world.rows(JoinRequest)
    with world.act() as act:
        requests.decide(act, act.session.get_one(JoinRequest, request.id), accept=False, by="Rose")
    (line,) = read(world, referent)
    assert (line.standing, line.name) == ("refused", "")
    assert "Zoé" not in repr(line)


def test_another_community_reads_nothing_of_it(world: World) -> None:
    home, other = world.community(), world.community("Les Roses")
    world.twin(home, other)
    twin, nowhere = world.member(other, referent=True), world.member(None)
    pending = world.member(home, state=MemberState.PENDING)
    suspended = world.member(home, state=MemberState.SUSPENDED, referent=True)
    arrives(world, home)
    for reader in (twin, nowhere, pending, suspended):
        assert read(world, reader) == []


def test_a_long_history_has_pages(world: World) -> None:
    home = world.community()
    reader = world.member(home)
    for _ in range(happenings.PAGE + 3):
        arrives(world, home)
    with world.act() as act:
        me = act.session.get_one(Member, reader.id)
        pages = [happenings.history(act, me, n) for n in (1, 2, 99, -5)]
    assert [(one.page, one.pages, len(one.lines)) for one in pages] == [
        (1, 2, 20), (2, 2, 3), (2, 2, 3), (1, 2, 20),
    ]  # fmt: skip


def test_who_must_be_vouched_for_again_arrives_when_they_are(world: World) -> None:
    """Active, of no community, and asking for one whose boundary does not hold their home."""
    home = world.community(mode=Mode.REFERENT)
    referent = world.member(home, referent=True)
    lat, lon = middle(1)
    person = world.member(None, lat=lat, lon=lon, activated_at=world.clock())
    with world.act() as act:
        get = act.session.get_one
        request = founding.apply_to(act, get(Member, person.id), get(Community, home))
        assert request is not None
    assert [one.kind for one in read(world, referent)] == ["request"]
    with world.act() as act:
        requests.decide(act, act.session.get_one(JoinRequest, request.id), accept=True, by="Rose")
    assert [one.kind for one in read(world, referent)] == ["arrival", "request"]


def test_who_was_vouched_for_once_and_is_refused_here_has_not_left(world: World) -> None:
    home = world.community(mode=Mode.REFERENT)
    referent = world.member(home, referent=True)
    lat, lon = middle(1)
    person = world.member(None, lat=lat, lon=lon, activated_at=world.clock())
    with world.act() as act:
        get = act.session.get_one
        request = founding.apply_to(act, get(Member, person.id), get(Community, home))
        assert request is not None
    with world.act() as act:
        requests.decide(act, act.session.get_one(JoinRequest, request.id), accept=False, by="Rose")
    assert [one.standing for one in read(world, referent)] == ["refused"]


def test_who_lives_inside_and_joins_at_once_has_arrived(world: World) -> None:
    home = world.community()
    reader = world.member(home)
    lat, lon = middle()
    person = world.member(None, lat=lat, lon=lon, activated_at=world.clock(), first_name="Zoé")
    with world.act() as act:
        get = act.session.get_one
        assert founding.apply_to(act, get(Member, person.id), get(Community, home)) is None
    (line,) = read(world, reader)
    assert (line.kind, line.name.split()[0]) == ("arrival", "Zoé")


def test_who_puts_their_home_on_the_map_arrives_once_it_is_vouched_for(world: World) -> None:
    home = world.community()
    reader = world.member(home)
    lat, lon = middle()
    person = world.member(None, activated_at=world.clock())
    with world.act() as act:
        member = act.session.get_one(Member, person.id)
        placing.by_member(act, member, placing.Home("1 rue du Pré", lat, lon))
    assert world.rows(Member, id=person.id)[0].community_id == home
    assert read(world, reader) == []
