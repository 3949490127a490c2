"""The rows as plain SQL finds them, for a checker that imports nothing of Tocsin."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg

_ANSWERS = (
    "SELECT t.gateway_id, d.id FROM inbound_text t JOIN notice n ON n.inbound_id = t.id"
    " JOIN delivery d ON d.notice_id = n.id"
)
OPEN = ("queued", "held", "sending", "unknown", "accepted", "sent")


@dataclass(frozen=True)
class Row:
    """A delivery. `expires` in seconds since 1970."""

    id: int
    alert: int | None
    address: str
    state: str
    reason: str
    attempts: int
    doubts: int
    expires_at: str | datetime
    channel: str = "sms"
    gateway: str = "twilio"

    @property
    def expires(self) -> float:
        return _seconds(self.expires_at)


@dataclass(frozen=True)
class Text:
    """A text that came in: whether and as what it was read, and when (seconds since 1970)."""

    state: str
    outcome: str
    read: float = 0.0


@dataclass(frozen=True)
class Report:
    """What a provider said of a message, by its own id, and which attempt it was kept of."""

    message: str
    delivery: int | None
    attempt: int | None
    word: str


@dataclass(frozen=True)
class Rows:
    """All deliveries, and the outcome of every text by the provider's id of it."""

    deliveries: dict[int, Row]
    texts: dict[str, Text]
    alerts: dict[str, int]
    """The alert that a text became, by the provider's id of the text."""
    attempts: dict[int, int]
    """How many attempts are on record of each delivery."""
    answers: dict[str, list[int]] = field(default_factory=dict)
    """The deliveries that answer a text, by the provider's id of the text."""
    reports: list[Report] = field(default_factory=list)

    @property
    def still_open(self) -> int:
        return sum(row.state in OPEN for row in self.deliveries.values())


def read(url: str) -> Rows:
    """Raises the database's own errors while it is away."""
    found = _query(
        url,
        "SELECT id, alert_id, address, state, reason, attempts, doubts, expires_at, channel, gateway"
        " FROM delivery",
    )
    deliveries = {row[0]: Row(*row) for row in found}
    texts = _query(url, "SELECT gateway_id, state, outcome, read_at FROM inbound_text")
    alerts = _query(
        url, "SELECT t.gateway_id, a.id FROM alert a JOIN inbound_text t ON t.id = a.inbound_id"
    )
    attempts = _query(url, "SELECT delivery_id, count(*) FROM attempt GROUP BY delivery_id")
    read_as = {text[0]: Text(text[1], text[2], _seconds(text[3])) for text in texts}
    answers: defaultdict[str, list[int]] = defaultdict(list)
    for text, delivery in _query(url, _ANSWERS):
        answers[text].append(delivery)
    said = _query(url, "SELECT provider_id, delivery_id, attempt, stage FROM receipt")
    reports = [Report(*each) for each in said]
    return Rows(deliveries, read_as, dict(alerts), dict(attempts), dict(answers), reports)


def _query(url: str, statement: str) -> Iterator[Any]:
    if url.startswith("sqlite:///"):
        path = url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as lite:
            yield from lite.execute(statement).fetchall()
    else:
        with psycopg.connect(url, connect_timeout=3) as connection:
            yield from connection.execute(statement.encode()).fetchall()


def _seconds(at: str | datetime | None) -> float:
    if at is None:
        return 0.0
    when = datetime.fromisoformat(at) if isinstance(at, str) else at
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
