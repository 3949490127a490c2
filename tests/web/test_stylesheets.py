"""The stylesheets close what they open: a browser drops what follows a lost brace, and says nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

STYLES = Path(__file__).parents[2] / "web" / "static"
NOT_READ = re.compile(r"/\*.*?\*/|\"[^\"\n]*\"", re.DOTALL)


@pytest.mark.parametrize("name", sorted(path.name for path in STYLES.glob("*.css")))
def test_rules_stand_in_no_other_rule(name: str) -> None:
    text = NOT_READ.sub("", (STYLES / name).read_text())
    opened: list[str] = []
    for start, brace in re.findall(r"([^{};]*)([{}])", text):
        if brace == "}":
            assert opened, (name, start)
            opened.pop()
            continue
        around = [one for one in opened if not one.startswith("@")]
        assert not around, (name, start.strip(), "stands in", around)
        opened.append(start.strip())
    assert not opened, (name, opened)
