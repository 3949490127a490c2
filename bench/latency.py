"""V3: from the webhook's 2xx to the first SMS handed over, at 20 alerts a second.

All processes run; each text is a resident's, each becomes an alert to the rest of their
community. The end is the arrival of the first of its messages at the provider.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import psutil
from matplotlib.figure import Figure

from bench.cost import seconds as cpu
from bench.crowd import Place, add_numbers, fill, mobile
from bench.ledger import Entry
from bench.result import Options, Result, middle, share
from bench.rig import Bench, bench
from bench.texts import OUR_NUMBER, Answered, Phones, at_rate
from tests.rigs.processes import until

RATE = 20.0
NEIGHBOURS = 9
WARM = 40  # alerts before, so that all is imported and connected
CASES = (("postgresql", False), ("sqlite", False), ("postgresql", True))
SEGMENTS = 1_000.0  # a second, of the number: enough for 20 x 9


def run(options: Options) -> Result:
    seconds = options.size("seconds", 20, 6)
    count = int(RATE * seconds)
    result = Result(
        "latency", "V3: from the webhook's answer to the first SMS at the provider",
        "median 60 ms, p95 250 ms, p99 1 s, at 20 alerts a second",
        ("database", "alerts", "median", "p95", "p99", "worst", "webhook p99"),
    )  # fmt: skip
    for database, receipts in CASES[:1] if options.quick else CASES:
        name = f"{database}, {'two receipts a message' if receipts else 'no receipts'}"
        runs, answers, spent = measure(database, receipts, count, options.runs)
        result.rows.append(row(name, runs, answers))
        result.raw[name] = {"waits": runs, "answers": answers, "cpu_seconds_an_alert": spent}
        said = ", ".join(f"{kind} {1000 * each:.0f} ms" for kind, each in spent.items())
        result.notes.append(f"{name}: processor time an alert: {said}")
    result.notes.append(
        f"each alert is for {NEIGHBOURS} neighbours, so {RATE * (NEIGHBOURS + 1):.0f} messages a"
        " second go out, and twice as many receipts come in where there are any"
    )
    result.draw = lambda figure: draw(
        figure, {name: raw["waits"] for name, raw in result.raw.items()}
    )
    return result


def measure(
    database: str, receipts: bool, count: int, times: int
) -> tuple[list[list[float]], list[list[float]], dict[str, float]]:
    """Of each run: what each alert waited, what each webhook call took; and who worked (seconds)."""
    runs, answers = [], []
    communities = count * times + WARM
    with bench(database, receipts=receipts, workers=1) as house:
        add_numbers(house.store, [OUR_NUMBER], SEGMENTS)
        fill(house.store, [Place("00001", communities * (NEIGHBOURS + 1), communities)])
        with house.up():
            phones = Phones(f"{house.system.url}/webhooks/twilio/sms")
            texts(house, phones, range(communities - WARM, communities))
            work = {kind: of_kind(house, kind) for kind in ("serve", "inbound", "dispatch")}
            work |= others(house)
            before = {kind: cpu(processes) for kind, processes in work.items()}
            for n in range(times):
                called, waited = texts(house, phones, range(n * count, (n + 1) * count))
                runs.append(waited)
                answers.append([each.seconds for each in called])
            spent = {kind: (cpu(work[kind]) - before[kind]) / count / times for kind in work}
    return runs, answers, spent


def of_kind(house: Bench, kind: str) -> list[psutil.Process]:
    return [process for process in house.system.family() if kind in process.cmdline()]


def others(house: Bench) -> dict[str, list[psutil.Process]]:
    """What works beside ours: connections of the database live as long as the workers."""
    found = {
        "the rest of ours": [
            process
            for process in house.system.family()
            if not {"serve", "inbound", "dispatch"} & set(process.cmdline())
        ],
        "emulator": [psutil.Process(house.emulator.process.child.pid)],
    }
    if house.server is not None:
        first = psutil.Process(house.server.process.child.pid)
        found["PostgreSQL"] = [first, *first.children(recursive=True)]
    return found


def texts(house: Bench, phones: Phones, authors: range) -> tuple[list[Answered], list[float]]:
    """The first member of each community raises an alert; the seconds that each waited."""
    house.mark()
    requests = phones.prepare([(mobile(n + 1), f"Fuite d'eau au repère {n:06d}") for n in authors])
    called = at_rate(phones.address, requests, RATE)
    refused = [each.status for each in called if each.status != 200]
    if refused:
        raise AssertionError(f"{len(refused)} webhooks were refused: {refused[:3]}")
    wanted = len(requests) * NEIGHBOURS
    until(lambda: len(told(house)) >= wanted, f"{wanted} neighbours are told", 90, pause=0.2)
    house.wait_settled()
    return called, waits(called, told(house))


def told(house: Bench) -> list[Entry]:
    """What neighbours got: the authors' receipts do not repeat their words."""
    return [entry for entry in house.tape.entries() if "repère " in entry["body"]]


def waits(called: Sequence[Answered], sent: Sequence[Entry]) -> list[float]:
    """For each text, the seconds until the first message that says it (negative: before)."""
    first: dict[str, float] = {}
    for entry in sent:
        mark = entry["body"].partition("repère ")[2][:6]
        first[mark] = min(first.get(mark, entry["mono"]), entry["mono"])
    return [first[each.text[-6:]] - each.at for each in called]


def row(
    database: str, runs: Sequence[Sequence[float]], answers: Sequence[Sequence[float]]
) -> tuple[str, ...]:
    def over(percent: float) -> str:
        return f"{1000 * middle([share(run, percent) for run in runs]):.0f} ms"

    webhook = middle([share(run, 99) for run in answers])
    return (
        database, f"{len(runs[0]):,}", over(50), over(95), over(99),
        f"{1000 * max(max(run) for run in runs):.0f} ms", f"{1000 * webhook:.0f} ms",
    )  # fmt: skip


def draw(figure: Figure, found: dict[str, Sequence[Sequence[float]]]) -> None:
    axes = figure.add_subplot()
    for name, runs in found.items():
        waited = np.sort(np.concatenate([np.array(run) for run in runs])) * 1000
        axes.step(waited, np.arange(1, len(waited) + 1) / len(waited) * 100, label=name)
    axes.plot([60, 250, 1000], [50, 95, 99], "kv", label="promised: left of these")
    axes.set_xscale("log")
    axes.set_xlabel("milliseconds after the webhook's answer (logarithmic)")
    axes.set_ylabel("% of alerts whose first SMS has arrived")
    axes.legend(fontsize=8)
