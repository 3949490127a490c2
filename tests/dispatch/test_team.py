"""What the team has to decide, and by when (S25, S30)."""

from __future__ import annotations

from datetime import timedelta

from community_store.models import JoinRequest, Member, MemberState, Mode, RequestState
from dispatch import requests, sweep, team
from tests.dispatch.world import World


def waiting(world: World, community: int | None) -> JoinRequest:
    member = world.member(community, state=MemberState.PENDING, created_at=world.clock.now)
    with world.act() as act:
        return requests.ask(act, act.session.get_one(Member, member.id))


def queue(world: World) -> list[tuple[int, timedelta, bool]]:
    """The references, how long there is, and whether it is over."""
    sweep.sweep(world.runtime)
    now = world.clock.now
    with world.store.read() as session:
        return [(one.request.id, one.due_at - now, one.overdue) for one in team.queue(session, now)]


def test_the_team_has_72_hours_for_what_nobody_else_decides(world: World) -> None:
    world.town("38001", subscribed=True)
    lonely = [
        waiting(world, home)
        for home in (
            None,
            world.community("Équipe", mode=Mode.TEAM),
            world.community("Sans référent", mode=Mode.REFERENT),
            world.community("Sans mairie", mode=Mode.TOWN),
            world.community("Sans agent", "38001", mode=Mode.TOWN),
        )
    ]
    hours = timedelta(hours=72)
    assert queue(world) == [(request.id, hours, False) for request in lonely]
    world.clock.forward(hours=71)
    assert queue(world)[0] == (lonely[0].id, timedelta(hours=1), False)
    world.clock.forward(hours=1)
    assert queue(world)[0] == (lonely[0].id, timedelta(0), True)


def test_what_a_town_or_a_referent_decides_is_not_the_teams(world: World) -> None:
    world.town("38001", subscribed=True)
    world.agent("38001")
    roses = world.community("Les Roses", "38001", mode=Mode.TOWN)
    lilas = world.community("Les Lilas", mode=Mode.REFERENT)
    world.member(lilas, referent=True)
    waiting(world, roses), waiting(world, lilas)
    assert queue(world) == []


def test_after_15_days_without_an_answer_it_goes_to_the_team(world: World) -> None:
    world.town("38001", subscribed=True)
    world.agent("38001")
    lilas = world.community("Les Lilas", mode=Mode.REFERENT)
    world.member(lilas, referent=True)
    asked = waiting(world, lilas)
    waiting(world, world.community("Les Roses", "38001", mode=Mode.TOWN))
    world.clock.forward(days=14, hours=23)
    assert queue(world) == []
    world.clock.forward(hours=1)
    assert queue(world) == [(asked.id, timedelta(hours=72), False)]
    world.clock.forward(hours=10)
    assert queue(world) == [(asked.id, timedelta(hours=62), False)]


def test_the_referents_may_still_answer_and_then_it_is_decided(world: World) -> None:
    lilas = world.community("Les Lilas", mode=Mode.REFERENT)
    ana = world.member(lilas, referent=True)
    world.number()
    asked = waiting(world, lilas)
    world.clock.forward(days=15)
    assert len(queue(world)) == 1
    assert world.text(ana.mobile or "", f"OUI {asked.id}") == "request_accepted"
    (request,) = world.rows(JoinRequest)
    assert request.state == RequestState.ACCEPTED
    assert queue(world) == []


def test_when_the_last_referent_leaves_it_is_the_teams(world: World) -> None:
    lilas = world.community("Les Lilas", mode=Mode.REFERENT)
    ana = world.member(lilas, referent=True)
    asked = waiting(world, lilas)
    assert queue(world) == []
    world.change(ana, referent=False)
    assert queue(world) == [(asked.id, timedelta(hours=72), False)]
