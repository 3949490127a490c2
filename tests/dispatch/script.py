"""Whole conversations as readable scripts.

    Jeanne > INSCRIPTION jeanne petit, 12 rue des lilas
    Jeanne < Inscription reçue (Les Lilas).*
    Ana < *demande à rejoindre*
    (1 hour later)

`>` is a text that a phone sends, `<` one that it receives before anything else is said,
with `*` for whatever. A message that the script does not expect fails the test.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from dispatch import inbound, joining, locating, sweep
from gateway import sms_text
from tests.dispatch.world import World

_LINE = re.compile(r"(\w+) ([<>]) (.*)")
_LATER = re.compile(r"\((\d+) (second|minute|hour|day)s? later\)")


@dataclass
class Stage:
    """The phones of a world by the names of their owners."""

    world: World
    phones: Mapping[str, str]
    _heard: dict[str, int] = field(default_factory=dict)

    def play(self, script: str) -> None:
        """Go through a script, line by line."""
        expected: list[tuple[str, str]] = []
        for line in filter(None, (raw.strip() for raw in script.splitlines())):
            if match := _LINE.fullmatch(line):
                name, way, text = match.groups()
                if way == "<":
                    expected.append((name, text))
                    continue
            self._check(expected)
            expected = []
            self._do(line)
        self._check(expected)

    def _do(self, line: str) -> None:
        if match := _LATER.fullmatch(line):
            self.world.clock.forward(**{f"{match[2]}s": int(match[1])})
            self.sweep()
            return
        match = _LINE.fullmatch(line)
        assert match, f"not a line of a script: {line}"
        self.says(match[1], match[3])

    def says(self, name: str, text: str) -> str:
        """A phone texts, and everything that follows from it happens; the outcome."""
        row = self.world.arrives(self.phones[name], text.replace("\\n", "\n"))
        outcome = inbound.read(self.world.runtime, row)
        if outcome == inbound.WAITING:  # as long as a full part: the next one might come
            self.world.clock.forward(seconds=self.world.settings.alerts.join_seconds)
            outcome = inbound.read(self.world.runtime, row)
        if outcome == joining.ENROLMENT:
            enrolment = locating.of_text(self.world.runtime, row)
            assert enrolment is not None
            locating.locate(self.world.runtime, enrolment)
        self.world.pump()
        return outcome

    def sweep(self) -> None:
        """What housekeeping would do now."""
        sweep.sweep(self.world.runtime)
        for enrolment in locating.waiting(self.world.runtime):
            locating.locate(self.world.runtime, enrolment)
        self.world.pump()

    def heard(self) -> list[tuple[str, str]]:
        """What each phone received since the last look."""
        new: list[tuple[str, str]] = []
        for name, number in self.phones.items():
            texts = self.world.phone(number)
            new += [(name, text) for text in texts[self._heard.get(name, 0) :]]
            self._heard[name] = len(texts)
        return new

    def _check(self, expected: list[tuple[str, str]]) -> None:
        heard = self.heard()
        for name, pattern in expected:
            found = next(
                (said for said in heard if said[0] == name and _fits(said[1], pattern)), None
            )
            assert found, f"{name} should have received {pattern!r}; received: {heard}"
            heard.remove(found)
        assert heard == [], "nobody expects this"


def _fits(text: str, pattern: str) -> bool:
    """What leaves is plain: "reçu" went out as "recu" where that keeps the SMS short."""
    literal = re.sub(r"([\[\]?])", r"[\1]", sms_text.plain(pattern))
    return fnmatchcase(text.replace("\n", " / "), literal)
