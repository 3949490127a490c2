"""What arrives at a provider is no more than each number's rate (V1).

A worker that the machine stops for a moment between its slot and its call moves arrivals:
bench/pace measures the promise itself, and how much of the rate is used.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from community_store.store import open_store
from tests.dispatch import crew
from tests.dispatch.world import make_world
from tests.emulator.client import Emulator

SECONDS = 5.0
STALL = 0.1  # seconds, as tests/chaos allows


@pytest.mark.slow
@pytest.mark.parametrize(
    ("numbers", "rate", "workers"),
    [(1, 100.0, 1), (1, 10.0, 2), (1, 100.0, 4), (4, 30.0, 2), (50, 2.0, 2)],
)
@pytest.mark.timeout(180)
def test_no_number_is_exceeded(
    postgres_url: str,
    redis_url: str,
    tmp_path: Path,
    emulator: Emulator,
    numbers: int,
    rate: float,
    workers: int,
) -> None:
    told = crew.settings(postgres_url, redis_url, tmp_path, {"sim": emulator.url})
    store = open_store(postgres_url)
    with make_world(store, redis_url, tmp_path) as world:
        ours = crew.numbers(world, numbers, "sim", rate)
        author = world.member(world.community())
        people = int(numbers * rate * SECONDS * 1.5)
        world.add(*[world.person(author.community_id) for _ in range(people)])
        world.raised(author)
        before = len(emulator.ledger())
        with crew.crew(told, [crew.work] * workers, SECONDS):
            pass
        came = crew.arrivals(emulator.ledger("accepted", before))
    store.close()
    assert len(came) == len(ours)
    assert max(crew.crowded(one) for one in came.values()) <= rate * (1 + STALL) + 1
