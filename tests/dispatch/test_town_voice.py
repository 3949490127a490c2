"""What goes to a whole town by SMS comes from who may speak for it, once (promises.md, A8)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from community_store.models import Alert, AlertState, Member, MemberState, Notice
from tests.dispatch.world import World


@pytest.fixture
def town(sqlite_world: World) -> World:
    """A subscribed town with a number, whose community has two members."""
    sqlite_world.number()
    sqlite_world.town(subscribed=True)
    sqlite_world.members(sqlite_world.community(), 2)
    return sqlite_world


def residents(world: World) -> list[Member]:
    return world.rows(Member)


def raised_by(world: World, sender: str) -> Alert:
    assert world.text(sender, "MAIRIE Crue, évitez les quais") == "town_alert"
    world.pump()
    alert: Alert = world.rows(Alert)[0]
    return alert


def test_an_unconfirmed_agent_neither_ends_a_town_alert_nor_adds_to_it(town: World) -> None:
    mayor, doubtful = town.agent().mobile or "", town.agent(confirmed=False).mobile or ""
    alert = raised_by(town, mayor)
    assert town.text(doubtful, f"FIN {alert.id} Tout le monde au stade") == "unknown_ref"
    assert town.text(doubtful, f"FAUX {alert.id}") == "unknown_ref"
    assert town.rows(Alert)[0].state == AlertState.OPEN


def test_a_resident_who_is_an_agent_elsewhere_does_not_write_to_the_town(town: World) -> None:
    """Their TOUS would tell it to everybody, with their name."""
    alert = raised_by(town, town.agent().mobile or "")
    town.town("69123")
    resident = residents(town)[0]
    town.agent("69123", mobile=resident.mobile, confirmed=False)
    assert town.text(resident.mobile or "", "L'eau monte") == "reply"
    assert town.text(resident.mobile or "", "TOUS") == "town_only"
    assert len(town.deliveries(alert_id=alert.id)) == 2


def test_the_same_words_for_a_town_are_one_alert(town: World) -> None:
    mayor = town.agent().mobile or ""
    raised_by(town, mayor)
    town.clock.forward(seconds=300)
    assert town.text(mayor, "Mairie : crue, évitez les quais") == "town_alert"
    assert len(town.rows(Alert)) == 1


def test_an_agent_who_is_a_member_too_ends_their_town_alert(town: World) -> None:
    resident = residents(town)[0]
    town.agent(mobile=resident.mobile)
    raised_by(town, resident.mobile or "")
    assert town.text(resident.mobile or "", "FIN") == "end"
    assert town.rows(Alert)[0].state == AlertState.ENDED


@pytest.mark.parametrize("how", ["suspended", "paused"])
def test_who_was_suspended_or_paused_since_hears_no_more(town: World, how: str) -> None:
    author, neighbour = residents(town)
    town.raised(author)
    town.pump()
    with town.act() as act:
        found = act.session.get(type(neighbour), neighbour.id)
        assert found is not None
        if how == "suspended":
            found.state = MemberState.SUSPENDED
        else:
            found.paused_until = town.clock() + timedelta(hours=8)
        act.session.add(found)
    assert town.text(author.mobile or "", "FIN") == "end"
    town.pump()
    assert len(town.phone(neighbour.mobile or "")) == 1


def test_whoever_moved_since_does_not_speak_to_all(world: World) -> None:
    """Their TOUS would tell their name to those who are neighbours no more."""
    world.number()
    home, other = world.community(), world.community("Ailleurs")
    author, mover, _ = world.members(home, 3)
    world.text(author.mobile or "", "Camionnette suspecte rue haute")
    world.pump()
    assert world.text(mover.mobile or "", "Elle est partie vers la gare") == "reply"
    with world.act() as act:
        act.session.get_one(Member, mover.id).community_id = other
    assert world.text(mover.mobile or "", "TOUS") == "elsewhere"
    assert not [one for one in world.rows(Notice) if one.kind == "followup"]
