"""Handsets that exist on the page /simulator only: texts arrive, and calls are answered."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from datetime import datetime

from config import SimulatorGateway
from gateway import numbers, sms_text
from gateway.contract import (
    Accepted,
    Callback,
    Channel,
    Forged,
    Inbound,
    Key,
    Malformed,
    Misconfigured,
    NotNow,
    Outbound,
    Receipt,
    Spoken,
    Stage,
    Traits,
    no_inbound,
)
from gateway.phones import Phones
from gateway.wiring import Wiring

__all__ = ["Phones", "Simulator"]


class Simulator:
    """The gateway of type "simulator"."""

    channels = frozenset({Channel.SMS, Channel.VOICE})
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
        try:
            return self._call(message) if message.channel is Channel.VOICE else self._text(message)
        except (sqlite3.Error, OSError) as error:
            raise _unwritten(error) from error

    def _text(self, message: Outbound) -> Accepted:
        row = self.phones.receive(
            message.to,
            message.sender,
            message.text,
            segments=sms_text.count(message.text).segments,
            delivery=message.delivery,
            attempt=message.attempt,
        )
        return Accepted(str(row), Stage.DELIVERED)

    def _call(self, message: Outbound) -> Accepted:
        row, answered = self.phones.ring(
            message.to,
            message.sender,
            message.text,
            language=message.language,
            delivery=message.delivery,
            attempt=message.attempt,
        )
        return Accepted(str(row), Stage.DELIVERED if answered else Stage.UNANSWERED)

    async def look(self, message: Outbound, provider_id: str) -> Receipt | None:
        row = self.phones.find(message.delivery, message.attempt)
        if row is None:
            return None
        stage = Stage.UNANSWERED if self.phones.missed(row) else Stage.DELIVERED
        return Receipt(stage, str(row), message.delivery, message.attempt)

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

    def keys_url(self, delivery: int, attempt: int) -> str:
        return ""

    def read_key(self, callback: Callback) -> Key:
        raise Malformed("keys of the simulator are pressed on its page")

    def go_on(self, text: str, language: str, keys: str = "") -> Spoken:
        return Spoken(text, "text/plain")

    def read_receipt(self, callback: Callback) -> Receipt | None:
        raise Malformed("the simulator sends no receipts")


def _unwritten(error: Exception) -> NotNow | Misconfigured:
    """A lock passes; a disk that is full or read only needs the operator."""
    if "locked" in str(error) or "busy" in str(error):
        return NotNow("the simulator's file is busy", delay=1.0)
    return Misconfigured(f"the simulator's file cannot be written: {type(error).__name__}")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False  # JSON may name one half of a pair alone
    return True


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
        if not _is_unicode(value):
            raise Malformed(f'"{key}" holds half a character')
        if not value.isprintable() and key != "text":
            raise Malformed(f'"{key}" holds control characters')
    return document
