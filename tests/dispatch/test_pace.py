"""Send slots: the whole rate, never more, whoever shares it and whatever Redis forgets."""

from __future__ import annotations

import itertools
import math
import multiprocessing
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from redis import Redis

from community_store.columns import utcnow
from dispatch.lanes import OpenLane
from dispatch.outbox import Claimed, Lane
from dispatch.pace import (
    GUARD,
    HORIZON,
    Grant,
    LocalSlots,
    SharedSlots,
    Slots,
    Wait,
    guard,
    most,
    spacing,
    sway,
    too_late,
)
from dispatch.slots import Hold

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
        taken = take(
            SharedSlots(redis), time.monotonic() + guard(rate, most(rate)) + 1.2, rate=rate
        )
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
    while isinstance(granted := slots.reserve(KEY, RATE, most(RATE)), Grant):
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
    assert min(taken) == pytest.approx(1000.0 + guard(RATE, most(RATE)))
    assert crowded(taken, 1.0 - 1e-6) <= RATE
    assert len(taken) / ((max(taken) - min(taken)) / spacing(RATE) + 1) >= 0.999


# what a pump holds


def hold(rate: float = RATE) -> Hold:
    return Hold(OpenLane(Lane("sim", 1), "38000", rate))


def text(segments: int) -> Claimed:
    return Claimed(
        id=1, attempt=1, lease="", lane=Lane("sim", 1), channel="sms", to="", segments=segments,
        sms="", subject="", mail="", voice="", push="", language="fr", subscription="",
        started_at=utcnow(), expires_at=utcnow(),
    )  # fmt: skip


def pumps(
    count: int, lengths: Callable[[], int], *, rate: float, seconds: float
) -> list[tuple[float, int]]:
    """What so many pumps that share a number send, all of whose slots are used in time."""
    hands = Hands()
    slots, holds = LocalSlots(hands), [hold(rate) for _ in range(count)]
    order = random.Random(count)
    left: list[tuple[float, int]] = []
    while hands.now < 1000 + GUARD + seconds:
        for mine in order.sample(holds, count):
            mine.skip_missed(hands.now)
            mine.top_up(slots, hands.now)
            while mine.wanted(hands.now + 0.1) > 0:
                mine.take_in([text(lengths())], hands.now)
            while mine.slot() <= hands.now and (one := mine.next()) is not None:
                left.append((mine.take(one), one.claimed.segments))
        hands.now += 0.002
    return left


def busiest(left: Sequence[tuple[float, int]]) -> int:
    """The most segments within a second."""
    window: deque[tuple[float, int]] = deque()
    most_seen = held_now = 0
    for at, segments in sorted(left):
        window.append((at, segments))
        held_now += segments
        while window[0][0] <= at - 1 + 1e-6:
            held_now -= window.popleft()[1]
        most_seen = max(most_seen, held_now)
    return most_seen


@pytest.mark.parametrize("count", [1, 2, 4])
@pytest.mark.parametrize("rate", [1, 5, 50])
@pytest.mark.parametrize("longest", [1, 2, 5])
def test_no_second_has_more_than_one_message_over_the_rate_whoever_sends(
    count: int, rate: float, longest: int
) -> None:
    """A text of several segments leaves at the first of as many slots of its own in a row."""
    lengths = random.Random(f"{count} {rate} {longest}")
    left = pumps(count, lambda: lengths.choice([1, longest]), rate=rate, seconds=10)
    assert busiest(left) <= rate + longest - 1


@pytest.mark.parametrize("count", [1, 2, 4])
@pytest.mark.parametrize("segments", [1, 2, 3, 5])
def test_texts_of_one_length_use_the_whole_rate(count: int, segments: int) -> None:
    """Once each pump has had a first text and knows how long they are."""
    left = [one for one in pumps(count, lambda: segments, rate=50, seconds=6) if one[0] > 1002]
    span = max(left)[0] - min(left)[0]
    assert (sum(n for _, n in left) - segments) / span / 50 >= 0.999


def test_a_text_that_does_not_fit_lets_a_shorter_one_have_the_slot() -> None:
    _hands, _slots, mine = held(5)
    assert mine.held() == 1
    mine.take_in([text(3), text(1)], 0.0)
    one = mine.next()
    assert one is not None
    assert one.claimed.segments == 1


def test_a_slot_too_few_is_given_up_and_the_next_are_reserved_for_the_whole_text() -> None:
    hands, slots, mine = held(5)
    mine.take_in([text(3)], 0.0)
    assert mine.next() is None
    assert mine.held() == 0, "it would leave before others' slots"
    hands.now += 0.2
    mine.top_up(slots, hands.now)
    assert mine.held() == 3
    assert mine.next() is mine.in_hand[0]


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
    mine.take_in([text(1)], 0.0)
    mine.take(mine.in_hand[0])
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
