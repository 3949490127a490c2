"""What many seeds come to together: the figures printed at the end and kept as JSON."""

from __future__ import annotations

import json
import platform
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.chaos.checker import KINDS
from tests.chaos.run import Result

Record = dict[str, Any]


def record(result: Result) -> Record:
    """A seed's run as it is kept."""
    verdict = result.verdict
    return {
        "seed": result.plan.seed, "database": result.plan.database, "plan": result.plan.in_words(),
        "texts": verdict.texts, "messages": verdict.messages, "handed_over": verdict.handed_over,
        "figures": dict(verdict.figures), "findings": verdict.findings,
        "crash_points": dict(result.crashes), "answers": dict(result.answers),
        "strikes": dict(Counter(strike.kind for strike in result.plan.strikes)),
        "settled_after": round(result.settled_after, 1), "seconds": round(result.seconds, 1),
    }  # fmt: skip


def conclude(runs: list[Record], failed: list[int], path: Path) -> None:
    """Print the sums, and write them with all runs."""
    figures = _sum(run["figures"] for run in runs)
    figures["most_in_a_second"] = max((r["figures"]["most_in_a_second"] for r in runs), default=0)
    texts, messages = (sum(run[name] for run in runs) for name in ("texts", "messages"))
    crashes, strikes = (_sum(run[name] for run in runs) for name in ("crash_points", "strikes"))
    kinds = ", ".join(f"{figures[kind]} {kind.replace('_', ' ')}" for kind in KINDS)
    print(f"\n{len(runs)} seeds, {texts} texts, {messages} messages: {kinds}")
    print(f"crash points hit: {_listed(crashes)}\nstrikes: {_listed(strikes)}")
    if failed:
        print(f"failed: {', '.join(f'make chaos SEED={seed}' for seed in sorted(failed))}")
    document = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "seeds": len(runs), "failed": sorted(failed), "texts": texts, "messages": messages,
        "handed_over": sum(run["handed_over"] for run in runs),
        "figures": {kind: figures[kind] for kind in (*KINDS, *sorted(figures))},
        "crash_points": dict(crashes), "strikes": dict(strikes),
        "answers": dict(_sum(run["answers"] for run in runs)),
        "runs": runs,
    }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n")


def _sum(counts: Iterable[dict[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update({str(name): count for name, count in each.items()})
    return total


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common()) or "none"
