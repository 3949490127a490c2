"""Every refusal of a rule of joining has words in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from community_store import boundaries, communities, geometry, twinning
from community_store.errors import NotFound, RuleError
from community_store.geometry import BoundaryError
from dispatch import founding, pairing, presence, proof_reading, proving, tending
from dispatch.catalogue import ids
from dispatch.refusals import in_words


def source(module: object) -> str:
    return Path(str(module.__file__)).read_text()  # type: ignore[attr-defined]  # a module


def codes() -> set[str]:
    """The ids that the code can ask for."""
    geographic = source(geometry) + source(boundaries)
    drawn = set(
        re.findall(r'BoundaryError\(\s*f?"(\w+)"', geographic + source(founding) + source(tending))
    )
    drawn |= {"too_small", "too_large"}
    made = set(re.findall(r'RuleError\(\s*"(name|exists)"', source(communities)))
    others = "".join(map(source, (founding, presence, proof_reading, proving)))
    said = set(re.findall(r'RuleError\(\s*"(\w+)"', others)) | proof_reading.REASONS
    said |= set(re.findall(r'RuleError\(\s*"(mode_town|not_referent)"', source(tending)))
    made |= set(re.findall(r'RuleError\(\s*"(mode)"', source(tending)))
    twins = set(re.findall(r'RuleError\(\s*"(\w+)"', source(pairing) + source(twinning)))
    said |= {f"twin_{code}" for code in twins}
    return {f"boundary_{code}" for code in drawn} | {f"community_{code}" for code in made} | said


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_refusal_has_its_words(language: str) -> None:
    asked = codes()
    assert {"boundary_overlap", "boundary_too_small", "proof_locked", "position_vague"} <= asked
    assert {"boundary_stale", "community_mode", "twin_too_far", "twin_lately"} <= asked
    assert asked - set(ids(language, "joining")) == set()


def test_an_overlap_says_with_whom_and_how_much() -> None:
    error = BoundaryError("overlap", "", facts={"name": "Les Lilas", "area": 1234.567, "others": 0})
    assert "Les Lilas : la partie commune (1\u202f234,57 ha)" in in_words("fr", error)
    assert "Les Lilas: the shared part (1,234.57 ha)" in in_words("en", error)


def test_a_code_that_several_rules_use_is_said_of_what_it_is_about() -> None:
    assert "nom de 2 à 80" in in_words("fr", RuleError("name", ""))
    assert "pas possible" in in_words("fr", RuleError("name", ""), about="member")
    assert "plus là" in in_words("fr", NotFound("no document 3"))
