"""Nobody finds a member's name, nor their pseudonym, once one of the two has moved: to a twinned
community, where a pseudonym beside words once read under a name would give it away, or afar.
"""

from __future__ import annotations

from contextlib import closing

import pytest

from tests.web.test_canaries import (
    ALL,
    PLACE,
    Aviary,
    addresses,
    aviary,
    text_of,
)

__all__ = ["aviary"]

IDS = ("1", "2", "3")  # there are no more alerts, letters and reports
HIDDEN = [one for one in ALL if one not in PLACE]  # where something happened is for who stayed


@pytest.mark.parametrize(
    ("moves", "to", "reader"),
    [
        ("canary", "twin", "referent"),
        ("canary", "stranger", "referent"),
        ("neighbour", "twin", "neighbour"),
    ],
)
def test_who_moved_is_named_nowhere_and_finds_nobody_named(
    aviary: Aviary, moves: str, to: str, reader: str
) -> None:
    who = {**aviary.people, "canary": aviary.canary}[moves]
    aviary.house.world.change(who, community_id=aviary.people[to].community_id)
    found, opened = [], 0
    for path in addresses(aviary, IDS):
        if not {"x", "flyer", "presentation"}.isdisjoint(path.split("/")):
            continue  # pictures and leaflets: of nobody here
        with closing(aviary.readers[reader].get(path)) as answer:
            assert answer.status_code != 500, path
            opened += answer.status_code == 200
            page = text_of(answer)
            found += [(path, canary) for canary in HIDDEN if canary in page]
    assert found == []
    assert opened > 5
