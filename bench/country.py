"""A country on one PostgreSQL: 1,000,000 members, a campaign to 150,000, two dispatch workers.

Planned whole, then sent as far as the given time reaches, unpaced: the speed over time, the
room that it takes, and what the database writes. docs/scaling.md reckons with these.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from sqlalchemy import text

from bench.cost import Cost, Meters
from bench.crowd import Place, add_numbers, fill
from bench.dispatch import warm_up
from bench.ledger import Entry, twice
from bench.result import Options, Result, number
from bench.rig import UNPACED, Bench, bench

STEP = 5.0  # seconds, of the plot
_SIZE = text("SELECT pg_total_relation_size(CAST(:name AS regclass))")
_LEFT = text("SELECT count(*) FROM delivery WHERE state = 'queued'")


def run(options: Options) -> Result:
    members = options.size("members", 1_000_000, 20_000)
    people = options.size("people", 150_000, 10_000)
    seconds = options.size("seconds", 120, 10)
    with bench(workers=2) as house:
        add_numbers(house.store, ["+33639980000"], UNPACED)
        start = time.monotonic()
        elsewhere = members - people - 100
        fill(
            house.store,
            [Place("00001", 100), Place("00002", people, people // 100),
             Place("00003", elsewhere, elsewhere // 100)],
        )  # fmt: skip
        filled = time.monotonic() - start
        with house.up():
            warm_up(house, "00001")
            found = campaign(house, seconds)
    return report(found | {"members": members, "people": people, "filled": filled})


def campaign(house: Bench, seconds: float) -> dict[str, Any]:
    """Plan, send for so long, stop; the cost of a message over what was sent."""
    house.mark()
    before = Meters(house)
    start = time.monotonic()
    people = house.tell_town("00002", "Essai de mesure", wakes=False)
    planned = time.monotonic() - start
    written, room = before.since()[3:]
    meters, start = Meters(house), time.monotonic()
    house.wake()
    while house.asked(_LEFT) and time.monotonic() - start < seconds:
        time.sleep(1)
    took = time.monotonic() - start
    entries = house.tape.entries()
    cost = Cost(len(entries), took, *meters.since())
    return {
        "planned_seconds": planned, "planned_log_bytes": written / people,
        "planned_room_bytes": room / people, "sent": len(entries), "twice": twice(entries),
        "each": cost.each(), "speeds": speeds(entries),
        "member_bytes": house.asked(_SIZE, name="member"),
        "shares": [100 * (p / took) for p in (cost.workers_cpu, cost.database_cpu, cost.provider_cpu)],
    }  # fmt: skip


def speeds(entries: list[Entry]) -> list[float]:
    """Messages a second in each step, without the last, which is cut."""
    times = np.array([entry["mono"] for entry in entries])
    counts, _ = np.histogram(times, np.arange(times.min(), times.max(), STEP))
    return [float(count / STEP) for count in counts]


def report(found: dict[str, Any]) -> Result:
    each, people = found["each"], found["people"]
    result = Result(
        "country",
        f"{found['members']:,} members, a campaign to {people:,}, 2 dispatch workers",
        "holds at 1,000,000 members, 10,000 communities, 150,000 people",
        ("what", "measured"), raw=found,
    )  # fmt: skip
    workers, database, provider = found["shares"]
    result.rows = [
        (f"planning {people:,} deliveries", f"{found['planned_seconds']:.1f} s"),
        ("sent", f"{found['sent']:,} ({found['sent'] / people:.0%}), {found['twice']} twice"),
        ("messages a second", number(1e6 / each["seconds"])),
        ("in the first and the last steps", steps(found["speeds"])),
        ("processor a message: workers", f"{each['workers_cpu']:.0f} µs"),
        ("processor a message: PostgreSQL", f"{each['database_cpu']:.0f} µs"),
        ("processor of the emulator, a message", f"{each['provider_cpu']:.0f} µs"),
        ("of one core: workers, PostgreSQL, emulator",
         f"{workers:.0f} %, {database:.0f} %, {provider:.0f} %"),
        ("log written a message: planning, sending",
         f"{found['planned_log_bytes']:,.0f}, {each['log_bytes']:,.0f} bytes"),
        ("room of a delivery, indexes and attempt included",
         f"{found['planned_room_bytes'] + each['room_bytes']:,.0f} bytes"),
        ("room of a member, indexes included",
         f"{found['member_bytes'] / found['members']:,.0f} bytes"),
        ("filling the installation", f"{found['filled']:.0f} s"),
    ]  # fmt: skip
    result.draw = lambda figure: draw(figure, found["speeds"])
    return result


def steps(speeds: list[float]) -> str:
    third = max(1, len(speeds) // 3)
    return f"{number(float(np.mean(speeds[:third])))}, {number(float(np.mean(speeds[-third:])))}"


def draw(figure: Figure, speeds: list[float]) -> None:
    axes = figure.add_subplot()
    axes.step(np.arange(len(speeds)) * STEP, speeds, where="post", color="#c0392b")
    axes.set_xlabel("seconds since the first message")
    axes.set_ylabel("messages a second")
    axes.set_ylim(bottom=0)
