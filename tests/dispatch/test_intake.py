"""Which texts are for a number of ours."""

from __future__ import annotations

import time

from sqlmodel import delete

from community_store.models import Number
from dispatch import intake
from tests.dispatch.world import NUMBER, World


def test_a_number_of_ours_is_relied_on_for_a_moment(world: World) -> None:
    world.number()
    assert intake.is_ours(world.runtime, NUMBER)
    with world.store.begin() as session:
        session.exec(delete(Number))
    assert intake.is_ours(world.runtime, NUMBER), "its last texts are on their way"
    assert world.runtime.ours[NUMBER] <= time.monotonic() + intake.REMEMBERED
    world.runtime.ours[NUMBER] = time.monotonic()
    assert not intake.is_ours(world.runtime, NUMBER)


def test_a_number_that_became_ours_is_so_at_once(world: World) -> None:
    assert not intake.is_ours(world.runtime, NUMBER)
    world.number()
    assert intake.is_ours(world.runtime, NUMBER)
