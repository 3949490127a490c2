"""What befalls our own machine: each strike, and how it is undone."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable

import psutil
import redis

from tests.chaos.plan import BACK, FORWARD
from tests.chaos.stand import Stand

Undo = Callable[[], None]

_CHILDREN = {
    "dispatch": ("worker", "dispatch"),
    "inbound": ("worker", "inbound"),
    "housekeeping": ("housekeeping",),
    "web": ("serve",),
}


def strike(stand: Stand, kind: str) -> Undo | None:
    """Do it; how to undo it, if it lasts. What is not there to be struck is passed over."""
    what, _, whom = kind.partition(" ")
    if what in ("kill", "roll") and whom.split()[0] in _CHILDREN:
        _signal(stand, whom, signal.SIGKILL if what == "kill" else signal.SIGTERM)
        return None
    return _STRIKES[kind](stand)


def _signal(stand: Stand, whom: str, number: signal.Signals) -> None:
    name, _, child = whom.partition(" ")
    with contextlib.suppress(AssertionError, psutil.NoSuchProcess):
        victim = stand.system.child(*_CHILDREN[name])
        for process in victim.children() if child else [victim]:
            process.send_signal(number)


def _kill_tree(stand: Stand) -> None:
    stand.system.crash()
    stand.system.start()


def _kill_parent(stand: Stand) -> None:
    assert stand.system.process is not None
    os.kill(stand.system.process.child.pid, signal.SIGKILL)
    stand.system.process.child.wait(10)
    stand.system.wait_gone(35)
    stand.system.start()


def _restart(stand: Stand) -> None:
    assert stand.system.stop() < 30, "SIGTERM drains within 30 s (R9)"
    stand.system.start()


def _flush(stand: Stand) -> None:
    with stand.redis.client() as client:
        client.flushall()


def _redis_killed(stand: Stand) -> Undo:
    stand.redis.process.kill()
    return stand.redis.restart


def _redis_frozen(stand: Stand) -> Undo:
    stand.redis.process.send(signal.SIGSTOP)
    return lambda: stand.redis.process.send(signal.SIGCONT)


def _redis_full(stand: Stand) -> Undo:
    _limit_memory(stand, 1)
    return lambda: _limit_memory(stand, 0)


def _limit_memory(stand: Stand, limit: int) -> None:
    """Above its limit a Redis refuses every write, and keeps what it has."""
    with contextlib.suppress(redis.ConnectionError), stand.redis.client() as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", limit)


def _database_restart(stand: Stand) -> None:
    assert stand.postgres is not None
    stand.postgres.process.stop(signal.SIGQUIT)  # immediate: as a power cut, with recovery
    stand.postgres.process.start()


def _database_away(stand: Stand) -> Undo:
    database = stand.postgres
    assert database is not None
    database.process.stop(signal.SIGINT)

    def back() -> None:
        database.process.start()
        database.wait()

    return back


def _clock_forward(stand: Stand) -> Undo:
    """By less than the quiet period, which is measured by it; and back again."""
    stand.set_clock(FORWARD)
    return lambda: stand.set_clock(0.0)


def _clock_back(stand: Stand) -> None:
    stand.set_clock(-BACK)


_STRIKES: dict[str, Callable[[Stand], Undo | None]] = {
    "kill tree": _kill_tree,
    "kill parent": _kill_parent,
    "restart": _restart,
    "flush": _flush,
    "clock forward": _clock_forward,
    "clock back": _clock_back,
    "redis killed": _redis_killed,
    "redis frozen": _redis_frozen,
    "redis full": _redis_full,
    "database immediate restart": _database_restart,
    "database away": _database_away,
}
