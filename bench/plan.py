"""V5: planning the deliveries of a large alert, beside one bare INSERT ... SELECT.

Planning is `raise_town` as an agent's click calls it: the alert, its words, who hears it,
by which channel, once each, and the commit. The bare statement writes as many rows of the
same table, indexes and all, from the same members, and asks nothing.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from typing import Any

from matplotlib.figure import Figure
from sqlalchemy import text

from bench.crowd import Place, add_numbers, fill
from bench.result import Options, Result, middle, number, ratio
from bench.rig import Bench, bench
from community_store.columns import utcnow
from community_store.models import Alert, Wording

DATABASES = ("postgresql", "sqlite")
TOWN = "00001"
_BARE = text(
    "INSERT INTO delivery (alert_id, wording_id, member_id, audience, channel, address, gateway,"
    " number_id, priority, size, segments, price, state, reason, attempts, doubts, looks, redials,"
    " created_at, due_at, expires_at)"
    " SELECT 1, CAST(:wording AS integer), member.id, 'neighbour', 'sms', mobile, 'twilio', 1, 3, 1,"
    " 1, 0.05, 'queued', '', 0, 0, 0, 0, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP"
    " FROM member JOIN community ON community.id = community_id AND town_insee = :town"
)


def run(options: Options) -> Result:
    people = options.size("people", 150_000, 20_000)
    result = Result(
        "plan", f"V5: planning {people:,} deliveries",
        "150,000 in 3 s on PostgreSQL, in 2 s on SQLite; a third of one bare INSERT ... SELECT",
        ("database", "planned in", "bare INSERT ... SELECT", "share of its speed", "deliveries/s"),
    )  # fmt: skip
    for database in DATABASES:
        ours, bare = [], []
        with bench(database) as house, timed(house) as clock:
            add_numbers(house.store, ["+33639980000"], 10)
            fill(house.store, [Place(TOWN, people, max(1, people // 100))])
            for _ in range(options.runs):
                ours.append(clock(plan_town))
                bare.append(clock(insert_select))
        times = ratio(bare, ours)
        result.rows.append(
            (
                database, f"{middle(ours):.2f} s", f"{middle(bare):.2f} s", f"{times:.0%}",
                number(people / middle(ours)),
            )
        )  # fmt: skip
        result.raw[database] = {"planned": ours, "bare": bare, "people": people}
    result.draw = lambda figure: draw(figure, result.raw)
    return result


@contextlib.contextmanager
def timed(house: Bench) -> Iterator[Any]:
    """clock(work): its seconds; before it, no delivery is there and the log is written out."""

    def clock(work: Any) -> float:
        house.empty()
        settle(house)
        start = time.monotonic()
        work(house)
        return time.monotonic() - start

    yield clock


def settle(house: Bench) -> None:
    """Neither pays for what the other left to be written."""
    if house.store.sqlite:
        with contextlib.closing(sqlite3.connect(str(house.store.engine.url.database))) as once:
            once.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return
    engine = house.store.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("VACUUM delivery"))
        connection.execute(text("CHECKPOINT"))


def plan_town(house: Bench) -> None:
    house.tell_town(TOWN, "Essai de mesure", wakes=False)


def insert_select(house: Bench) -> None:
    now = utcnow()
    with house.store.begin() as session:
        session.add(Alert(id=1, town_insee=TOWN, text="Essai", expires_at=now, created_at=now))
        session.flush()
        words = Wording(alert_id=1, audience="neighbour", language="fr", sms="Essai", segments=1)
        session.add(words)
        session.flush()
        session.connection().execute(_BARE, {"wording": words.id, "town": TOWN})


def draw(figure: Figure, raw: dict[str, Any]) -> None:
    axes = figure.add_subplot()
    for n, (database, found) in enumerate(raw.items()):
        for shift, name, color in ((-0.2, "planned", "#c0392b"), (0.2, "bare", "#7f8c8d")):
            label = (
                {"planned": "Tocsin", "bare": "bare INSERT ... SELECT"}[name] if n == 0 else None
            )
            bar = axes.bar(n + shift, middle(found[name]), 0.38, color=color, label=label)
            axes.bar_label(bar, fmt="%.2f s", fontsize=8)
        promised = {"postgresql": 3.0, "sqlite": 2.0}[database]
        axes.hlines(promised, n - 0.45, n + 0.45, color="black", linestyle="--", linewidth=1)
    axes.set_xticks(range(len(raw)), list(raw))
    axes.set_ylabel("seconds (dashed: promised for 150,000)")
    axes.legend(fontsize=8)
