"""Put the latest results into docs/performance.md: `python -m bench.page artefacts/bench`.

Between `<!-- NAME -->` and `<!-- /NAME -->` stands what the bench of that name found; all
the rest is written by hand. The plots go to docs/bench/.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

from bench.machine import in_words
from bench.result import Result

DOCS = Path(__file__).parent.parent / "docs"


def main(folder: Path) -> None:
    page = DOCS / "performance.md"
    words = page.read_text()
    (DOCS / "bench").mkdir(exist_ok=True)
    for found in sorted(folder.glob("*.json")):
        words = put(words, json.loads(found.read_text()))
        shutil.copy(found.with_suffix(".png"), DOCS / "bench")
    page.write_text(words)


def put(page: str, found: dict[str, Any]) -> str:
    """The page with one bench's part made anew."""
    name = found["name"]
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    part = f"{begin}\n{part_of(found)}\n{end}"
    return re.sub(f"{begin}.*?{end}", lambda _: part, page, flags=re.DOTALL)


def part_of(found: dict[str, Any]) -> str:
    result = Result(
        found["name"], found["title"], found["promise"], found["header"], found["rows"],
        found["notes"],
    )  # fmt: skip
    runs = "One run" if found["runs"] == 1 else f"Medians of {found['runs']} runs"
    form = f"{runs}{', short form' if found['quick'] else ''}. "
    notes = "".join(f"\n- {note}" for note in result.notes)
    return (
        f"Promised: {result.promise}.\n\n{result.table()}\n{notes}\n\n"
        f"{form}{in_words(found['machine'])}\n\n![{result.title}](bench/{result.name}.png)"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
