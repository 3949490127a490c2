"""The messages that the emulated Twilio has, and how it shows them."""

from __future__ import annotations

import itertools
import math
import secrets
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any

import smsutil

VERSION = "2010-04-01"
_RUN = secrets.token_hex(8)
_NUMBERS = itertools.count(1)


@dataclass(slots=True)
class Message:
    """One message; times are seconds since 1970, UTC."""

    account: str
    direction: str
    to: str
    sender: str
    body: str
    status: str
    callback: str = ""
    service: str = ""
    sid: str = field(default_factory=lambda: f"SM{_RUN}{next(_NUMBERS):016x}")
    created: float = field(default_factory=time.time)
    sent: float | None = None
    updated: float | None = None
    error_code: int | None = None
    error_message: str | None = None

    @property
    def segments(self) -> int:
        return segments(self.body)

    def advance(self, status: str, code: int | None = None) -> None:
        self.status = status
        self.updated = time.time()
        self.sent = self.sent or self.updated
        self.error_code = code
        self.error_message = f"Error {code}" if code else None

    def resource(self) -> dict[str, Any]:
        """The JSON object of the REST API, all its keys."""
        uri = f"/{VERSION}/Accounts/{self.account}/Messages/{self.sid}"
        return {
            "account_sid": self.account,
            "api_version": VERSION,
            "body": self.body,
            "date_created": rfc2822(int(self.created)),
            "date_sent": rfc2822(int(self.sent)) if self.sent else None,
            "date_updated": rfc2822(int(self.updated or self.created)),
            "direction": self.direction,
            "error_code": self.error_code,
            "error_message": self.error_message,
            "from": self.sender,
            "messaging_service_sid": self.service or None,
            "num_media": "0",
            "num_segments": str(self.segments),
            "price": None,
            "price_unit": "USD",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": self.to,
            "uri": f"{uri}.json",
        }


@dataclass(slots=True)
class Call:
    """One call that was made; times are seconds since 1970, UTC."""

    account: str
    to: str
    sender: str
    twiml: str
    callback: str
    events: frozenset[str]
    status: str = "queued"
    sid: str = field(default_factory=lambda: f"CA{_RUN}{next(_NUMBERS):016x}")
    created: float = field(default_factory=time.time)
    started: float | None = None

    def advance(self, status: str) -> None:
        self.status = status
        if status == "in-progress":
            self.started = time.time()

    def resource(self) -> dict[str, Any]:
        """The JSON object of the REST API."""
        uri = f"/{VERSION}/Accounts/{self.account}/Calls/{self.sid}"
        return {
            "account_sid": self.account, "answered_by": None, "api_version": VERSION,
            "date_created": rfc2822(int(self.created)), "date_updated": rfc2822(int(self.created)),
            "direction": "outbound-api", "duration": None, "end_time": None, "from": self.sender,
            "price": None, "price_unit": "USD", "sid": self.sid,
            "start_time": rfc2822(int(self.started)) if self.started else None,
            "status": self.status, "subresource_uris": {}, "to": self.to, "uri": f"{uri}.json",
        }  # fmt: skip


class Messages:
    """All messages, in the order of their making, and by recipient."""

    def __init__(self) -> None:
        self.by_sid: dict[str, Message] = {}
        self._to: defaultdict[str, list[Message]] = defaultdict(list)

    def add(self, message: Message) -> Message:
        self.by_sid[message.sid] = message
        self._to[message.to].append(message)
        return message

    def clear(self) -> None:
        self.by_sid.clear()
        self._to.clear()

    def find(self, query: Mapping[str, str], lag: float) -> list[Message]:
        """Newest first, as Twilio lists them; what is younger than `lag` s is not in yet."""
        to, sender = query.get("To"), query.get("From")
        known = self._to.get(to, []) if to else list(self.by_sid.values())
        spans = list(_spans(query))
        newest = time.time() - lag
        return [
            message
            for message in reversed(known)
            if sender in (None, "", message.sender)
            and message.created <= newest
            and all(low <= (message.sent or message.created) < high for low, high in spans)
        ]


def _spans(query: Mapping[str, str]) -> Iterator[tuple[float, float]]:
    """DateSent=, DateSent>= and DateSent<= as [low, high); a bare date is the whole day (UTC)."""
    if value := query.get("DateSent"):
        yield _day(value)
    if value := query.get("DateSent>"):
        yield (_instant(value) if "T" in value else _day(value)[0], math.inf)
    if value := query.get("DateSent<"):
        yield (-math.inf, _instant(value) if "T" in value else _day(value)[1])


def _day(value: str) -> tuple[float, float]:
    low = _instant(value[:10] + "T00:00:00Z")
    return low, low + 86_400


def _instant(value: str) -> float:
    return datetime.fromisoformat(value).timestamp()


@lru_cache(maxsize=4096)
def segments(body: str) -> int:
    """By a library that is not ours. An alert's body is the same for all its people."""
    return len(smsutil.split(body).parts) if body else 1


@lru_cache(maxsize=256)
def rfc2822(second: int) -> str:
    return format_datetime(datetime.fromtimestamp(second, UTC))
