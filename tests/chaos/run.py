"""One seed from its start to its verdict."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPException

import psycopg

from tests.acceptance.system import NUMBER
from tests.chaos import rows, strikes
from tests.chaos.checker import Verdict, check
from tests.chaos.people import GATEWAY, RATE
from tests.chaos.plan import Plan, Stop, Words
from tests.chaos.reports import Shown
from tests.chaos.stand import Servers, Stand, stand

AWAY = (sqlite3.OperationalError, psycopg.OperationalError)
QUIET_WITHIN = 120.0  # seconds after the last fault in which all must be settled
PATIENT = 20.0


@dataclass
class Result:
    """What became of a seed."""

    plan: Plan
    verdict: Verdict
    seconds: float
    settled_after: float
    """Seconds from the end of the faults until nothing was left to do."""
    answers: Counter[int] = field(default_factory=Counter)
    crashes: Counter[str] = field(default_factory=Counter)


def run(servers: Servers, plan: Plan) -> Result:
    began = time.monotonic()
    with stand(servers, plan) as made:
        made.emulator.reset()
        made.emulator.settings(
            webhook=f"{made.system.url}/webhooks/{GATEWAY}", rates={NUMBER: RATE * 1.1}
        )
        clock = {"TOCSIN_CLOCK": str(made.clock)}
        made.system.environment = {"TOCSIN_CRASH_AT": plan.crash_at, **clock}
        made.system.up()
        made.emulator.no_faults(plan.seed)
        made.emulator.faults(*plan.rules)
        answers = _befall(made, plan)
        _mend(made)
        calmed = time.monotonic()
        url = made.database_url or f"sqlite:///{made.system.data_dir / 'tocsin.db'}"
        settled = _wait_for_quiet(made, url, plan)
        shown = _shown(made)
        verdict = check(plan, made.emulator.ledger(), rows.read(url), {NUMBER: RATE}, shown)
        if not settled:
            verdict.wrong("non_terminal", f"not quiet {QUIET_WITHIN:.0f} s after the last fault")
        crashes = Counter(re.findall(r"crash point (\w+)", _log(made)))
        now = time.monotonic()
        return Result(plan, verdict, now - began, now - calmed, answers, crashes)


def _shown(made: Stand) -> Shown:
    """What the operator is shown; it may be that the web has just been started again."""
    ends = time.monotonic() + PATIENT
    while True:
        try:
            states = made.system.states()
            return Shown(states, int(made.system.figure("tocsin_duplicates_total")))
        except (OSError, HTTPException):
            if time.monotonic() > ends:
                raise
            time.sleep(0.1)


def _log(made: Stand) -> str:
    return (made.system.folder / "up.log").read_text(errors="replace")


def _befall(made: Stand, plan: Plan) -> Counter[int]:
    """Let everything happen at its time; what our webhook answered to the texts.

    The clock starts once the first text is going out, so that all of it falls on work.
    """
    first, *others = plan.words
    answers = Counter(_text(made, first, 0.0))
    _going_out(made)
    begins = time.monotonic()
    order = itertools.count()
    due: list[tuple[float, int, Callable[[], None]]] = []
    with ThreadPoolExecutor(8) as pool:
        said = [pool.submit(_text, made, words, begins + words.at) for words in others]
        said += [pool.submit(_stop, made, stop, begins + stop.at) for stop in plan.stops]
        for one in plan.strikes:
            undo: list[Callable[[], None]] = []
            heapq.heappush(due, (begins + one.at, next(order), _strike(made, one.kind, undo)))
            heapq.heappush(due, (begins + one.at + one.lasts, next(order), _undo(undo)))
        while due:
            at, _, act = heapq.heappop(due)
            while time.monotonic() < at:
                _keep_alive(made)
                time.sleep(0.02)
            act()
        return answers + Counter(answer for each in said for answer in each.result())


def _going_out(made: Stand) -> None:
    """Wait until the provider is called, in vain or not; a crash point may delay that."""
    ends = time.monotonic() + PATIENT
    while time.monotonic() < ends:
        if any(e["event"] in ("accepted", "fault") for e in made.emulator.ledger()):
            return
        _keep_alive(made)
        time.sleep(0.05)


def _strike(made: Stand, kind: str, undo: list[Callable[[], None]]) -> Callable[[], None]:
    def act() -> None:
        _keep_alive(made)
        if (back := strikes.strike(made, kind)) is not None:
            undo.append(back)

    return act


def _undo(undo: list[Callable[[], None]]) -> Callable[[], None]:
    def act() -> None:
        while undo:
            undo.pop()()

    return act


def _text(made: Stand, words: Words, at: float) -> list[int]:
    time.sleep(max(0.0, at - time.monotonic()))
    return made.emulator.inbound(words.author, NUMBER, words.text)[1]


def _stop(made: Stand, stop: Stop, at: float) -> list[int]:
    time.sleep(max(0.0, at - time.monotonic()))
    return made.emulator.inbound(stop.phone, NUMBER, stop.text)[1]


def _keep_alive(made: Stand) -> None:
    """As systemd does: what has ended is started again."""
    if made.system.process is None or not made.system.process.alive:
        made.system.start()


def _mend(made: Stand) -> None:
    """No more faults: crash points are off after a last rolling restart."""
    if made.postgres is not None:
        made.postgres.wait()
    _keep_alive(made)
    if made.system.environment.get("TOCSIN_CRASH_AT"):
        made.system.stop()
        del made.system.environment["TOCSIN_CRASH_AT"]
        made.system.start()


def _wait_for_quiet(made: Stand, url: str, plan: Plan) -> bool:
    ends = time.monotonic() + QUIET_WITHIN
    while time.monotonic() < ends:
        _keep_alive(made)
        with contextlib.suppress(*AWAY):
            if _quiet(made, rows.read(url), plan):
                return True
        time.sleep(0.25)
    return False


def _quiet(made: Stand, found: rows.Rows, plan: Plan) -> bool:
    """Every text is read, nothing is on its way, nothing is on the spool."""
    read = sum(text.state == "read" for text in found.texts.values())
    spool = made.system.data_dir / "spool"
    came = read >= len(plan.words) + len(plan.stops)
    return came and not found.still_open and not list(spool.glob("*.json"))
