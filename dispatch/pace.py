"""Send slots: how many workers share a number's rate without ever exceeding it.

A slot is one segment at the number's rate. One atomic call reserves the next k slots;
each message leaves at its own. k is at most a quarter of a second of rate and nothing
is reserved further ahead than that, so an urgent text never waits behind more.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from redis import Redis
from redis.exceptions import RedisError

HORIZON = 0.25  # seconds of rate that may be reserved ahead
GUARD = 0.5  # seconds of silence where earlier reservations may have been forgotten

_RESERVE = """
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local free = tonumber(redis.call('GET', KEYS[1]) or 0)
if free == 0 then
  free = now + ARGV[4]
  redis.call('SET', KEYS[1], string.format('%.0f', free))
end
if free < now then free = now end
if free - now > tonumber(ARGV[3]) then return {0, free - now - ARGV[3], '0'} end
local last = string.format('%.0f', free + ARGV[1] * ARGV[2])
redis.call('SET', KEYS[1], last)
return {1, free - now, last}
"""

# only the end of the line can be returned: what somebody reserved after it is theirs
_RETURN = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], string.format('%.0f', ARGV[1] - ARGV[2]))
return 1
"""


# a line that is not there begins after the guard in any case
_OWE = """
local t = redis.call('TIME')
local free = tonumber(redis.call('GET', KEYS[1]) or 0)
if free == 0 then return 0 end
free = math.max(free, t[1] * 1000000 + t[2])
redis.call('SET', KEYS[1], string.format('%.0f', free + ARGV[1]))
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

    def owe(self, key: str, rate: float, segments: int) -> None: ...


def most(rate: float) -> int:
    """How many slots may be reserved at once at `rate` segments a second."""
    return max(1, int(rate * HORIZON))


class SharedSlots:
    """Slots kept in Redis by one atomic script, on Redis's own clock.

    A key that is missing may have been wiped with reservations in it: the next slot
    then begins after the guard, which is longer than the horizon.
    """

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.monotonic) -> None:
        self._reserve = redis.register_script(_RESERVE)
        self._return = redis.register_script(_RETURN)
        self._owe = redis.register_script(_OWE)
        self._clock = clock

    def reserve(self, key: str, rate: float, wanted: int) -> Grant | Wait:
        """Reserve up to `wanted` slots. Raises RedisError while Redis is away."""
        interval, count = 1 / rate, min(wanted, most(rate))
        granted, micros, end = self._reserve(
            keys=[_key(key)],
            args=[interval * 1e6, count, HORIZON * 1e6, GUARD * 1e6],
        )
        if not granted:
            return Wait(int(micros) / 1e6)
        return Grant(self._clock() + int(micros) / 1e6, count, interval, _text(end))

    def give_back(self, key: str, grant: Grant, unused: int) -> None:
        """Return the last `unused` slots of a grant, unless others follow them."""
        self._return(keys=[_key(key)], args=[grant.end, grant.interval * unused * 1e6])

    def owe(self, key: str, rate: float, segments: int) -> None:
        """Put off what comes next by segments that left without a slot. Raises RedisError."""
        self._owe(keys=[_key(key)], args=[segments / rate * 1e6])


class LocalSlots:
    """The same in one process's memory, for when Redis is away (decision 1)."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._free: dict[str, float] = {}

    def reserve(self, key: str, rate: float, wanted: int) -> Grant | Wait:
        now = self._clock()
        free = max(now, self._free.get(key, now + GUARD))
        if free - now > HORIZON:
            self._free.setdefault(key, free)
            return Wait(free - now - HORIZON)
        count = min(wanted, most(rate))
        self._free[key] = free + count / rate
        return Grant(free, count, 1 / rate, repr(self._free[key]))

    def give_back(self, key: str, grant: Grant, unused: int) -> None:
        if repr(self._free.get(key)) == grant.end:
            self._free[key] -= unused * grant.interval

    def owe(self, key: str, rate: float, segments: int) -> None:
        self._free[key] = max(self._clock(), self._free.get(key, 0.0)) + segments / rate

    def ahead(self, key: str) -> float:
        """Seconds for which slots are reserved already."""
        return max(0.0, self._free.get(key, 0.0) - self._clock())


class StandInSlots:
    """Redis's slots whenever Redis answers, one's own while it does not.

    Only housekeeping uses it, and one housekeeping at a time (the `pump` duty). Each
    change waits until what was reserved on the other side has left.
    """

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.monotonic) -> None:
        self._shared = SharedSlots(redis, clock)
        self._local = LocalSlots(clock)
        self._clock = clock
        self._alone = False

    def reserve(self, key: str, rate: float, wanted: int) -> Grant | Wait:
        try:
            granted = self._shared.reserve(key, rate, wanted)
        except RedisError:
            return self._by_itself().reserve(key, rate, wanted)
        self._alone = False
        if isinstance(granted, Grant) and (wait := self._local.ahead(key)) > 0:
            self._shared.give_back(key, granted, granted.count)
            return Wait(wait)
        return granted

    def give_back(self, key: str, grant: Grant, unused: int) -> None:
        try:
            self._shared.give_back(key, grant, unused)
        except RedisError:
            self._local.give_back(key, grant, unused)

    def owe(self, key: str, rate: float, segments: int) -> None:
        try:
            self._shared.owe(key, rate, segments)
        except RedisError:
            self._by_itself().owe(key, rate, segments)

    def _by_itself(self) -> LocalSlots:
        """A new line at each outage: an old one would begin without the guard."""
        if not self._alone:
            self._alone, self._local = True, LocalSlots(self._clock)
        return self._local


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _key(lane: str) -> str:
    return f"tocsin:slots:{lane}"
