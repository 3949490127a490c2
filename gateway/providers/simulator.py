"""Handsets that exist on the page /simulator only, kept in one SQLite file.

The file is the operator and all its phones: what was sent is there at once, in every
process, and still there after a crash.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config import SimulatorGateway
from gateway import numbers, sms_text
from gateway.contract import (
    Accepted,
    Callback,
    Channel,
    Forged,
    Inbound,
    Malformed,
    Misconfigured,
    NotNow,
    Outbound,
    Receipt,
    Stage,
    Traits,
    no_inbound,
)
from gateway.wiring import Wiring

SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    handset TEXT NOT NULL,
    direction TEXT NOT NULL,  -- as the phone sees it: "in" it received
    peer TEXT NOT NULL,
    text TEXT NOT NULL,
    segments INTEGER NOT NULL,
    at TEXT NOT NULL,
    delivery INTEGER,
    attempt INTEGER,
    sent_id TEXT UNIQUE,
    UNIQUE (delivery, attempt)
);
CREATE INDEX IF NOT EXISTS message_handset ON message (handset, id);
"""
SHOWN = "SELECT id, handset, direction, peer, text, segments, at FROM message"


class Phones:
    """All handsets. Safe for many processes and threads; one transaction a message."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._opened: tuple[int, sqlite3.Connection] | None = None

    def receive(
        self,
        handset: str,
        peer: str,
        text: str,
        *,
        segments: int,
        delivery: int,
        attempt: int,
    ) -> int:
        """Put a text on a phone, once for each attempt of a delivery; its row id."""
        row = (handset, "in", peer, text, segments, _now(), delivery, attempt, None)
        self._insert(row)
        found = self.find(delivery, attempt)
        assert found is not None, "just inserted, or there before"
        return found

    def sent(self, handset: str, peer: str, text: str, text_id: str) -> None:
        """Note that a phone sent a text, once for each of its ids."""
        segments = sms_text.count(text).segments
        self._insert((handset, "out", peer, text, segments, _now(), None, None, text_id))

    def find(self, delivery: int, attempt: int) -> int | None:
        """The row id of what an attempt brought to a phone."""
        rows = self._rows(
            "SELECT id FROM message WHERE delivery = ? AND attempt = ?", delivery, attempt
        )
        return int(rows[0]["id"]) if rows else None

    def messages(self, handset: str, after: int = 0) -> list[dict[str, Any]]:
        """What one phone received and sent, oldest first (interfaces.md), with row ids."""
        return self._rows(SHOWN + " WHERE handset = ? AND id > ? ORDER BY id", handset, after)

    def since(self, after: int) -> list[dict[str, Any]]:
        """What all phones received and sent after a row id, for the live page."""
        return self._rows(SHOWN + " WHERE id > ? ORDER BY id", after)

    def clear(self) -> None:
        """Empty every phone; row ids go on, so that an open page is not confused."""
        with self._lock, self._connection() as connection:
            connection.execute("DELETE FROM message")

    def close(self) -> None:
        """Let go of the file; the next call opens it again."""
        with self._lock:
            if self._opened:
                self._opened[1].close()
            self._opened = None

    def _insert(self, row: tuple[Any, ...]) -> None:
        with self._lock, self._connection() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO message (handset, direction, peer, text, segments,"
                " at, delivery, attempt, sent_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )

    def _rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(row) for row in self._connection().execute(query, values)]

    def _connection(self) -> sqlite3.Connection:
        """One per process: SQLite's must not be carried through a fork."""
        if self._opened is None or self._opened[0] != os.getpid():
            self._opened = os.getpid(), _open(self._path)
        return self._opened[1]


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=10, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.executescript(SCHEMA)
    return connection


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Simulator:
    """The gateway of type "simulator"."""

    channel = Channel.SMS
    traits = Traits(looks=True, look_is_final=True)

    def __init__(self, name: str, section: SimulatorGateway, wiring: Wiring) -> None:
        self.name = name
        self.phones = Phones(wiring.data_dir / "simulator.db")

    async def open(self) -> None:
        """Nothing to open: the file opens at its first use."""

    async def close(self) -> None:
        self.phones.close()

    def callback_url(self, delivery: int, attempt: int) -> str:
        return ""

    async def send(self, message: Outbound) -> Accepted:
        segments = sms_text.count(message.text).segments
        try:
            row = self.phones.receive(
                message.to,
                message.sender,
                message.text,
                segments=segments,
                delivery=message.delivery,
                attempt=message.attempt,
            )
        except (sqlite3.Error, OSError) as error:
            raise _unwritten(error) from error
        return Accepted(str(row), Stage.DELIVERED)

    async def look(self, message: Outbound, provider_id: str) -> Receipt | None:
        row = self.phones.find(message.delivery, message.attempt)
        if row is None:
            return None
        return Receipt(Stage.DELIVERED, str(row), message.delivery, message.attempt)

    def inbound_since(self, since: datetime) -> AsyncIterator[Inbound]:
        """Nothing: a text that missed its webhook was refused on the page."""
        return no_inbound()

    async def check(self) -> str:
        try:
            count = len(self.phones.since(0))
        except (sqlite3.Error, OSError) as error:
            raise Misconfigured(f"simulator.db in data_dir cannot be used: {error}") from error
        return f"the simulator's handsets hold {count} messages"

    def verify(self, callback: Callback) -> None:
        """Nobody signs here: the web side lets the simulator's own page through only."""
        kind = callback.headers.get("content-type", "").partition(";")[0].strip()
        if callback.method != "POST" or kind != "application/json":
            raise Forged("the simulator posts JSON")

    def read_inbound(self, callback: Callback) -> Inbound:
        """Also shows the text on the phone that sent it."""
        document = _document(callback.body)
        inbound = Inbound(
            id=document["id"],
            sender=numbers.sender(document["from"]),
            recipient=numbers.sender(document["to"]),
            text=document["text"],
        )
        self.phones.sent(inbound.sender, inbound.recipient, inbound.text, inbound.id)
        return inbound

    def read_receipt(self, callback: Callback) -> Receipt | None:
        raise Malformed("the simulator sends no receipts")


def _unwritten(error: Exception) -> NotNow | Misconfigured:
    """A lock passes; a disk that is full or read only needs the operator."""
    if "locked" in str(error) or "busy" in str(error):
        return NotNow("the simulator's file is busy", delay=1.0)
    return Misconfigured(f"the simulator's file cannot be written: {type(error).__name__}")


def _document(body: bytes) -> dict[str, str]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Malformed("the body is not JSON") from error
    if not isinstance(document, dict):
        raise Malformed("the body is not a JSON object")
    for key in ("from", "to", "text", "id"):
        value = document.get(key)
        if not isinstance(value, str) or (key != "text" and not value.strip()):
            raise Malformed(f'"{key}" is missing or not a text')
        if not value.isprintable() and key != "text":
            raise Malformed(f'"{key}" holds control characters')
    return document
