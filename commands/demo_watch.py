"""Watches the demonstration's telephones and mailboxes: who has the alert, and when.

It reads what arrived (the handsets' file, the mail folder), not what the service believes
to have sent, and compares it with the list that stands by hand in demo_cast.json.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.live import Live
from rich.table import Table

from commands import demo_cast
from commands.context import console, say
from community_store.columns import utcnow
from gateway.contract import Channel
from gateway.providers.maildir import read_folder
from gateway.providers.simulator import Phones

if TYPE_CHECKING:
    from pathlib import Path

    from config import Settings

PATIENCE_SECONDS = 20.0
LINGER_SECONDS = 1.5  # long enough for a second copy, or for somebody who should have none
LOOK_SECONDS = 0.05
Place = tuple[str, str]  # channel, address


@dataclass(frozen=True, slots=True)
class Arrival:
    """The alert at one address; `ms` after the text was posted."""

    place: Place
    name: str
    ms: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was seen, and what is wrong with it; no fault is a success."""

    arrivals: tuple[Arrival, ...]
    faults: tuple[str, ...]


class Watch:
    """Begins when it is made, just before the text is sent."""

    def __init__(self, settings: Settings, cast: demo_cast.Row) -> None:
        self._phones = Phones(settings.data_dir / "simulator.db")
        self._mail: Path = settings.data_dir / "mail"
        self._cast = cast
        self._text: str = cast["alert"]["text"]
        self._names = _names(cast)
        self._expected = demo_cast.expected(cast)
        self._began = utcnow()

    def run(self) -> Verdict:
        """Show each arrival until all have come, and what came of it."""
        arrivals: list[Arrival] = []
        terminal = console()
        live = Live(console=terminal, refresh_per_second=12) if terminal.is_terminal else None
        with live or nullcontext():
            limit = time.monotonic() + PATIENCE_SECONDS
            while time.monotonic() < limit:
                fresh = self.fresh(arrivals)
                arrivals += fresh
                _display(live, arrivals, fresh)
                if {a.place for a in arrivals} >= self._expected.keys() and self._answered():
                    limit = min(limit, time.monotonic() + LINGER_SECONDS)
                time.sleep(LOOK_SECONDS)
        verdict = Verdict(tuple(arrivals), tuple(self._faults(arrivals)))
        self._summarise(verdict)
        self._phones.close()
        return verdict

    def fresh(self, known: Iterable[Arrival]) -> list[Arrival]:
        """What has come since. By place and not by time: a letter shows after it is dated."""
        left = Counter(arrival.place for arrival in known)
        found = []
        for arrival in self._look():
            left[arrival.place] -= 1
            if left[arrival.place] < 0:
                found.append(arrival)
        return found

    def _look(self) -> list[Arrival]:
        """Everything that carries the alert, in the order of its coming."""
        seen = [
            ((_by(row), str(row["handset"])), str(row["at"]))
            for row in self._phones.since(0)
            if row["direction"] == "in" and self._text in row["text"]
        ]
        seen += [
            ((Channel.EMAIL, mail["to"].lower()), mail["at"])
            for mail in read_folder(self._mail)
            if self._text in " ".join(mail["text"].split())
        ]
        return [self._arrival(place, at) for place, at in sorted(seen, key=lambda one: one[1])]

    def _arrival(self, place: tuple[Channel, str], at: str) -> Arrival:
        name = self._names.get(place[1], f"somebody unknown ({place[1]})")
        elapsed = datetime.fromisoformat(at) - self._began
        return Arrival((place[0].value, place[1]), name, elapsed.total_seconds() * 1000)

    def _answered(self) -> bool:
        """Whether the author has a receipt."""
        author = demo_cast.author(self._cast)["mobile"]
        return any(row["direction"] == "in" for row in self._phones.messages(author))

    def _faults(self, arrivals: Iterable[Arrival]) -> list[str]:
        counts = Counter(arrival.place for arrival in arrivals)
        names = {arrival.place: arrival.name for arrival in arrivals}
        missing = [
            f"{name} got no {place[0]}"
            for place, name in self._expected.items()
            if not counts[place]
        ]
        twice = [f"{names[p]} got {n} {p[0]} messages" for p, n in counts.items() if n > 1]
        others = [f"{names[p]} got an {p[0]} message" for p in counts if p not in self._expected]
        silent = [] if self._answered() else ["the author got no receipt"]
        return missing + twice + [f"{other} and should not have" for other in others] + silent

    def _summarise(self, verdict: Verdict) -> None:
        if not verdict.arrivals:
            return
        channels = Counter(arrival.place[0] for arrival in verdict.arrivals)
        people = {arrival.name for arrival in verdict.arrivals}
        times = [arrival.ms for arrival in verdict.arrivals]
        everybody = {demo_cast.name(row) for row in self._cast["members"] + self._cast["agents"]}
        spared = len(everybody - people) - 1
        by_channel = ", ".join(f"{n} by {channel}" for channel, n in channels.items())
        say(
            f"{len(people)} people told: {by_channel}; the first after {min(times):.0f} ms,"
            f" the last after {max(times):.0f} ms. {spared} others were rightly left alone."
        )


def _names(cast: demo_cast.Row) -> dict[str, str]:
    """Everybody by number and by address."""
    people = [*cast["members"], *cast["agents"]]
    return {
        row[kind]: demo_cast.name(row)
        for row in people
        for kind in ("mobile", "landline", "email")
        if kind in row
    }


def _display(live: Live | None, arrivals: list[Arrival], fresh: list[Arrival]) -> None:
    """A table that grows on a terminal; a line each elsewhere."""
    if live is not None:
        live.update(_table(arrivals))
        return
    for arrival in fresh:
        say(f"{arrival.ms:6.0f} ms  {arrival.place[0]:<5}  {arrival.name}")


SHOWN = {  # nobody in the demonstration has a browser of their own
    Channel.SMS: ("SMS", "yellow"),
    Channel.EMAIL: ("e-mail", "cyan"),
    Channel.VOICE: ("call", "magenta"),
}


def _table(arrivals: list[Arrival]) -> Table:
    """One line a person: the moment of each channel."""
    people: dict[str, dict[str, float]] = {}
    for arrival in arrivals:
        people.setdefault(arrival.name, {}).setdefault(arrival.place[0], arrival.ms)
    table = Table(box=None, pad_edge=False)
    table.add_column("who", style="bold")
    for column, style in SHOWN.values():
        table.add_column(column, style=style, justify="right")
    for name, moments in people.items():
        table.add_row(name, *(_moment(moments, channel) for channel in SHOWN))
    return table


def _by(row: Mapping[str, Any]) -> Channel:
    return Channel.VOICE if row["kind"] == "call" else Channel.SMS


def _moment(moments: dict[str, Any], channel: Channel) -> str:
    return f"{moments[channel]:.0f} ms" if channel in moments else ""
