"""`python -m tests.chaos [--seed N | --seeds COUNT]`: run, show a table, write the figures."""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import psutil

from tests.chaos.checker import KINDS, Verdict
from tests.chaos.plan import Plan, plan
from tests.chaos.run import Result, run
from tests.chaos.stand import Servers, servers

HEADER = (
    f"{'seed':>5} {'database':10} {'texts':>5} {'messages':>8} {'taken':>6} "
    + " ".join(f"{kind:>12}" for kind in KINDS)
    + f" {'crashes':>7} {'most/s':>6} {'quiet':>6} {'took':>6}"
)


def main() -> int:
    options = _options()
    first = options.seed if options.seed is not None else options.first
    seeds = range(first, first + (1 if options.seed is not None else options.seeds))
    folder = Path(tempfile.mkdtemp(prefix="tocsin-chaos-"))
    results: list[Result] = []
    failed: list[int] = []
    try:
        print(HEADER, flush=True)
        with servers(folder) as rigs:
            for seed in seeds:
                result = _one(rigs, plan(seed), loud=options.seed is not None)
                if result is not None:
                    results.append(result)
                if result is None or result.verdict.findings:
                    failed.append(seed)
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"kept: {folder}")
    _conclude(results, failed, options.json)
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, help="one seed only, told in words")
    parser.add_argument("--seeds", type=int, default=10, help="how many seeds")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--json", type=Path, default=Path("artefacts/chaos.json"))
    parser.add_argument("--keep", action="store_true", help="keep folders and logs")
    return parser.parse_args()


def _one(rigs: Servers, planned: Plan, *, loud: bool) -> Result | None:
    """A seed, its line, and how to replay it when something is wrong."""
    if loud:
        print(planned.in_words(), flush=True)
    try:
        result = run(rigs, planned)
    except (AssertionError, OSError, psutil.Error, subprocess.SubprocessError):
        traceback.print_exc()
        print(f"replay: make chaos SEED={planned.seed}", flush=True)
        return None
    print(_line(result), flush=True)
    if result.verdict.findings:
        print("      " + planned.in_words())
        for finding in result.verdict.findings[:20]:
            print(f"      {finding}")
        print(f"      replay: make chaos SEED={planned.seed}", flush=True)
    return result


def _line(result: Result) -> str:
    verdict, plan_ = result.verdict, result.plan
    counts = " ".join(f"{verdict.figures[kind]:>12}" for kind in KINDS)
    return (
        f"{plan_.seed:>5} {plan_.database:10} {verdict.texts:>5} {verdict.messages:>8} "
        f"{verdict.handed_over:>6} {counts} {result.crashes.total():>7} "
        f"{verdict.figures['most_in_a_second']:>6} {result.settled_after:>5.1f}s "
        f"{result.seconds:>5.1f}s"
    )


def _conclude(results: list[Result], failed: list[int], path: Path) -> None:
    total = Verdict()
    crashes: Counter[str] = Counter()
    for result in results:
        total.texts += result.verdict.texts
        total.messages += result.verdict.messages
        total.handed_over += result.verdict.handed_over
        total.figures.update(result.verdict.figures)
        crashes.update(result.crashes)
    most = max((r.verdict.figures["most_in_a_second"] for r in results), default=0)
    total.figures["most_in_a_second"] = most
    strikes = Counter(strike.kind for r in results for strike in r.plan.strikes)
    kinds = ", ".join(f"{total.figures[kind]} {kind.replace('_', ' ')}" for kind in KINDS)
    print(f"\n{len(results)} seeds, {total.texts} texts, {total.messages} messages: {kinds}")
    print(f"crash points hit: {_listed(crashes)}\nstrikes: {_listed(strikes)}")
    if failed:
        print(f"failed: {', '.join(f'make chaos SEED={seed}' for seed in failed)}")
    document = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "seeds": len(results), "failed": failed, "texts": total.texts,
        "messages": total.messages, "handed_over": total.handed_over,
        "figures": {kind: total.figures[kind] for kind in (*KINDS, *sorted(total.figures))},
        "crash_points": dict(crashes), "strikes": dict(strikes),
        "answers": dict(sum((r.answers for r in results), Counter())),
        "runs": [_record(result) for result in results],
    }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n")


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common()) or "none"


def _record(result: Result) -> dict[str, object]:
    return {
        "seed": result.plan.seed,
        "plan": result.plan.in_words(),
        "figures": dict(result.verdict.figures),
        "findings": result.verdict.findings,
        "crash_points": dict(result.crashes),
        "settled_after": round(result.settled_after, 1),
        "seconds": round(result.seconds, 1),
    }


if __name__ == "__main__":
    sys.exit(main())
