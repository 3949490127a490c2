"""Whole conversations as people have them: who texts what, and who receives what.

    # Two neighbours and a burglar.
    Ana: Deux hommes forcent la porte du 14
    -> Bob, Chloé: Tocsin alerte {a}, *, Ana Auteur (Les Tilleuls) : Deux hommes *
    (11 minutes later)
    [Chloé is a référent]

Everything that is received after a line stands below it, in any order, and nothing else
may come. `*` is whatever; `{a}` is a number that is the same wherever it stands, also in
what people text. A line in round brackets lets time pass, one in square brackets changes
the scene. An SMS of several lines is written with " / ".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

FOLDER = Path(__file__).parent
Heard = list[tuple[str, str]]
_SAYS = re.compile(r"(\w+): (.*)")
_HEARS = re.compile(r"-> ([\w, ]+): (.*)")
_PART = re.compile(r"(\{\w+\}|\*)")


class Stage(Protocol):
    """Where a conversation takes place."""

    def says(self, name: str, text: str) -> None:
        """A phone texts."""
        ...

    def goes_on(self, what: str) -> None:
        """Time passes, or the scene changes."""
        ...

    def heard(self, wanted: int) -> Heard:
        """What phones received since the last look; waits for so many if it must."""
        ...


@dataclass
class Step:
    """One line of a script, and what is received after it: (name, pattern)."""

    line: str
    hears: Heard = field(default_factory=list)


def named(name: str) -> list[Step]:
    """The script of a file in this folder."""
    return list(read((FOLDER / f"{name}.txt").read_text()))


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.txt"))


def read(text: str) -> Iterator[Step]:
    """The steps of a script."""
    step: Step | None = None
    for line in filter(None, (raw.strip() for raw in text.splitlines())):
        if line.startswith("#"):
            continue
        if match := _HEARS.fullmatch(line):
            assert step, f"nobody said anything before: {line}"
            step.hears += [(name.strip(), match[2]) for name in match[1].split(",")]
            continue
        if step:
            yield step
        step = Step(line)
    if step:
        yield step


def play(steps: list[Step], stage: Stage) -> None:
    """Go through a conversation. Raises AssertionError where it goes another way."""
    refs: dict[str, str] = {}
    for step in steps:
        if step.line[0] in "([":
            stage.goes_on(step.line[1:-1])
        else:
            match = _SAYS.fullmatch(step.line)
            assert match, f"not a line of a script: {step.line}"
            text = match[2].replace(" / ", "\n")
            stage.says(match[1], re.sub(r"\{(\w+)\}", lambda m: refs[m[1]], text))
        _check(step, stage.heard(len(step.hears)), refs)


def _check(step: Step, heard: Heard, refs: dict[str, str]) -> None:
    left = list(heard)
    for name, pattern in step.hears:
        found = next(
            (said for said in left if said[0] == name and _fits(said[1], pattern, refs)), None
        )
        assert found, f"after {step.line!r} {name} should receive {pattern!r}; received: {heard}"
        left.remove(found)
    assert left == [], f"after {step.line!r} nobody expects this"


def _fits(text: str, pattern: str, refs: dict[str, str]) -> bool:
    """Whether a message is as expected; what its numbers are is kept."""
    known = {name: re.escape(value) for name, value in refs.items()}
    expected = ""
    for part in _PART.split(_bare(pattern)):
        if part == "*":
            expected += ".*"
        elif part.startswith("{"):
            name = part[1:-1]
            expected += known.setdefault(name, rf"(?P<{name}>\d+)")
            known[name] = known[name] if name in refs else rf"(?P={name})"
        else:
            expected += re.escape(part)
    match = re.fullmatch(expected, _bare(text).replace("\n", " / "))
    if match:
        refs.update(match.groupdict())
    return match is not None


def _bare(text: str) -> str:
    """Without accents: "fenêtre" goes out as "fenetre" where that keeps the SMS short."""
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c))
