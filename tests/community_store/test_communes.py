"""The list of communes."""

from __future__ import annotations

import pytest

from community_store import communes


@pytest.mark.parametrize(
    ("insee", "whole"),
    [
        ("75108", "75056"), ("69381", "69123"), ("13216", "13055"), ("75056", "75056"),
        ("13100", "13100"), ("69266", "69266"), ("2A004", "2A004"), ("", ""),
    ],
)  # fmt: skip
def test_an_arrondissement_is_of_its_city(insee: str, whole: str) -> None:
    assert communes.whole(insee) == whole


def test_the_cities_with_arrondissements_are_on_the_list() -> None:
    named = {
        one.insee for code in ("75008", "69003", "13002") for one in communes.with_postcode(code)
    }
    assert set(communes.ARRONDISSEMENTS.values()) <= named
