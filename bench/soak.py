"""V9: the memory of every process through an hour's or a minute's alerts, five a second.

`--set seconds=600` for the ten minutes of the promise. Everything runs: webhooks, alerts,
sending, receipts.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psutil
from matplotlib.figure import Figure
from sqlalchemy import text

from bench.crowd import Place, add_numbers, fill, mobile
from bench.result import Options, Result
from bench.rig import Bench, bench
from bench.texts import OUR_NUMBER, Phones, at_rate
from tests.rigs.processes import until

RATE = 5.0
NEIGHBOURS = 9
ALERTS_EACH = 4  # of a member, under the limit of five an hour
PROMISED_MB = 150
_UNREAD = text("SELECT count(*) FROM inbound_text WHERE state = 'new'")
Memory = dict[str, list[tuple[float, float]]]


def run(options: Options) -> Result:
    seconds = options.size("seconds", 600, 20)
    authors = int(RATE * seconds / ALERTS_EACH) + 1
    result = Result(
        "soak", f"V9: memory through {seconds} s at {RATE:g} alerts a second (PostgreSQL)",
        "every process under 150 MB; no growth in 10 minutes",
        ("process", "at the start", "after a third", "at the end", "most", "growth since"),
    )  # fmt: skip
    with bench(receipts=True, workers=2) as house:
        add_numbers(house.store, [OUR_NUMBER], 1_000)
        fill(house.store, [Place("00001", authors * (NEIGHBOURS + 1), authors)])
        with house.up():
            house.mark()
            memory, answered, sent = soak(house, authors, seconds)
    for name, points in sorted(memory.items()):
        result.rows.append(row(name, points, seconds))
    result.raw = {"memory_mb": memory, "alerts": answered, "messages": sent}
    result.notes.append(f"{answered:,} alerts were taken in, {sent:,} messages went out")
    result.notes.append("growth since: per minute, of a line through the last two thirds")
    result.draw = lambda figure: draw(figure, memory)
    return result


def soak(house: Bench, authors: int, seconds: int) -> tuple[Memory, int, int]:
    """Texts at the rate, and each process's memory every second."""
    phones = Phones(f"{house.system.url}/webhooks/twilio/sms")
    people = [mobile(n % authors + 1) for n in range(int(RATE * seconds))]
    requests = phones.prepare(
        [(who, f"ALERTE fuite d'eau, repère {n}") for n, who in enumerate(people)]
    )
    memory: Memory = defaultdict(list)
    over = threading.Event()
    watcher = threading.Thread(target=watch, args=(house, memory, over))
    watcher.start()
    answered = at_rate(phones.address, requests, RATE)
    until(lambda: not house.asked(_UNREAD), "every text is read", 120, pause=0.5)
    house.wait_settled()
    over.set()
    watcher.join()
    taken = sum(each.status == 200 for each in answered)
    return dict(memory), taken, len(house.tape.entries())


def watch(house: Bench, memory: Memory, over: threading.Event) -> None:
    family = {name_of(process): process for process in house.system.family()}
    start = time.monotonic()
    while not over.wait(1.0):
        for name, process in family.items():
            memory[name].append((time.monotonic() - start, own_mb(process)))


def name_of(process: psutil.Process) -> str:
    """`tocsin worker dispatch 1234`: its command and its id."""
    words = process.cmdline()
    ours = next((n for n, word in enumerate(words) if word.endswith("cli.py")), None)
    if ours is None:
        return f"{Path(words[0].split()[0]).name} {process.pid}"
    said = [word for word in words[ours + 1 :] if word.isalpha()]
    return f"{' '.join(said)} {process.pid}"


def own_mb(process: psutil.Process) -> float:
    return float(process.memory_info().rss / 2**20)


def row(name: str, points: Sequence[tuple[float, float]], seconds: float) -> tuple[str, ...]:
    later = [(at, mb) for at, mb in points if at >= seconds / 3]
    slope = 60 * growth(later) if len(later) > 2 else 0.0
    most = max(mb for _, mb in points)
    over = " (over)" if most > PROMISED_MB else ""
    return (
        name, f"{points[0][1]:.0f} MB", f"{later[0][1]:.0f} MB", f"{points[-1][1]:.0f} MB",
        f"{most:.0f} MB{over}", f"{slope:+.2f} MB/min",
    )  # fmt: skip


def growth(points: Sequence[tuple[float, float]]) -> float:
    """Megabytes a second, of a line through the points."""
    return float(np.polyfit([at for at, _ in points], [mb for _, mb in points], 1)[0])


def draw(figure: Figure, memory: Memory) -> None:
    axes = figure.add_subplot()
    for name, points in sorted(memory.items()):
        axes.plot(*zip(*points, strict=True), label=name, linewidth=1)
    axes.axhline(PROMISED_MB, color="black", linestyle="--", linewidth=1)
    axes.set_xlabel("seconds")
    axes.set_ylabel("resident memory, MB (dashed: promised)")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=7, ncols=2)
