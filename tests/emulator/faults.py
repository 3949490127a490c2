"""What goes wrong, chosen by the test: for the next N, for a number, or by seeded chance.

A rule is an object with the kind of fault, where it strikes (`on`, "create" when left out), and
whom: `to`, `sender`; how often: `times` (0: without end), `probability`; when: between `begins`
and `ends`, in seconds after it was added (`ends` 0: for good). Of several the first that strikes
does. What befalls a message is drawn for that message by the seed: it hangs on no other.

create, call: a message or a call is asked for
  latency     `seconds`: answered late
  throttle    `retry_after`: 429, not taken
  error       `status`: answered with it, `when` "before" taking it (so not taken) or "after"
  reset       the connection breaks, before or after
  hang        no answer ever, before or after
  late        answered with `status`, or never (0), and taken after `seconds` (create only)
  bad_json    taken, the answer is no JSON
  drip        taken, the answer comes a byte every `seconds`
  refuse      `code`: Twilio's error with `status` (400)
fetch, list: it is asked what it has: any of these as the answer; and for a list
  lag         what is younger than `seconds` is not in it yet
receipt: it reports; `only` "sent" or "delivered"
  fail        the message ends as `word` (undelivered), with `code`
  delay       `seconds` later, so behind what comes after it
  drop        never comes
  double      comes twice
inbound: a phone texts us: drop, double
ring: how a call ends: no_answer, busy, unreachable
call_status: a report of a call: double
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Point = Literal["create", "fetch", "list", "receipt", "inbound", "call", "ring", "call_status"]
Kind = Literal[
    "latency", "throttle", "error", "reset", "hang", "late", "bad_json", "drip", "refuse",
    "fail", "delay", "drop", "double", "no_answer", "busy", "unreachable", "lag",
]  # fmt: skip
When = Literal["before", "after"]


@dataclass
class Fault:
    """One rule, as above. Raises ValueError for a word that is none of them."""

    kind: Kind
    on: Point = "create"
    times: int = 0
    probability: float = 1.0
    to: str = ""
    sender: str = ""
    when: When = "before"
    seconds: float = 0.0
    status: int = 0
    code: int = 0
    retry_after: float | None = None
    word: str = "undelivered"
    only: str = ""
    begins: float = 0.0
    ends: float = 0.0
    struck: int = 0
    added: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        for name, words in (("kind", Kind), ("on", Point), ("when", When)):
            if (word := getattr(self, name)) not in get_args(words):
                raise ValueError(f"{name}: {word!r} is none of {', '.join(get_args(words))}")

    @property
    def accepts(self) -> bool:
        """Whether a message that this befalls is taken nevertheless."""
        accepted = self.kind in ("latency", "bad_json", "drip")
        return accepted or (self.kind in ("error", "reset", "hang") and self.when == "after")

    def concerns(self, point: Point, to: str, sender: str, word: str) -> bool:
        return (
            self.on == point
            and self._in_force()
            and (not self.times or self.struck < self.times)
            and self.to in ("", to)
            and self.sender in ("", sender)
            and (self.only or _usual_word(self.kind)) in ("", word)
        )

    def _in_force(self) -> bool:
        since = time.monotonic() - self.added
        return self.begins <= since and (not self.ends or since < self.ends)


@dataclass
class Faults:
    """The rules in force, in their order. The same seed gives the same run.

    What befalls a message is drawn for that message (`about`), so that it does not
    depend on which came first.
    """

    rules: list[Fault] = field(default_factory=list)
    seed: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(0))

    def add(self, rules: list[dict[str, Any]]) -> None:
        """Raises TypeError for a key that no rule has, ValueError for a word."""
        self.rules += [Fault(**rule) for rule in rules]

    def clear(self, seed: int = 0) -> None:
        self.rules.clear()
        self.seed = seed
        self.chance.seed(seed)

    def strike(
        self, point: Point, to: str = "", sender: str = "", *, word: str = "", about: str = ""
    ) -> Fault | None:
        """The first rule that strikes here and now, if any."""
        for n, rule in enumerate(self.rules):
            if not rule.concerns(point, to, sender, word):
                continue
            if rule.probability >= 1 or self._draw(n, about) < rule.probability:
                rule.struck += 1
                return rule
        return None

    def _draw(self, rule: int, about: str) -> float:
        if not about:
            return self.chance.random()
        return random.Random(f"{self.seed}|{rule}|{about}").random()


def _usual_word(kind: Kind) -> str:
    """A message fails where it would have been delivered, not on the way."""
    return "delivered" if kind == "fail" else ""
