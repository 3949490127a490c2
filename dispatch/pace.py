"""Send slots: how many workers share a number's rate without ever exceeding it.

A slot is one segment at the number's rate. One atomic call reserves the next k slots;
each message leaves at its own. k is at most a quarter of a second of rate, or one message
where that has more segments, and nothing is reserved further ahead than a quarter of a
second, so an urgent text never waits behind more.

A message arrives a little after its slot, now more, now less. With slots `spacing` apart
and no message later than `sway`, no second ever has more than rate + 1 segments: any
second is the sum of the slots of 1 + sway seconds, and (1 + sway) / spacing = rate + 1.
Up to 50 segments a second sway is one slot, and spacing exactly 1 / rate. Above that a
quarter of a slot would be too little for the way to a busy provider, and a little of the
rate is spent on more. Above 10,000, which is more than we can send, there is more of it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from redis import Redis

HORIZON = 0.25  # seconds of rate that may be reserved ahead
GUARD = 0.5  # seconds of silence, the least, where earlier reservations may have been forgotten
SWAY = 0.004  # seconds, the least that a message may come after its slot
LOOSE = 4e-7  # seconds of sway that each segment a second adds, where no pump gets there
LOOSEST = 0.1
FASTEST = 2_000.0  # segments a second, about what one process sends: slots for more are not held
SLACK = 0.2  # part of the time afoot that is left to what is started
AFOOT = 0.75  # part of the sway used before the call; the rest is the way to the provider
WAY = 0.005  # seconds that the way may take, also where a quarter of a slot is less
ROOM = 0.0015  # seconds of sway that this may cost: 0.15 % of the rate
DRIFT = 0.0005  # seconds a second that two clocks of computers may drift apart
STEPPED = 10.0  # seconds further ahead than can be: Redis's clock was set back

_RESERVE = """
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local free = tonumber(redis.call('GET', KEYS[1]) or 0)
if free == 0 or free - now > tonumber(ARGV[5]) then
  free = now + ARGV[4]
  redis.call('SET', KEYS[1], string.format('%.0f', free))
end
if free < now then free = now end
if free - now > tonumber(ARGV[3]) then return {0, free - now - ARGV[3], '0', now} end
local last = string.format('%.0f', free + ARGV[1] * ARGV[2])
redis.call('SET', KEYS[1], last)
return {1, free - now, last, now}
"""

# only the end of the line can be returned: what somebody reserved after it is theirs
_RETURN = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], string.format('%.0f', ARGV[1] - ARGV[2]))
return 1
"""


@dataclass(frozen=True, slots=True)
class Grant:
    """`count` slots from `start` on (monotonic seconds), `interval` seconds apart.

    `end` names the last of them to whoever keeps the slots.
    """

    start: float
    count: int
    interval: float
    end: str


@dataclass(frozen=True, slots=True)
class Wait:
    """All slots within the horizon are taken; ask again after `seconds`."""

    seconds: float


class Slots(Protocol):
    """Where slots are reserved: Redis for many workers, memory for one alone."""

    def reserve(self, key: str, rate: float, wanted: int) -> Grant | Wait: ...

    def give_back(self, key: str, grant: Grant, unused: int) -> None: ...


def most(rate: float) -> int:
    """How many slots are reserved at once at `rate` segments a second, at most."""
    return max(1, int(min(rate, FASTEST) * HORIZON))


