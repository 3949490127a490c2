"""V6: a resident's alert while a large campaign goes out on the same number.

From the webhook's 2xx to the first and to the last SMS of the alert at the provider.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from bench.crowd import Place, add_numbers, fill, mobile
from bench.ledger import Entry, busiest_second
from bench.result import Options, Result, middle
from bench.rig import Bench, bench
from bench.texts import OUR_NUMBER, Phones, at_rate
from tests.rigs.processes import until

RATE = 50.0  # segments a second, of the only number
NEIGHBOURS = 99


def run(options: Options) -> Result:
    people = options.size("people", 150_000, 5_000)
    alerts = options.size("alerts", 5, 3)
    result = Result(
        "priority", f"V6: an alert to {NEIGHBOURS} while a campaign to {people:,} goes out",
        "the first SMS within 1 s, all at the number's rate",
        ("workers", "alerts", "first SMS, median", "worst", "used by the alert", "worst second"),
    )  # fmt: skip
    for workers in (1, 2) if not options.quick else (2,):
        with bench(workers=workers) as house:
            add_numbers(house.store, [OUR_NUMBER], RATE)
            communities = alerts * options.runs
            homes = Place("00001", communities * (NEIGHBOURS + 1), communities)
            fill(house.store, [homes, Place("00002", people, people // 100)])
            with house.up():
                runs = campaign(house, communities)
        result.rows.append(row(workers, runs))
        result.raw[f"{workers} workers"] = runs
    result.draw = lambda figure: draw(figure, result.raw)
    return result


def campaign(house: Bench, communities: int) -> list[dict[str, Any]]:
    """Start it, and let a resident of each community text in its midst."""
    house.mark()
    house.tell_town("00002", "Information : marché déplacé")
    house.tape.wait(int(3 * RATE), 60)
    phones = Phones(f"{house.system.url}/webhooks/twilio/sms")
    return [measure(house, phones, n) for n in range(communities)]


def measure(house: Bench, phones: Phones, n: int) -> dict[str, Any]:
    words = f"repère {n:06d}"
    requests = phones.prepare([(mobile(n + 1), f"Fuite de gaz au {words}")])
    (called,) = at_rate(phones.address, requests, 1, 1)
    until(lambda: len(of(house, words)) >= NEIGHBOURS, "the alert is out", 60, pause=0.2)
    time.sleep(0.5)
    sent = of(house, words)
    first, last = sent[0]["mono"], sent[-1]["mono"]
    during = [e for e in house.tape.entries() if first - 1 <= e["mono"] <= last + 1]
    return {
        "first": first - called.at,
        "last": last - called.at,
        "used": sum(e["segments"] for e in sent[:-1]) / (last - first) / RATE,
        "busiest": busiest_second(sorted(during, key=lambda e: e["mono"])),
    }


def of(house: Bench, words: str) -> list[Entry]:
    """The messages that say these words, but not what the author is told."""
    said = [entry for entry in house.tape.entries() if words in entry["body"]]
    return sorted(said, key=lambda entry: entry["mono"])


def row(workers: int, runs: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    firsts = [one["first"] for one in runs]
    return (
        str(workers), str(len(runs)), f"{1000 * middle(firsts):.0f} ms",
        f"{1000 * max(firsts):.0f} ms", f"{middle([one['used'] for one in runs]):.1%}",
        f"{max(one['busiest'] for one in runs)} of {RATE:.0f}",
    )  # fmt: skip


def draw(figure: Figure, raw: dict[str, Any]) -> None:
    axes = figure.add_subplot()
    for name, runs in raw.items():
        axes.plot([one["first"] for one in runs], "o-", label=f"first SMS, {name}")
        axes.plot([one["last"] for one in runs], "s:", label=f"last of {NEIGHBOURS}, {name}")
    axes.axhline(1, color="black", linestyle="--", linewidth=1)
    axes.set_xlabel("alert")
    axes.set_ylabel("seconds after the webhook's answer")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=8)
