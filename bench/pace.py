"""V1: how much of its rate each number uses, and whether it ever exceeds it.

By the arrival times in the emulator's ledger: between a number's first and last message,
and in the worst second wherever it begins.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from bench.crowd import Place, add_numbers, fill
from bench.ledger import Entry, busiest_second, by_sender, twice, used
from bench.result import Options, Result, middle
from bench.rig import Bench, bench

ALERTS = 12  # raised while a campaign goes out
LONG = "Fuite de gaz rue des Lilas : restez chez vous, fenêtres ouvertes. " * 3


@dataclass(frozen=True)
class Case:
    """So many numbers at `rate` segments a second each, and so many dispatch workers."""

    numbers: int
    rate: float
    workers: int
    mixed: bool = False

    def __str__(self) -> str:
        mix = ", alerts and campaign mixed" if self.mixed else ""
        return f"{self.numbers} at {self.rate:g}/s{mix}"


RATES = {1: 100.0, 4: 50.0, 50: 5.0}
QUICK = (Case(1, 100, 2), Case(4, 50, 2, mixed=True))


def cases(*, quick: bool) -> list[Case]:
    if quick:
        return list(QUICK)
    plain = [Case(n, rate, workers) for n, rate in RATES.items() for workers in (1, 2, 4)]
    return [*plain, *(Case(4, 50, workers, mixed=True) for workers in (1, 2, 4))]


def run(options: Options) -> Result:
    seconds = options.size("seconds", 15, 6)
    result = Result(
        "pace", "V1: how much of a number's rate is used, and never more",
        "99.5 % or more while anything is due; at most one message over in any second",
        ("numbers", "workers", "used, worst number", "median", "worst second", "over", "twice"),
    )  # fmt: skip
    shown: list[tuple[str, list[float]]] = []
    only = options.size("numbers", 0, 0)
    for case in cases(quick=options.quick):
        if only not in (0, case.numbers):
            continue
        runs = [measure(case, seconds) for _ in range(options.runs)]
        result.rows.append(row(case, runs))
        name = f"{case}, {case.workers} w."
        result.raw[name] = runs
        shown.append((name, [share for one in runs for share in one["used"]]))
    result.notes.append(
        "over: segments beyond the rate in the worst second of any number, and in brackets how"
        " many numbers had a second with more than one message beyond it (of one segment, where"
        " alerts and campaign mix of two); arrival times include what the network and a busy"
        " machine add"
    )
    result.draw = lambda figure: draw(figure, shown)
    return result


def measure(case: Case, seconds: float) -> dict[str, Any]:
    """One run: the share used of each number, and its worst second."""
    senders = [f"+3363998{n:04d}" for n in range(case.numbers)]
    people = int(case.numbers * case.rate * seconds)
    with bench(workers=case.workers) as house:
        add_numbers(house.store, senders, case.rate)
        fill(house.store, [Place("00001", people, 100), Place("00002", 4 * case.numbers, 1)])
        with house.up():
            time.sleep(1)  # the lines of slots begin after the guard
            house.mark()
            expected = house.tell_town("00001", "Campagne")
            if case.mixed:
                expected += alert(house, seconds)
            entries = house.tape.wait(expected, 10 * seconds + 20)
    return figures(entries, case.rate)


def alert(house: Bench, seconds: float) -> int:
    """Raise alerts of one and of two segments during the campaign; for how many people."""
    people = 0
    for n, words in zip(range(ALERTS), itertools.cycle(("Alerte", LONG)), strict=False):
        time.sleep(0.6 * seconds / ALERTS)
        people += house.tell_town("00002", f"{n} {words}")
    return people


def figures(entries: Sequence[Entry], rate: float) -> dict[str, Any]:
    lines = by_sender(entries)
    return {
        "used": [used(line, rate) for line in lines.values()],
        "over": [busiest_second(line) - rate for line in lines.values()],
        "longest": max(entry["segments"] for entry in entries),
        "longest_gap": [gap(line) for line in lines.values()],
        "twice": twice(entries),
    }


def gap(line: Sequence[Entry]) -> float:
    return max(float(later["mono"] - sooner["mono"]) for sooner, later in itertools.pairwise(line))


def row(case: Case, runs: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    over = [value for one in runs for value in one["over"]]
    beyond = sum(value > one["longest"] for one in runs for value in one["over"])
    return (
        str(case),
        str(case.workers),
        f"{middle([min(one['used']) for one in runs]):.2%}",
        f"{middle([middle(one['used']) for one in runs]):.2%}",
        f"{case.rate + max(over):.0f}",
        f"{max(over):+.0f} ({beyond} of {len(over)} more than a message)",
        str(sum(one["twice"] for one in runs)),
    )


def draw(figure: Figure, shown: Sequence[tuple[str, list[float]]]) -> None:
    axes = figure.add_subplot()
    names = [name for name, _ in shown]
    axes.boxplot(
        [[100 * value for value in values] for _, values in shown], orientation="horizontal"
    )
    axes.set_yticks(range(1, len(names) + 1), names, fontsize=7)
    axes.invert_yaxis()
    axes.axvline(99.5, color="#c0392b", linestyle="--", linewidth=1)
    axes.set_xlabel("% of the rate used, each number of each run (promised: right of the line)")
