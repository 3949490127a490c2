"""`python -m bench [NAME ...] [--quick] [--runs N] [--set NAME=SIZE] [--to FOLDER]`."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from bench.machine import Watch, in_words, machine
from bench.result import Options, Result

NAMES = (
    "dispatch", "pace", "claims", "latency", "webhook", "plan", "priority", "growth", "country", "geometry",
    "pages",
    "soak",
)  # fmt: skip


def main() -> None:
    options, names, folder = _asked()
    for name in names:
        facts = machine()
        watch = Watch()
        result: Result = importlib.import_module(f"bench.{name}").run(options)
        facts |= watch.facts()
        result.write(folder, facts, options)
        form = "short form, " if options.quick else ""
        print(f"\n## {result.title}\n\nPromised: {result.promise}\n\n{result.table()}\n")
        for note in result.notes:
            print(f"- {note}")
        print(f"\n{form}medians of {options.runs} runs; {in_words(facts)}", flush=True)


def _asked() -> tuple[Options, tuple[str, ...], Path]:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; or all")
    parser.add_argument("--quick", action="store_true", help="less of everything, once")
    parser.add_argument("--runs", type=int, help="of each measurement (3; quick: 1)")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=SIZE", dest="sizes")
    parser.add_argument("--to", type=Path, default=Path("artefacts/bench"), metavar="FOLDER")
    given = parser.parse_args()
    unknown = set(given.names) - set(NAMES)
    if unknown:
        parser.error(f"no such bench: {', '.join(sorted(unknown))}")
    pairs = (pair.partition("=") for pair in given.sizes)
    sizes = {name: float(size) for name, _, size in pairs}
    options = Options(given.quick, given.runs or (1 if given.quick else 3), sizes)
    return options, tuple(given.names) or NAMES, given.to


if __name__ == "__main__":
    main()
