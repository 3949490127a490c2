"""V8: what a message costs as alerts and the installation grow.

The same number of messages as many small alerts and as one large; then the same alert in
an installation of 10,000 members and of a million. Time suffers when the machine is shared,
processor time hardly does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from bench.cost import Cost, cost
from bench.crowd import Place, add_numbers, fill
from bench.dispatch import warm_up
from bench.result import Options, Result, middle, number
from bench.rig import UNPACED, bench

ALERTS = (100, 1_000, 10_000, 150_000)
ALERTS_QUICK = (100, 1_000, 4_000)
MEMBERS = (10_000, 100_000, 1_000_000)
MEMBERS_QUICK = (50_000,)
ONCE = 20_000  # people; a larger alert is measured once, it has so many
HEADER = (
    "people an alert", "alerts", "members", "communities", "messages/s", "worker µs", "database µs",
    "log bytes", "row bytes", "to the first",
)  # fmt: skip


def run(options: Options) -> Result:
    many = options.size("messages", 10_000, 4_000)
    result = Result(
        "growth", "V8: what a message costs as alerts and the installation grow",
        "flat within 15 % from 100 to 150,000 people an alert, and from 10,000 to 1,000,000 members",
        HEADER,
    )  # fmt: skip
    alerts = by_alert(options, many)
    members = by_members(options, many)
    for series in (alerts, members):
        result.rows += [row(point, series[0]) for point in series]
    result.raw = {"by_alert": alerts, "by_members": members}
    result.notes.append(
        "µs: processor time for one message; to the first: its cost (workers and database) beside"
        " the first line of the same series"
    )
    result.draw = lambda figure: draw(figure, alerts, members)
    return result


def by_alert(options: Options, many: int) -> list[dict[str, Any]]:
    """One installation; alerts of each size, in turns."""
    sizes = ALERTS_QUICK if options.quick else ALERTS
    runs: dict[int, list[Cost]] = {size: [] for size in sizes}
    with bench(workers=2) as house:
        add_numbers(house.store, ["+33639980000"], UNPACED)
        towns = {size: _towns(n, size, many) for n, size in enumerate(sizes)}
        fill(house.store, [place for places in towns.values() for place in places])
        with house.up():
            warm_up(house, towns[sizes[0]][0].insee)
            for n in range(options.runs):
                for size in sizes if n == 0 else [s for s in sizes if s <= ONCE]:
                    runs[size].append(cost(house, [place.insee for place in towns[size]]))
                    house.empty()
    members = sum(place.people for places in towns.values() for place in places)
    return [point(size, members, runs[size]) for size in sizes]


def _towns(n: int, size: int, many: int) -> list[Place]:
    """As many towns of `size` people as make about `many` in all."""
    count = max(1, many // size)
    return [Place(f"{n}{k:04d}", size, max(1, size // 100)) for k in range(count)]


def by_members(options: Options, many: int) -> list[dict[str, Any]]:
    """An installation of each size; the same alert, to one town of it."""
    found = []
    for members in MEMBERS_QUICK if options.quick else MEMBERS:
        with bench(workers=2) as house:
            add_numbers(house.store, ["+33639980000"], UNPACED)
            rest = members - many - 100
            places = [Place("00001", 100), Place("00002", many, many // 100)]
            places += [Place("00003", rest, rest // 100)] if rest > 0 else []
            fill(house.store, places)
            with house.up():
                warm_up(house, "00001")
                runs = []
                for _ in range(options.runs):
                    runs.append(cost(house, ["00002"]))
                    house.empty()
            found.append(point(many, members, runs))
    return found


def point(people: int, members: int, runs: Sequence[Cost]) -> dict[str, Any]:
    """Medians of a message's cost, and every run's."""
    each = [one.each() for one in runs]
    medians = {name: middle([one[name] for one in each]) for name in each[0]}
    facts = {"people": people, "messages": runs[0].messages, "members": members}
    return {**facts, "median": medians, "runs": each}


def processor(point: dict[str, Any]) -> float:
    """Microseconds of our processor time, the database's included."""
    return float(point["median"]["workers_cpu"] + point["median"]["database_cpu"])


def row(found: dict[str, Any], first: dict[str, Any]) -> tuple[str, ...]:
    median = found["median"]
    return (
        f"{found['people']:,}", f"{found['messages'] // found['people']:,}",
        f"{found['members']:,}", f"{found['members'] // 100:,}",
        number(1e6 / median["seconds"]), number(median["workers_cpu"]),
        number(median["database_cpu"]), number(median["log_bytes"]), number(median["room_bytes"]),
        f"{processor(found) / processor(first) - 1:+.0%}",
    )  # fmt: skip


def draw(
    figure: Figure, alerts: Sequence[dict[str, Any]], members: Sequence[dict[str, Any]]
) -> None:
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, points, key in ((left, alerts, "people"), (right, members, "members")):
        x = [point[key] for point in points]
        axes.plot(
            x, [processor(point) for point in points], "o-", color="#c0392b", label="processor"
        )
        axes.plot(x, [point["median"]["seconds"] for point in points], "s--", color="#7f8c8d",
                  label="time, shared machine")  # fmt: skip
        axes.set_xscale("log")
    left.set_xlabel("people an alert")
    right.set_xlabel("members of the installation")
    left.set_ylabel("µs a message")
    left.set_ylim(bottom=0)
    left.legend(fontsize=8)
