"""`python -m tests.chaos [--seed N | --seeds COUNT]`: run, show a table, write the figures."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.chaos import total
from tests.chaos.checker import KINDS
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
    print(HEADER, flush=True)
    if options.together > 1:
        runs, failed = _side_by_side(seeds, options.together)
    else:
        runs, failed = _one_by_one(seeds, loud=options.seed is not None, keep=options.keep)
    total.conclude(runs, failed, options.json)
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, help="one seed only, told in words")
    parser.add_argument("--seeds", type=int, default=10, help="how many seeds")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--together", type=int, default=1, help="how many stands at a time")
    parser.add_argument("--json", type=Path, default=Path("artefacts/chaos.json"))
    parser.add_argument("--keep", action="store_true", help="keep folders and logs")
    return parser.parse_args()


def _one_by_one(seeds: range, *, loud: bool, keep: bool) -> tuple[list[total.Record], list[int]]:
    """The seeds' records, and which of them failed."""
    folder = Path(tempfile.mkdtemp(prefix="tocsin-chaos-"))
    runs: list[total.Record] = []
    failed: list[int] = []
    try:
        with servers(folder) as rigs:
            for seed in seeds:
                result = _one(rigs, plan(seed), loud=loud)
                if result is not None:
                    runs.append(total.record(result))
                if result is None or result.verdict.findings:
                    failed.append(seed)
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"kept: {folder}")
    return runs, failed


def _side_by_side(seeds: range, together: int) -> tuple[list[total.Record], list[int]]:
    """The same, each share of the seeds by a process of its own, with its own servers."""
    size = -(-len(seeds) // together)
    shares = [seeds[at : at + size] for at in range(0, len(seeds), size)]
    runs: list[total.Record] = []
    failed: list[int] = []
    with (
        tempfile.TemporaryDirectory(prefix="tocsin-chaos-") as folder,
        ThreadPoolExecutor(len(shares)) as crew,
    ):
        for paper in crew.map(lambda share: _share(share, Path(folder)), shares):
            runs += paper["runs"]
            failed += paper["failed"]
    return runs, failed


def _share(share: range, folder: Path) -> dict[str, Any]:
    """Run it, and show what its process prints but the header and the sums."""
    path = folder / f"{share.start}.json"
    command = (
        *(sys.executable, "-m", "tests.chaos", "--first", str(share.start)),
        *("--seeds", str(len(share)), "--json", str(path)),
    )
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        for line in running.stdout or ():
            if line == "\n":  # the sums follow
                break
            if not line.startswith(HEADER[:6]):
                print(line, end="", flush=True)
        running.communicate()
    paper: dict[str, Any] = json.loads(path.read_text())
    return paper


def _one(rigs: Servers, planned: Plan, *, loud: bool) -> Result | None:
    """A seed, its line, and how to replay it when something is wrong."""
    if loud:
        print(planned.in_words(), flush=True)
    try:
        result = run(rigs, planned)
    except Exception:  # noqa: BLE001  # whatever broke it: the seed is named, the others are run
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


if __name__ == "__main__":
    sys.exit(main())
