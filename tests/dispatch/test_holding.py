"""Who hears of a held alert: those who may decide, and the team (A8)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from community_store.models import Alert, AlertState, Community
from community_store.store import Store
from dispatch import holding, upkeep
from tests.dispatch.world import World, make_world

TEAM = "equipe@tocsin.example"


@pytest.fixture
def team_world(sqlite_store: Store, redis_url: str, tmp_path: Path) -> Iterator[World]:
    """One alert an hour; the team has an address."""
    service = {"data_dir": tmp_path, "site": "https://tocsin.example", "contact": TEAM}
    sections = {"service": service, "alerts": {"per_member_hour": 1}}
    with make_world(sqlite_store, redis_url, tmp_path, **sections) as world:
        world.number()
        yield world


@pytest.mark.parametrize("referent", [False, True])
def test_the_team_hears_of_every_held_alert_by_mail(team_world: World, referent: bool) -> None:
    home = team_world.community()
    author, other = team_world.members(home, 2)
    team_world.change(other, referent=referent)
    team_world.text(author.mobile or "", "Feu rue Haute")
    assert team_world.text(author.mobile or "", "Feu rue Basse") == "alert"
    team_world.pump()
    (mail,) = team_world.mails()
    assert mail["to"] == TEAM
    assert mail["subject"] == "Tocsin : alerte 2 retenue"
    assert "tocsin alert release 2" in mail["text"]
    assert "Les Lilas" in mail["text"]
    assert "Feu rue Basse" in mail["text"]
    assert (team_world.answers(other.mobile or "") == ["held_ask"]) is referent
    assert team_world.answers(author.mobile or "") == ["receipt_one", "held"]
    assert team_world.rows(Alert, id=2)[0].state == AlertState.HELD


def test_without_an_address_nobody_is_written_to(sqlite_world: World) -> None:
    world = sqlite_world
    world.number()
    author, _ = world.members(world.community(), 2)
    for n in range(6):
        world.text(author.mobile or "", f"Feu numéro {n}")
    world.pump()
    assert world.rows(Alert)[-1].state == AlertState.HELD
    assert world.mails() == []


def test_what_was_dropped_is_not_the_last_that_was_told(sqlite_world: World) -> None:
    world = sqlite_world
    world.number()
    author, _ = world.members(world.community(), 2)
    told = [world.raised(author, f"Alerte {n}") for n in range(6)]
    with world.act() as act:
        held = act.session.get_one(Alert, told[-1].id)
        assert held.state == AlertState.HELD
        holding.drop(act, held)
        home = act.session.get_one(Community, author.community_id)
        last = upkeep.last_alert(act.session, home)
        assert last is not None
        assert last.id == told[-2].id
