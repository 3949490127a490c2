"""What a bench found: a table for people, figures for machines, a plot for both."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from matplotlib.figure import Figure

Draw = Callable[[Figure], None]


@dataclass(frozen=True)
class Options:
    """`runs` of each measurement (the table has their medians); `quick` takes less of all."""

    quick: bool
    runs: int
    sizes: dict[str, float] = field(default_factory=dict)

    def size(self, name: str, full: float, quick: float) -> int:
        """How much of something: as asked for, or else as much as the form says."""
        return int(self.sizes.get(name, quick if self.quick else full))


@dataclass
class Result:
    """`raw` is every run's figure; the table is written from it."""

    name: str
    title: str
    promise: str
    header: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    raw: dict[str, Any] = field(default_factory=dict)
    draw: Draw | None = None

    def table(self) -> str:
        """Markdown that reads well in a terminal."""
        cells = [list(self.header), *(list(row) for row in self.rows)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(self.header))]
        lines = [_line(row, widths) for row in cells]
        lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
        return "\n".join(lines)

    def write(self, folder: Path, facts: dict[str, str], options: Options) -> None:
        """<name>.json and <name>.png in `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        document = {
            "name": self.name, "title": self.title, "promise": self.promise, "machine": facts,
            "quick": options.quick, "runs": options.runs, "header": list(self.header),
            "rows": [list(row) for row in self.rows], "notes": self.notes, "raw": self.raw,
        }  # fmt: skip
        (folder / f"{self.name}.json").write_text(json.dumps(document, indent=1) + "\n")
        if self.draw is not None:
            figure = Figure(figsize=(7, 3.6), dpi=90, layout="constrained")
            self.draw(figure)
            figure.suptitle(self.title, fontsize=10)
            figure.savefig(folder / f"{self.name}.png")


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    padded = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
    return "| " + " | ".join(padded) + " |"


def middle(values: Sequence[float]) -> float:
    """The median."""
    return float(median(values))


def share(values: Sequence[float], percent: float) -> float:
    """The value that `percent` of them do not exceed (nearest rank)."""
    ordered = sorted(values)
    rank = max(0, min(len(ordered) - 1, round(percent / 100 * len(ordered) + 0.5) - 1))
    return ordered[rank]


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the ratios of what ran side by side."""
    return middle([a / b for a, b in zip(ours, theirs, strict=True)])


def number(value: float) -> str:
    """With as many digits as are worth reading."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
