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

STOP = "STOP"

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
class Stop:
    """Somebody wants no more texts, when (seconds)."""

    at: float
    phone: str

    text: str = STOP


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
    stops: list[Stop] = field(default_factory=list)
    lives: float = 7200.0  # seconds that an alert is worth telling
    dispatch: dict[str, Any] = field(default_factory=dict)

    @property
    def set_back(self) -> float:
        """Seconds by which what Tocsin notes as now may be behind what the provider notes."""
        return BACK if any(strike.kind == "clock back" for strike in self.strikes) else 0.0

    def in_words(self) -> str:
        struck = ", ".join(f"{s.at:.1f}s {s.kind} {s.lasts:.1f}s" for s in self.strikes)
        moods = ", ".join(sorted({f"{r['on']}:{r['kind']}" for r in self.rules}))
        return (
            f"{self.database}, {self.workers} workers; {struck}; crash at "
            f"{self.crash_at or 'none'}; lives {self.lives:.0f}s; provider: {moods or 'well'}"
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
CLOCK = ("clock forward", "clock back")
FORWARD = 1.5  # seconds by which clocks are set
BACK = 5.0
ROLLING = ("roll dispatch", "roll inbound", "roll housekeeping", "restart")


# Nothing is taken for so long that a part of an alert is no longer worth telling.
SHORT_LIFE = 12.0
OUTAGE: list[Rule] = [
    {"on": "create", "kind": "throttle", "retry_after": 1, "begins": 1.0, "ends": 14.0},
    *MOODS[1],
]
NEEDS_SPOOL = ("text_spooled", "spool_written", "spool_replayed")
NEEDS_DOUBT = ("looked", "look_settled")
CRASHES = 3  # points armed at once


def plan(seed: int) -> Plan:
    """Every third run has no crash points; the others take them in turn."""
    chance = random.Random(seed)
    points = _points(seed)
    spooling = bool(set(points) & set(NEEDS_SPOOL))
    database = "postgresql" if spooling or seed % 2 else "sqlite"
    strikes = _strikes(chance, database, spooling=spooling)
    words, short = _words(chance, seed, strikes), seed % 5 == 4
    if not short:  # by a clock that is set, nobody knows what came within its time
        strikes = _with_clock(chance, strikes)
    return Plan(
        seed=seed,
        database=database,
        workers=chance.choice((1, 2)),
        words=words,
        rules=(OUTAGE if short else []) + _rules(chance, points),
        strikes=strikes,
        crash_at=",".join(f"{name}:{_passes(chance, name)}" for name in points),
        stops=_stops(chance, words),
        lives=SHORT_LIFE if short else 7200.0,
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


def _passes(chance: random.Random, name: str) -> int:
    """How often a process passes a point before it ends there; few texts are ever spooled."""
    return 1 if name in NEEDS_SPOOL else chance.randint(1, 2)


def _points(seed: int) -> list[str]:
    if seed % 3 == 0:
        return []
    every, first = sorted(POINTS), CRASHES * (seed - seed // 3 - 1)
    return [every[(first + n) % len(every)] for n in range(CRASHES)]


def _rules(chance: random.Random, points: list[str]) -> list[Rule]:
    moods = chance.choice(MOODS[1:3]) if set(points) & set(NEEDS_DOUBT) else chance.choice(MOODS)
    inbound = INBOUND[1] if "polled" in points else chance.choice(INBOUND)
    return moods + chance.choice(RECEIPTS) + inbound


def _words(chance: random.Random, seed: int, strikes: list[Strike]) -> list[Words]:
    """The first at once; two while the database is away, where it is."""
    times = [0.0, *(round(chance.uniform(0, BUSY), 2) for _ in range(TEXTS - 1))]
    for strike in strikes:
        if strike.kind == "database away":
            times[-2:] = [strike.at + 0.3 * strike.lasts, strike.at + 0.6 * strike.lasts]
    return [
        Words(at, chance.choice(EVERYBODY), f"s{seed}t{n}x{chance.randrange(16**6):06x}")
        for n, at in enumerate(sorted(times))
    ]


def _stops(chance: random.Random, words: list[Words]) -> list[Stop]:
    """Two people who alert nobody have enough, in the middle of it."""
    silent = [phone for phone in EVERYBODY if phone not in {each.author for each in words}]
    return [Stop(round(chance.uniform(0.5, BUSY), 2), who) for who in chance.sample(silent, 2)]


def _with_clock(chance: random.Random, strikes: list[Strike]) -> list[Strike]:
    """In every third run or so the clocks are set too."""
    if chance.random() > 1 / 3:
        return strikes
    at, kind = round(chance.uniform(0.5, BUSY), 2), chance.choice(CLOCK)
    return sorted([*strikes, Strike(at, kind, 2.0)], key=lambda strike: strike.at)


def _strikes(chance: random.Random, database: str, *, spooling: bool) -> list[Strike]:
    families = [KILLS, REDIS, ROLLING, DATABASE if database == "postgresql" else KILLS]
    kinds = [chance.choice(family) for family in chance.sample(families, chance.choice((2, 3)))]
    if spooling:
        kinds = [*(kind for kind in kinds if kind not in DATABASE), "database away"]
    strikes = [
        Strike(round(chance.uniform(0.5, BUSY), 2), kind, round(chance.uniform(1.0, 4.0), 2))
        for kind in kinds
    ]
    return sorted(strikes, key=lambda strike: strike.at)
