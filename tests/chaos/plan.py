"""What a seed stands for: the texts, the provider's moods, the strikes and when."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from dispatch.crashing import POINTS
from tests.chaos.people import EVERYBODY

TEXTS = 6
BUSY = 6.0  # seconds in which the texts come and the strikes fall
QUIET = 4.0
PATIENCE = 2.0  # seconds that an answer of the provider is waited for
SETTLED = 1.5  # seconds by which the provider knows itself what it took: within the quiet period

Rule = dict[str, Any]


@dataclass(frozen=True)
class Words:
    """A text from a phone, with a word that no other has; when, in seconds."""

    at: float
    author: str
    token: str

    @property
    def text(self) -> str:
        """A new alert even from somebody who was just told of another."""
        return f"ALERTE Camionnette blanche {self.token}"


@dataclass(frozen=True)
class Strike:
    """What befalls our own machine, when, and for how long (seconds)."""

    at: float
    kind: str
    lasts: float


@dataclass(frozen=True)
class Plan:
    """All that happens in one run. The same seed plans the same."""

    seed: int
    database: str
    workers: int
    words: list[Words]
    rules: list[Rule]
    strikes: list[Strike]
    crash_at: str
    dispatch: dict[str, Any] = field(default_factory=dict)

    def in_words(self) -> str:
        struck = ", ".join(f"{s.at:.1f}s {s.kind} {s.lasts:.1f}s" for s in self.strikes)
        moods = ", ".join(sorted({f"{r['on']}:{r['kind']}" for r in self.rules}))
        return (
            f"{self.database}, {self.workers} workers; {struck}; crash at "
            f"{self.crash_at or 'none'}; provider: {moods or 'well'}"
        )


# Each with its probability for one message, receipt or look.
MOODS: list[list[Rule]] = [
    [],
    [
        {"on": "create", "kind": "reset", "when": "before", "probability": 0.06},
        {"on": "create", "kind": "reset", "when": "after", "probability": 0.1},
        {"on": "create", "kind": "hang", "when": "after", "probability": 0.05},
        {"on": "create", "kind": "hang", "when": "before", "probability": 0.03},
    ],
    [
        {"on": "create", "kind": "error", "status": 500, "when": "after", "probability": 0.1},
        {"on": "create", "kind": "error", "status": 503, "when": "before", "probability": 0.08},
        {"on": "create", "kind": "late", "status": 500, "seconds": SETTLED, "probability": 0.06},
        {"on": "create", "kind": "late", "seconds": SETTLED, "probability": 0.04},
        {"on": "list", "kind": "lag", "seconds": SETTLED},
    ],
    [
        {"on": "create", "kind": "throttle", "retry_after": 1, "probability": 0.06},
        {"on": "create", "kind": "bad_json", "probability": 0.08},
        {"on": "create", "kind": "drip", "seconds": 1.0, "probability": 0.03},
        {"on": "create", "kind": "latency", "seconds": 0.8, "probability": 0.1},
        {"on": "list", "kind": "error", "status": 503, "probability": 0.3},
    ],
    [
        {"on": "create", "kind": "refuse", "code": 21211, "probability": 0.03},
        {"on": "create", "kind": "refuse", "code": 30007, "probability": 0.02},
        {"on": "receipt", "kind": "fail", "code": 30003, "probability": 0.04},
        {"on": "create", "kind": "error", "status": 500, "ends": 3.0, "probability": 0.5},
    ],
]
RECEIPTS: list[list[Rule]] = [
    [],
    [
        {"on": "receipt", "kind": "drop", "probability": 0.2},
        {"on": "receipt", "kind": "double", "probability": 0.2},
        {"on": "receipt", "kind": "delay", "only": "sent", "seconds": 1.0, "probability": 0.3},
        {"on": "receipt", "kind": "delay", "seconds": 2.0, "probability": 0.2},
    ],
]
INBOUND: list[list[Rule]] = [
    [],
    [
        {"on": "inbound", "kind": "drop", "probability": 0.3},
        {"on": "inbound", "kind": "double", "probability": 0.3},
    ],
]

KILLS = (
    "kill dispatch",
    "kill inbound",
    "kill housekeeping",
    "kill web",
    "kill web child",
    "kill parent",
    "kill tree",
)
REDIS = ("flush", "redis killed", "redis frozen", "redis full")
DATABASE = ("database immediate restart", "database away")
ROLLING = ("roll dispatch", "roll inbound", "roll housekeeping", "restart")


def plan(seed: int) -> Plan:
    chance = random.Random(seed)
    database = "postgresql" if seed % 2 else "sqlite"
    words = [_words(chance, seed, n) for n in range(TEXTS)]
    rules = chance.choice(MOODS) + chance.choice(RECEIPTS) + chance.choice(INBOUND)
    return Plan(
        seed=seed,
        database=database,
        workers=chance.choice((1, 2)),
        words=sorted(words, key=lambda w: w.at),
        rules=rules,
        strikes=_strikes(chance, database),
        crash_at=_crash_at(chance),
        dispatch={
            "quiet_seconds": QUIET,
            "send_timeout_seconds": PATIENCE,
            "lease_seconds": 5.0,
            "sweep_seconds": 0.5,
            "poll_seconds": 2.0,
            "slice_seconds": chance.choice((1.0, 3.0)),
            "receipt_hours": 6 / 3600,
        },
    )


def _words(chance: random.Random, seed: int, n: int) -> Words:
    at = round(chance.uniform(0, BUSY), 2)
    return Words(at, chance.choice(EVERYBODY), f"s{seed}t{n}x{chance.randrange(16**6):06x}")


def _strikes(chance: random.Random, database: str) -> list[Strike]:
    families = [KILLS, REDIS, ROLLING] + ([DATABASE] if database == "postgresql" else [KILLS])
    chosen = chance.sample(families, chance.choice((1, 2, 3)))
    strikes = [
        Strike(round(chance.uniform(0.5, BUSY), 2), chance.choice(family),
               round(chance.uniform(0.5, 4.0), 2))
        for family in chosen
    ]  # fmt: skip
    return sorted(strikes, key=lambda strike: strike.at)


def _crash_at(chance: random.Random) -> str:
    """Two points in every second run."""
    if chance.random() < 0.5:
        return ""
    chosen = chance.sample(sorted(POINTS), 2)
    return ",".join(f"{name}:{chance.randint(2, 6)}" for name in chosen)
