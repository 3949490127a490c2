"""V1 and the database: how much of a rate one pump uses when transactions take longer.

In one process, with a provider that only notes when it is called: a disk that is slow to
sync, a database in another town, a machine that is busy, each looks like this.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from matplotlib.figure import Figure
from sqlmodel import Session

from bench.crowd import Place, add_numbers, fill
from bench.ledger import Entry, busiest_second, used
from bench.result import Options, Result, middle
from bench.rig import Bench, bench
from community_store.store import Store
from config import SimulatorGateway
from dispatch import pump
from dispatch.pace import LocalSlots
from dispatch.runtime import open_runtime
from gateway.contract import Accepted, Channel, Outbound, Stage
from gateway.providers.simulator import Simulator
from gateway.wiring import Wiring

RATE = 100.0
DELAYS = (0, 5, 10, 20, 30, 50)  # milliseconds that a transaction takes more
DELAYS_QUICK = (0, 20)


class Distant(Store):
    """The same database, some seconds further away for whoever writes."""

    def __init__(self, store: Store, seconds: float) -> None:
        super().__init__(store.engine)
        self._seconds = seconds

    @contextmanager
    def begin(self) -> Iterator[Session]:
        time.sleep(self._seconds)
        with super().begin() as session:
            yield session


class Noting(Simulator):
    """Takes every message and notes when it came."""

    def __init__(self, house: Bench) -> None:
        wiring = Wiring(house.settings.data_dir, 10.0, "http://127.0.0.1:8000")
        super().__init__("twilio", SimulatorGateway(type="simulator"), wiring)
        self.channels = frozenset({Channel.SMS})
        self.noted: list[Entry] = []

    async def send(self, message: Outbound) -> Accepted:
        self.noted.append({"mono": time.monotonic(), "segments": 1})
        await asyncio.sleep(0.005)
        return Accepted(f"SM{message.delivery}", Stage.ACCEPTED)


def run(options: Options) -> Result:
    seconds = options.size("seconds", 5, 2)
    result = Result(
        "claims", f"V1: one number at {RATE:.0f}/s, one pump, and a slower database",
        "99.5 % or more while anything is due; at most one segment over in any second",
        ("each transaction takes more", "used", "worst second"),
    )  # fmt: skip
    delays = DELAYS_QUICK if options.quick else DELAYS
    with bench("sqlite") as house:
        add_numbers(house.store, ["+33639980000"], RATE)
        fill(house.store, [Place("00001", int(RATE * seconds), 1)])
        for delay in delays:
            lines = [measure(house, delay / 1000) for _ in range(options.runs)]
            shares = [used(line, RATE) for line in lines]
            worst = max(busiest_second(line) for line in lines)
            result.rows.append((f"{delay} ms", f"{middle(shares):.1%}", f"{worst} of {RATE:.0f}"))
            result.raw[str(delay)] = {"used": shares, "worst": worst}
    result.draw = lambda figure: draw(figure, result.raw)
    return result


def measure(house: Bench, delay: float) -> list[Entry]:
    """Plan, and pump until nothing is due."""
    house.empty()
    house.tell_town("00001", "Essai de mesure", wakes=False)
    provider = Noting(house)
    opened = open_runtime(house.settings)
    runtime = replace(opened, store=Distant(opened.store, delay), providers={"twilio": provider})
    pump.run(runtime, LocalSlots(), 120)
    opened.close()
    return provider.noted


def draw(figure: Figure, raw: dict[str, Any]) -> None:
    axes = figure.add_subplot()
    delays = [float(delay) for delay in raw]
    axes.plot(
        delays, [100 * middle(found["used"]) for found in raw.values()], "o-", color="#c0392b"
    )
    axes.axhline(99.5, color="black", linestyle="--", linewidth=1)
    axes.set_xlabel("milliseconds that each transaction takes more")
    axes.set_ylabel("% of the rate used (dashed: promised)")
    axes.set_ylim(0, 105)
