"""An absence told to neighbours, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from community_store import absences
from community_store.errors import NotFound
from community_store.models import Absence, Delivery, Member
from dispatch import confiding
from dispatch.confiding import Away
from tests.dispatch.world import World

pytestmark = pytest.mark.both


def confides(world: World, who: Member, *to: Member) -> int:
    with world.act() as act:
        day = confiding.today(act)
        away = Away(day, day + timedelta(days=3), "Arroser les tomates")
        mine = act.session.get_one(Member, who.id)
        return confiding.confide(act, mine, [one.id or 0 for one in to], away).id or 0


def test_it_is_told_once_and_ends(world: World) -> None:
    home = world.community()
    odette, jean, rose = world.members(home, 3, email="voisins@residents.example")
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: confides(world, odette, jean, rose), range(4)))
    (ref,) = found
    assert len(world.rows(Delivery)) == 2
    with world.act() as act:
        today = confiding.today(act)
        (mine,) = absences.mine(act.session, odette, today)
        assert len(mine.watchers) == 2
        (told,) = absences.confided(act.session, jean, today)
        assert told.absence.note == "Arroser les tomates"
        assert absences.own(act.session, jean, ref, today) is None
        assert absences.confided(act.session, jean, today + timedelta(days=4)) == []
        kept = absences.own(act.session, odette, ref, today)
        assert kept is not None
        absences.end(act.session, kept)
    assert world.rows(Absence) == []


def test_it_is_for_neighbours(world: World) -> None:
    home, other = world.community(), world.community("Les Roses")
    world.twin(home, other)
    odette, twin = world.member(home), world.member(other)
    with pytest.raises(NotFound):
        confides(world, odette, twin)
