"""The telephones of the simulator, kept in one SQLite file.

The file is the operator and all its phones: what was sent is there at once, in every
process, and still there after a crash.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway import sms_text

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
    kind TEXT NOT NULL DEFAULT 'text',  -- or 'call'
    language TEXT NOT NULL DEFAULT '',  -- the rest of a call only
    answered INTEGER NOT NULL DEFAULT 1,
    key TEXT NOT NULL DEFAULT '',
    answer TEXT NOT NULL DEFAULT '',
    UNIQUE (delivery, attempt)
);
CREATE TABLE IF NOT EXISTS silent (handset TEXT PRIMARY KEY);  -- those that do not answer
CREATE INDEX IF NOT EXISTS message_handset ON message (handset, id);
"""
SINCE_CALLS = {  # columns that older files lack, with their defaults
    "kind": "'text'", "language": "''", "answered": "1", "key": "''", "answer": "''",
}  # fmt: skip
SHOWN = (
    "SELECT id, handset, direction, peer, text, segments, at, kind, language, answered, key,"
    " answer FROM message"
)


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

    def ring(
        self, handset: str, peer: str, text: str, *, language: str, delivery: int, attempt: int
    ) -> tuple[int, bool]:
        """Call a phone, once for each attempt of a delivery; its row id, and if it answers."""
        answers = self.answers(handset)
        heard = text if answers else ""
        with self._lock, self._connection() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO message (handset, direction, peer, text, segments, at,"
                " delivery, attempt, kind, language, answered)"
                " VALUES (?, 'in', ?, ?, 0, ?, ?, ?, 'call', ?, ?)",
                (handset, peer, heard, _now(), delivery, attempt, language, answers),
            )
        (row,) = self._rows(
            "SELECT id, answered FROM message WHERE delivery = ? AND attempt = ?",
            delivery,
            attempt,
        )
        return int(row["id"]), bool(row["answered"])

    def answers(self, handset: str) -> bool:
        """Whether somebody is there to take a call; yes unless told otherwise."""
        return not self._rows("SELECT 1 FROM silent WHERE handset = ?", handset)

    def let_answer(self, handset: str, *, answers: bool) -> None:
        """From now on a phone answers, or lets it ring."""
        with self._lock, self._connection() as connection:
            connection.execute("DELETE FROM silent WHERE handset = ?", (handset,))
            if not answers:
                connection.execute("INSERT INTO silent (handset) VALUES (?)", (handset,))

    def last_call(self, handset: str) -> dict[str, Any] | None:
        """The latest call that the phone took: its row id, delivery and attempt."""
        rows = self._rows(
            "SELECT id, delivery, attempt FROM message WHERE handset = ? AND kind = 'call'"
            " AND answered ORDER BY id DESC LIMIT 1",
            handset,
        )
        return rows[0] if rows else None

    def pressed(self, row: int, key: str, answer: str) -> None:
        """Note the key pressed during a call, and what was said to it."""
        with self._lock, self._connection() as connection:
            connection.execute(
                "UPDATE message SET key = ?, answer = ? WHERE id = ?", (key, answer, row)
            )

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

    def missed(self, row: int) -> bool:
        """Whether a call was not taken."""
        return bool(self._rows("SELECT 1 FROM message WHERE id = ? AND NOT answered", row))

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
            connection.execute("DELETE FROM silent")

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
    _add_calls(connection)
    return connection


def _add_calls(connection: sqlite3.Connection) -> None:
    """A file from before there were calls gets their columns."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")  # another process may be doing the same
        known = {row["name"] for row in connection.execute("PRAGMA table_info(message)")}
        for name, default in SINCE_CALLS.items():
            if name not in known:
                connection.execute(
                    f"ALTER TABLE message ADD COLUMN {name} NOT NULL DEFAULT {default}"
                )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
