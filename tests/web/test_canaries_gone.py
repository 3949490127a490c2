"""Nobody finds anything of a member who was suspended, whose account closed, whose twinning ended,
or whose community is no more; nor do they of others. What a held alert says is in no copy of
anybody's data but those who answer for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing

import pytest

from community_store import communities, personal_data, twinning
from community_store.models import Alert, AlertState, Community, Member, MemberState
from dispatch import farewell
from tests.web.test_canaries import (
    ALL,
    HIDDEN,
    HOUSE,
    MAIL,
    NAME,
    PLACE,
    PROFILE,
    PSEUDONYM,
    SHOWN,
    STREET,
    Aviary,
    addresses,
    aviary,
    text_of,
)

__all__ = ["aviary"]

IDS = ("1", "2", "3")
NOT_PLACE = tuple(one for one in ALL if one not in PLACE)  # where something happened is no person
PERSON = (*NAME, *PSEUDONYM, *STREET, *HOUSE, *HIDDEN, *SHOWN, *MAIL, *PROFILE)


def suspended(made: Aviary) -> None:
    made.house.world.change(made.canary, state=MemberState.SUSPENDED)


def closed(made: Aviary) -> None:
    made.house.world.pump()
    with made.house.world.act() as act:
        farewell.close(act, act.session.get_one(Member, made.canary.id))


def untwinned(made: Aviary) -> None:
    ends = (made.canary.community_id, made.people["twin"].community_id)
    with made.house.world.act() as act:
        a, b = (act.session.get_one(Community, id_) for id_ in ends)
        twinning.untwin(act.session, a, b)


def no_more(made: Aviary) -> None:
    with made.house.world.act() as act:
        home = act.session.get_one(Community, made.canary.community_id)
        communities.remove(act.session, home, with_members=True)


# what happens; who reads; what of the canary they must not find
CASES: Mapping[str, tuple[Callable[[Aviary], None], str, tuple[str, ...]]] = {
    "suspended, a neighbour": (suspended, "neighbour", PERSON),
    "suspended, a référent": (suspended, "referent", PERSON),
    "suspended, a twin": (suspended, "twin", PERSON),
    "closed, a neighbour": (closed, "neighbour", NOT_PLACE),
    "closed, a référent": (closed, "referent", NOT_PLACE),
    "closed, a twin": (closed, "twin", NOT_PLACE),
    "untwinned, a twin": (untwinned, "twin", PERSON),
    "no community, a neighbour": (no_more, "neighbour", PERSON),
    "no community, a twin": (no_more, "twin", PERSON),
}


@pytest.mark.parametrize("case", CASES)
def test_who_is_gone_is_found_nowhere(aviary: Aviary, case: str) -> None:
    happens, reader, words = CASES[case]
    happens(aviary)
    assert found(aviary, reader, words) == []


@pytest.mark.parametrize("happens", [suspended, no_more], ids=["suspended", "no community"])
def test_who_is_gone_finds_nobody(aviary: Aviary, happens: Callable[[Aviary], None]) -> None:
    """The other way round: the canary stays, and the neighbour goes."""
    neighbour = aviary.people["neighbour"]
    if happens is suspended:
        aviary.house.world.change(neighbour, state=MemberState.SUSPENDED)
    else:
        happens(aviary)
    assert found(aviary, "neighbour", PERSON) == []


def found(made: Aviary, reader: str, words: tuple[str, ...]) -> list[tuple[str, str]]:
    hits, opened = [], 0
    for path in addresses(made, IDS):
        if not {"x", "flyer", "presentation"}.isdisjoint(path.split("/")):
            continue  # pictures and leaflets: of nobody here
        with closing(made.readers[reader].get(path)) as answer:
            assert answer.status_code != 500, path
            opened += answer.status_code == 200
            page = text_of(answer)
            hits += [(path, canary) for canary in words if canary in page]
    assert opened > 5
    return hits


def test_a_held_alert_is_in_the_data_of_nobody_else(aviary: Aviary) -> None:
    world = aviary.house.world
    for n in range(6):
        world.raised(aviary.canary, f"Canaricrue {n}")
    world.pump()
    held = next(one for one in world.rows(Alert) if one.state == AlertState.HELD)
    with world.store.read() as session:
        for name in ("neighbour", "twin", "suspended", "pending"):
            member = session.get_one(Member, aviary.people[name].id)
            assert held.text not in str(personal_data.export(session, member)), name
        author = session.get_one(Member, aviary.canary.id)
        assert held.text in str(personal_data.export(session, author))
