"""Twins see pseudonyms alone: no two of a community are the same."""

from __future__ import annotations

import pytest
from sqlmodel import col, select

from community_store import members_csv, membership, nicknames, pseudonyms
from community_store.models import Member
from community_store.store import Store
from tests.community_store.ground import community, member, middle, square

pytestmark = pytest.mark.both

PICKED, CHOSEN = "Pinson vert", "Le Veilleur"


def called(store: Store) -> list[str]:
    with store.read() as session:
        return list(session.exec(select(Member.pseudonym).order_by(col(Member.id))))


def test_who_registers_is_called_as_nobody_else_there(store: Store) -> None:
    with store.begin() as session:
        community(session)
        community(session, "Les Roses", 1)
        for n in (1, 2, 3):
            member(session, n, pseudonym=PICKED)
        member(session, 4, column=1, pseudonym=PICKED)
    names = called(store)
    assert len(set(names[:3])) == 3
    assert (names[0], names[3]) == (PICKED, PICKED), "elsewhere it is another's"
    assert all(pseudonyms.was_picked(name) for name in names)


def test_what_somebody_chose_they_keep(store: Store) -> None:
    with store.begin() as session:
        community(session)
        for n in (1, 2):
            member(session, n, pseudonym=CHOSEN)
    assert called(store) == [CHOSEN, CHOSEN]


def test_who_becomes_a_neighbour_is_told_apart_and_a_suspension_changes_nothing(
    store: Store,
) -> None:
    with store.begin() as session:
        home = community(session)
        first = member(session, 1, pseudonym=PICKED)
        late = member(session, 2, column=4, pseudonym=PICKED, active=False)
        late.community_id = home.id
        session.flush()
        membership.activate(session, late)
        before = late.pseudonym
        first.pseudonym = before
        membership.suspend(session, late)
        membership.activate(session, late)
        assert (before == PICKED, late.pseudonym) == (False, before)


def test_who_moves_is_told_apart_there(store: Store) -> None:
    with store.begin() as session:
        community(session)
        roses = community(session, "Les Roses", 1)
        mover = member(session, 1, pseudonym=PICKED)
        member(session, 2, column=1, pseudonym=PICKED)
        membership.move(session, mover, roses)
        assert mover.pseudonym != PICKED


def test_those_whom_a_new_boundary_gathers_are_told_apart(store: Store) -> None:
    with store.begin() as session:
        for n in (1, 2, 3):
            member(session, n, pseudonym=PICKED, active=n > 1)
        home = community(session, boundary=square())
        membership.gather(session, home)
        rows = session.exec(select(Member)).all()
        assert {one.community_id for one in rows} == {home.id}
        assert len({one.pseudonym for one in rows}) == 3


def as_typed(text: str, _mobile: bool) -> str:
    return text


def test_those_of_a_file_are_told_apart(store: Store) -> None:
    lat, lon = middle()
    lines = [f"Ana,Voisin{n},+3363998{n:04},{lat},{lon},{PICKED}" for n in range(1, 4)]
    file = "\n".join(["first_name,last_name,mobile,lat,lon,pseudonym", *lines])
    with store.begin() as session:
        community(session)
        member(session, 9, pseudonym=PICKED)
        importer = members_csv.Importer()
        assert (
            importer.write(
                session,
                [
                    one
                    for one in members_csv.read(file, as_typed)
                    if isinstance(one, members_csv.Row)
                ],
            )
            == []
        )
    assert len(set(called(store))) == 4


def test_a_community_that_has_used_up_the_words_still_takes_people() -> None:
    every = {name.casefold() for name in pseudonyms.suggest(pseudonyms.count())}
    assert nicknames.another(PICKED, every).casefold() in every
