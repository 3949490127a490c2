"""How `tocsin queue status` looks in a terminal: a line a gateway, one below for each number."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from commands.context import console, plain

if TYPE_CHECKING:
    from rich.console import Group, RenderableType

    from dispatch.queues import GatewayFigures, LaneFigures

COLUMNS = ("due", "held", "sending", "unknown", "oldest", "left")
Gateways = Sequence["GatewayFigures"]


@dataclass(frozen=True)
class Line:
    """A gateway (`number` None) or one of its numbers, as it is shown."""

    gateway: GatewayFigures
    lane: LaneFigures | None = None

    @property
    def figures(self) -> GatewayFigures | LaneFigures:
        return self.lane or self.gateway

    @property
    def name(self) -> str:
        if self.lane is None:
            return plain(self.gateway.gateway) or "(no number)"
        return f"  {plain(self.lane.number)}{' calls' if self.lane.channel == 'voice' else ''}"

    @property
    def key(self) -> tuple[str, str]:
        return self.gateway.gateway, self.name

    @property
    def seconds_left(self) -> float | None:
        """Until all that is due has left, as far as it may leave."""
        lanes = [self.lane] if self.lane else self.gateway.lanes
        left = [lane.seconds_left for lane in lanes if lane.due and lane.seconds_left is not None]
        return max(left, default=None)

    @property
    def trouble(self) -> str:
        """In a sentence what keeps it from sending; "" for nothing."""
        name = self.name.strip()
        if self.figures.paused:
            return f"{name} is paused: {plain(self.figures.paused)}"
        if self.lane is None:
            return "" if self.gateway.gateway else f"{name}: add one with `tocsin number add`"
        if self.lane.failing and not self.gateway.paused:
            return f"{name} fails: {self.lane.failing:.0%} of its people go to another gateway's"
        if self.lane.throttled:
            return f"{name} is throttled by its provider for {span(self.lane.throttled)} more"
        return ""


@dataclass
class Before:
    """What was due at the last look, and when that was (monotonic seconds)."""

    at: float = 0.0
    due: dict[tuple[str, str], int] = field(default_factory=dict)

    def change(self, line: Line, now: float) -> str:
        """How fast what is due changes, a second; "" when it does not, or at the first look."""
        was = self.due.get(line.key, line.figures.due)
        speed = (line.figures.due - was) / max(now - self.at, 0.001)
        if not speed:
            return ""
        return f"{speed:+.1f}/s" if abs(speed) < 10 else f"{speed:+.0f}/s"


def watch(look: Callable[[], Gateways], every: float) -> None:
    """Show it anew every so many seconds, until Ctrl-C; also while the database is away."""
    from rich.live import Live
    from sqlalchemy.exc import DBAPIError

    before, terminal = Before(), console()
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.suppress(KeyboardInterrupt))
        show: Callable[[RenderableType], None] = terminal.print
        if terminal.is_terminal:
            live = stack.enter_context(Live(console=terminal, auto_refresh=False))
            show = partial(live.update, refresh=True)
        while True:
            now = time.monotonic()
            try:
                found = look()
                show(screen(found, before, now))
                before = Before(now, {line.key: line.figures.due for line in lines(found)})
            except DBAPIError:
                show(f"{clock()}  the database does not answer")
            time.sleep(every)


def screen(found: Gateways, before: Before | None = None, now: float = 0.0) -> Group:
    """The figures, and the reasons below; with `before`, also how fast what is due changes."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(title=clock(), title_justify="left", title_style="dim", box=None, pad_edge=False)
    table.add_column("gateway", no_wrap=True)
    for name in COLUMNS if before is None else (*COLUMNS, "change"):
        table.add_column(name, justify="right", no_wrap=True)
    for line in lines(found):
        changes = [] if before is None else [before.change(line, now)]
        cells = (line.name, *_cells(line), *changes)
        style = f"{'' if line.lane else 'bold'} {'red' if line.trouble else ''}"
        table.add_row(*(Text(cell) for cell in cells), style=style.strip())
    return Group(table, *(Text(line.trouble) for line in lines(found) if line.trouble))


def lines(found: Gateways) -> Iterator[Line]:
    """Each gateway, and below it its numbers, those that call once more."""
    for gateway in found:
        yield Line(gateway)
        yield from (Line(gateway, lane) for lane in gateway.lanes if lane.number)


def _cells(line: Line) -> list[str]:
    figures, left = line.figures, line.seconds_left
    counts = (figures.due, figures.held, figures.sending, figures.unknown)
    oldest = span(figures.oldest_due_seconds) if figures.due else ""
    return [*(str(count) for count in counts), oldest, span(left) if left is not None else ""]


def span(seconds: float) -> str:
    """A time as one says it: 4 s, 12 min, 3 h 05."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02}"


def clock() -> str:
    """The time on this machine."""
    return time.strftime("%H:%M:%S")