def whole(rate: float, segments: int) -> int:
    """How many slots to reserve at once for messages of so many segments, so that all fit."""
    return max(1, most(rate) // segments) * segments


def guard(rate: float, wanted: int) -> float:
    """Seconds of silence in which whatever was reserved and forgotten has passed."""
    return max(GUARD, HORIZON + wanted * spacing(rate))


def sway(rate: float) -> float:
    """Seconds after its slot by which a segment must have reached the provider."""
    return max(_own(rate) / AFOOT, min(AFOOT / rate + WAY, 1 / rate + ROOM))


def _own(rate: float) -> float:
    """The part of the sway that the sending process may use itself."""
    return AFOOT * max(1 / rate, SWAY, min(LOOSE * rate, LOOSEST))


def spacing(rate: float) -> float:
    """Seconds from one slot to the next."""
    return (1 + sway(rate)) / (rate + 1)


def too_late(rate: float) -> float:
    """Seconds after which a slot is given up rather than used."""
    return _own(rate)


def too_late_to_start(rate: float) -> float:
    """Seconds after which nothing is started for a slot, since it would end up too late."""
    return (1 - SLACK) * too_late(rate)


@dataclass(slots=True)
class _RedisClock:
    """Redis's clock (microseconds) on ours (monotonic seconds), however late it answers.

    An answer that took long says little of the offset, a quick one much: what each says
    is laid over what the earlier ones left possible.
    """

    low: float = -math.inf
    high: float = math.inf
    at: float = 0.0

    def tell(self, micros: int, asked: float, heard: float) -> float:
        """The offset to take from Redis's seconds, after one more answer."""
        drift = DRIFT * (heard - self.at)
        low = max(self.low - drift, micros / 1e6 - heard)
        high = min(self.high + drift, micros / 1e6 - asked)
        if low > high:  # one of the clocks was set
            low, high = micros / 1e6 - heard, micros / 1e6 - asked
        self.low, self.high, self.at = low, high, heard
        return (low + high) / 2


class SharedSlots:
    """Slots kept in Redis by one atomic script, on Redis's own clock.

    A key that is missing may have been wiped with reservations in it: the next slot
    then begins after the guard, which is longer than the horizon.
    """

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.monotonic) -> None:
        self._reserve = redis.register_script(_RESERVE)
        self._return = redis.register_script(_RETURN)
        self._clock = clock
        self._redis_clock = _RedisClock()

    def reserve(self, key: str, rate: float, wanted: int) -> Grant | Wait:
        """Reserve `wanted` slots. Raises RedisError while Redis is away."""
        interval = spacing(rate)
        longest = STEPPED + HORIZON + 10 * max(wanted, most(rate)) * interval
        asked = self._clock()
        granted, micros, end, now = self._reserve(
            keys=[_key(key)],
            args=[
                interval * 1e6,
                wanted,
                HORIZON * 1e6,
                guard(rate, wanted) * 1e6,
                longest * 1e6,
            ],
        )
        offset = self._redis_clock.tell(int(now), asked, self._clock())
        if not granted:
            return Wait(int(micros) / 1e6)
        start = (int(now) + int(micros)) / 1e6 - offset
        return Grant(start, wanted, interval, _text(end))

    def give_back(self, key: str, grant: Grant, unused: int) -> None:
        """Return the last `unused` slots of a grant, unless others follow them."""
        self._return(keys=[_key(key)], args=[grant.end, grant.interval * unused * 1e6])


class LocalSlots:
    """The same in one process's memory, for when Redis is away (decision 1)."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._free: dict[str, float] = {}

    def reserve(self, key: str, rate: float, wanted: int) -> Grant | Wait:
        now = self._clock()
        free = max(now, self._free.get(key, now + guard(rate, wanted)))
        if free - now > HORIZON:
            self._free.setdefault(key, free)
            return Wait(free - now - HORIZON)
        interval = spacing(rate)
        self._free[key] = free + wanted * interval
        return Grant(free, wanted, interval, repr(self._free[key]))

    def give_back(self, key: str, grant: Grant, unused: int) -> None:
        if repr(self._free.get(key)) == grant.end:
            self._free[key] -= unused * grant.interval

    def ahead(self) -> float:
        """Seconds for which slots are reserved already."""
        return max(0.0, max(self._free.values(), default=0.0) - self._clock())


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _key(lane: str) -> str:
    return f"tocsin:slots:{lane}"
