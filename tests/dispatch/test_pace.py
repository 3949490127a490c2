"""Send slots: the whole rate, never more, whoever shares it and whatever Redis forgets."""

from __future__ import annotations

import itertools
import math
import multiprocessing
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from redis import Redis

from dispatch.lanes import Hold, OpenLane
from dispatch.outbox import Lane
from dispatch.pace import (
    GUARD,
    HORIZON,
    Grant,
    LocalSlots,
    SharedSlots,
    Slots,
    Wait,
    most,
    spacing,
    sway,
    too_late,
)

RATE = 100.0
UNPACED = 1_000_000.0
KEY = "sim:1"


@dataclass
class Hands:
    """A monotonic clock that only moves when the test says so."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def take(slots: Slots, until: float, *, rate: float = RATE) -> list[float]:
    """Reserve all that is granted until then: when each slot begins (monotonic seconds)."""
    taken: list[float] = []
    while (now := time.monotonic()) < until:
        granted = slots.reserve(KEY, rate, most(rate))
        if isinstance(granted, Wait):
            time.sleep(min(granted.seconds + 0.001, max(0.0, until - now)))
            continue
        taken += [granted.start + n * granted.interval for n in range(granted.count)]
    return taken


def crowded(starts: Sequence[float], seconds: float = 1.0) -> int:
    """The most slots that begin within any `seconds`."""
    ordered, most_seen, first = sorted(starts), 0, 0
    for last, start in enumerate(ordered):
        while ordered[first] <= start - seconds:
            first += 1
        most_seen = max(most_seen, last - first + 1)
    return most_seen


def in_threads(work: Callable[[], list[float]], count: int) -> list[float]:
    taken: list[float] = []
    threads = [threading.Thread(target=lambda: taken.extend(work())) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken


def shared(url: str, until: float) -> list[float]:
    with Redis.from_url(url) as redis:
        return take(SharedSlots(redis), until)


def shared_for(url: str, seconds: float) -> list[float]:
    return shared(url, time.monotonic() + seconds)


def begun(redis: Redis) -> SharedSlots:
    """Slots whose line began longer ago than the guard."""
    slots = SharedSlots(redis)
    for key in ("sim:1", "sim:2"):
        slots.reserve(key, RATE, 1)
    time.sleep(GUARD + 0.05)
    return slots


@pytest.mark.parametrize("workers", [1, 4])
def test_threads_share_the_whole_rate_and_never_exceed_it(redis_url: str, workers: int) -> None:
    until = time.monotonic() + GUARD + 2.0
    taken = in_threads(lambda: shared(redis_url, until), workers)
    assert crowded(taken) <= RATE + 1
    used = len(taken) / ((max(taken) - min(taken)) * RATE + 1)
    assert used >= 0.99


def test_processes_share_the_whole_rate_and_never_exceed_it(redis_url: str) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        parts = pool.starmap(shared_for, [(redis_url, GUARD + 2.5)] * 2)
    taken = [start for part in parts for start in part]  # one clock for all of a machine
    assert crowded(taken) <= RATE + 1
    assert len(taken) / ((max(taken) - min(taken)) * RATE + 1) >= 0.99


@pytest.mark.parametrize("rate", [0.5, 1, 3, 10, 1000])
def test_any_rate_is_kept(redis_url: str, rate: float) -> None:
    with Redis.from_url(redis_url) as redis:
        taken = take(SharedSlots(redis), time.monotonic() + GUARD + 1.2, rate=rate)
    assert crowded(taken) <= rate + 1
    assert len(taken) >= rate


@pytest.mark.parametrize("rate", [1.0, RATE])
def test_a_redis_that_forgets_all_never_makes_a_burst(redis_url: str, rate: float) -> None:
    with Redis.from_url(redis_url) as redis:
        slots, taken = SharedSlots(redis), []
        for _ in range(4):
            taken += take(slots, time.monotonic() + 0.7, rate=rate)
            redis.flushall()
    assert crowded(taken) <= rate + 1


def test_an_urgent_text_never_waits_behind_more_than_the_horizon(valkey: Redis) -> None:
    slots = begun(valkey)
    ends: list[float] = []
    while isinstance(granted := slots.reserve(KEY, RATE, 1000), Grant):
        assert granted.count == most(RATE)
        ends.append(granted.start + granted.count * granted.interval - time.monotonic())
    assert max(ends) <= 2 * HORIZON + 0.05
    assert granted.seconds <= HORIZON + 0.05


def test_only_the_end_of_the_line_can_be_given_back(valkey: Redis) -> None:
    slots = begun(valkey)
    first, second = slots.reserve(KEY, 1000, 10), slots.reserve(KEY, 1000, 200)
    assert isinstance(first, Grant)
    assert isinstance(second, Grant)
    slots.give_back(KEY, first, 10)
    third = slots.reserve(KEY, 1000, 1)
    assert isinstance(third, Grant)
    assert third.start == pytest.approx(second.start + 0.2, abs=0.02)
    slots.give_back(KEY, third, 1)
    fourth = slots.reserve(KEY, 1000, 1)
    assert isinstance(fourth, Grant)
    assert fourth.start <= third.start + 0.02


def test_numbers_do_not_wait_for_each_other(valkey: Redis) -> None:
    slots = begun(valkey)
    while isinstance(slots.reserve("sim:1", RATE, 25), Grant):
        pass
    assert isinstance(slots.reserve("sim:2", RATE, 25), Grant)


# one process alone


def test_slots_in_memory_follow_the_same_rules() -> None:
    hands = Hands()
    slots, taken = LocalSlots(hands), []
    for _ in range(3000):
        granted = slots.reserve(KEY, RATE, most(RATE))
        if isinstance(granted, Grant):
            assert granted.start >= hands.now
            taken += [granted.start + n * granted.interval for n in range(granted.count)]
        hands.now += 0.003
    assert min(taken) == pytest.approx(1000.0 + GUARD)
    assert crowded(taken, 1.0 - 1e-6) <= RATE
    assert len(taken) / ((max(taken) - min(taken)) * RATE + 1) >= 0.999


# what a pump holds


def hold(rate: float = RATE) -> Hold:
    return Hold(OpenLane(Lane("sim", 1), "38000", rate))


def departures(slots: Slots, segments: list[int], rate: float) -> list[tuple[float, int]]:
    """When messages of so many segments leave, each from a hold of its own at worst."""
    left = []
    for size in segments:
        mine = hold(rate)
        while mine.slot() > time.monotonic() + 0.015:
            mine.top_up(slots, time.monotonic())
            time.sleep(0.002)
        at = mine.take(size)
        assert at is not None
        left.append((at, size))
        mine.pay(slots)
        mine.close(slots)
    return left


@pytest.mark.parametrize("kind", ["shared", "local"])
def test_long_texts_pay_for_all_their_segments_even_when_the_pump_changes(
    valkey: Redis, kind: str
) -> None:
    slots: Slots = SharedSlots(valkey) if kind == "shared" else LocalSlots()
    left = departures(slots, [3, 1, 3, 1], rate=5)
    for (at, size), (following, _) in itertools.pairwise(left):
        assert following - at >= size / 5 - 0.02


def held(rate: float = RATE) -> tuple[Hands, LocalSlots, Hold]:
    """A hold with slots that begin now."""
    hands = Hands()
    slots, mine = LocalSlots(hands), hold(rate)
    slots.reserve(KEY, rate, 1)
    hands.now += GUARD + 1
    mine.top_up(slots, hands.now)
    return hands, slots, mine


def test_a_slot_that_was_missed_is_lost_not_made_up_for() -> None:
    hands, _slots, mine = held()
    hands.now += 0.1  # ten slots went by
    mine.skip_missed(hands.now)
    assert mine.slot() >= hands.now - too_late(RATE)
    assert mine.wanted(hands.now + 0.015) <= 3


def test_slots_are_reserved_before_the_last_is_used() -> None:
    hands, slots, mine = held()
    first = mine.end()
    hands.now += 0.05
    mine.top_up(slots, hands.now)
    assert mine.end() == pytest.approx(first + most(RATE) * spacing(RATE))
    mine.top_up(slots, hands.now)
    assert len(mine.grants) == 2, "but no more than the horizon holds"


def test_slots_that_nobody_can_use_up_are_not_asked_for_again() -> None:
    hands, slots, mine = held(UNPACED)
    mine.top_up(slots, hands.now)
    assert mine.held() == most(UNPACED), "a turn of the loop is no reason"
    mine.take(1)
    mine.top_up(slots, hands.now)
    assert mine.held() == 2 * most(UNPACED) - 1, "but what was used is"


@pytest.mark.parametrize("rate", [0.1, 1, 3, 10, 99, 100, 250, 251, 400, 1000, 10_000])
def test_no_second_can_have_more_than_one_too_many(rate: float) -> None:
    """Every message as late as may be at the beginning of a second, and on time at its end."""
    most_in_a_second = math.ceil((1 + sway(rate)) / spacing(rate) - 1e-6)
    assert most_in_a_second <= math.ceil(rate) + 1
    assert 1 / spacing(rate) >= 0.995 * rate


def test_a_redis_that_answers_late_does_not_move_the_slots(valkey: Redis) -> None:
    slow = 0.0

    def clock() -> float:
        return time.monotonic() + (slow if next(calls) % 2 else 0.0)

    calls = itertools.count()
    begun(valkey)
    slots = SharedSlots(valkey, clock)
    first = slots.reserve(KEY, RATE, 10)
    slow = 0.03  # the answer seems to take this much longer
    second = slots.reserve(KEY, RATE, 10)
    assert isinstance(first, Grant)
    assert isinstance(second, Grant)
    assert second.start - first.start == pytest.approx(10 / RATE, abs=0.003)


def test_a_clock_that_is_set_back_does_not_stop_the_line(valkey: Redis) -> None:
    begun(valkey)
    valkey.set("tocsin:slots:sim:1", str(int((time.time() + 3600) * 1e6)))
    granted = SharedSlots(valkey).reserve(KEY, RATE, 1)
    assert isinstance(granted, Wait)
    assert granted.seconds <= GUARD


def test_what_is_left_is_given_back_when_nothing_is_due() -> None:
    hands, slots, mine = held()
    mine.close(slots)
    granted = slots.reserve(KEY, RATE, 1)
    assert isinstance(granted, Grant)
    assert granted.start == pytest.approx(hands.now)
