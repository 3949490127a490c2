"""Nobody may believe that somebody was told who was not: what is written to whom nothing tells."""

from __future__ import annotations

import pytest

from community_store import optouts
from community_store.models import Member, Mute, Topic
from gateway.contract import Channel
from tests.web.house import House
from tests.web.letters import Street, counted, make_street

NOTHING = "Rien n'avertit Jean Petit"


@pytest.fixture
def street(house: House) -> Street:
    return make_street(house)


def drops_email(street: Street, who: Member) -> None:
    street.world.change(who, email=None)


def says_stop(street: Street, who: Member) -> None:
    with street.world.store.begin() as db:
        optouts.stop(db, who.email or "", Channel.EMAIL)


def wants_none(street: Street, who: Member) -> None:
    street.world.add(Mute(member_id=who.id or 0, topic=Topic.MESSAGE, channel=Channel.EMAIL))


@pytest.mark.parametrize("change", [drops_email, says_stop, wants_none])
def test_whom_nothing_tells_is_named_before_and_after_one_writes(
    street: Street, change: object
) -> None:
    path = street.path(street.odette, "/messages/write", street.jean)
    assert NOTHING not in street.reads(street.odette, path)
    assert callable(change)
    change(street, street.jean)
    assert NOTHING in street.reads(street.odette, path)
    written = street.writes(street.odette, street.jean)
    assert NOTHING in street.reads(street.odette, written)


def test_of_a_group_only_those_are_named(street: Street) -> None:
    drops_email(street, street.jean)
    path = street.path(street.odette, "/messages/write", street.jean, street.anne)
    assert f"{NOTHING} d'un message" in street.reads(street.odette, path)


def test_nothing_is_said_of_a_twin(street: Street) -> None:
    drops_email(street, street.paul)
    path = street.path(street.odette, "/messages/write", street.paul)
    assert "Rien n'avertit" not in street.reads(street.odette, path)


def test_an_absence_is_not_said_to_be_told_either(street: Street) -> None:
    drops_email(street, street.jean)
    path = street.path(street.odette, "/absence/new", street.jean)
    assert f"{NOTHING} de ce que l'on confie" in street.reads(street.odette, path)
    visitor = street.browser(street.odette)
    dates = {"starts": "2026-12-24", "ends": "2027-01-02"}
    street.world.clock.now = street.world.clock.now.replace(month=12, day=1)
    page = visitor.get(visitor.lands(visitor.post(path, **dates))).text
    assert "prévenus" not in page


def test_it_costs_as_many_questions_for_nine_as_for_one(street: Street) -> None:
    home = street.odette.community_id or 0
    others = [street.world.member(home, last_name=f"Za{n}") for n in range(8)]
    street.reads(street.odette, "/messages/new")
    counts = []
    for people in (others[:2], others):
        with counted(street.house) as statements:
            street.reads(street.odette, street.path(street.odette, "/messages/write", *people))
        counts.append(len(statements))
    assert counts[0] == counts[1]
