"""Who of a household is meant, when several have one landline."""

from __future__ import annotations

import pytest

from community_store import household
from community_store.models import Member, MemberState


def person(id_: int, first: str, last: str, state: MemberState = MemberState.PENDING) -> Member:
    return Member(id=id_, first_name=first, last_name=last, pseudonym="", state=state)


@pytest.mark.parametrize(
    ("first", "last", "known"),
    [
        ("Jeanne", "Petit", True),
        ("jeanne", "PETIT", True),
        ("Jéanne", "Petit ", True),
        ("Jeanne", "Petit-Roux", False),
        ("Paul", "Petit", False),
        ("Petit", "Jeanne", False),
    ],
)
def test_a_person_is_known_by_both_names(first: str, last: str, known: bool) -> None:
    found = household.same([person(1, "Jeanne", "Petit")], first, last)
    assert (found is not None) is known


@pytest.mark.parametrize("written", ["Marie Lou", "marie-lou", "MARIE\u2010LOU"])
def test_a_name_is_the_same_however_it_is_joined(written: str) -> None:
    assert household.same([person(1, "Marie-Lou", "d'Arc")], written, "D\u2019Arc") is not None


def test_each_is_called_by_their_first_name_and_in_full_where_two_have_the_same() -> None:
    rows = [person(1, "Jean", "Petit"), person(2, "Zoé", "Roux"), person(3, "Jean", "Roux")]
    assert [name for _, name in household.called(rows)] == ["Jean Petit", "Zoé", "Jean Roux"]


def test_who_is_there_twice_is_one_person_the_active_one() -> None:
    rows = [person(1, "Jeanne", "Petit"), person(2, "jeanne", "petit", MemberState.ACTIVE)]
    assert [(one.id, name) for one, name in household.called(rows)] == [(2, "jeanne")]
    found = household.same(rows, "Jeanne", "Petit")
    assert found is not None
    assert found.id == 2


def test_who_is_there_twice_and_waits_is_who_came_first() -> None:
    rows = [person(2, "Jeanne", "Petit"), person(1, "Jeanne", "Petit")]
    assert [one.id for one, _ in household.called(rows)] == [1]
