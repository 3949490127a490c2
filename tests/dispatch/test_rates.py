"""What arrives at a provider: the whole rate of each number, and never more (V1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from community_store.store import open_store
from tests.dispatch import crew
from tests.dispatch.world import make_world
from tests.emulator.client import Emulator

SECONDS = 5.0
RUNS = 3  # a machine that stands still for a moment moves the arrivals, not the departures


@pytest.mark.parametrize(
    ("numbers", "rate", "workers"),
    [(1, 100.0, 1), (1, 10.0, 2), (1, 100.0, 4), (4, 30.0, 2), (50, 2.0, 2)],
)
@pytest.mark.timeout(180)
def test_each_number_is_used_and_never_exceeded(
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
        people = int(numbers * rate * SECONDS * RUNS * 1.5)
        world.add(*[world.person(author.community_id) for _ in range(people)])
        world.raised(author)
        seen: list[tuple[int, float]] = []
        while len(seen) < RUNS and not (seen and _good(seen[-1], rate)):
            before = len(emulator.ledger())
            with crew.crew(told, [crew.work] * workers, SECONDS):
                pass
            came = crew.arrivals(emulator.ledger("accepted", before))
            assert len(came) == len(ours)
            worst = max(crew.crowded(one) for one in came.values())
            mean = sum(crew.used(one, rate) for one in came.values()) / len(came)
            seen.append((worst, round(mean, 4)))
    store.close()
    assert _good(seen[-1], rate), f"at most in a second, part of the rate used: {seen}"


def _good(seen: tuple[int, float], rate: float) -> bool:
    """bench/ measures the 99.5 %; this machine is shared by other tests."""
    worst, mean = seen
    return worst <= rate + 1 and mean >= 0.97
