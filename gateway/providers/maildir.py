"""Mail to a folder: one .eml file a message, for a demo, a test or a relay of one's own."""

from __future__ import annotations

import asyncio
import email
import email.policy
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

from gateway import letters
from gateway.contract import (
    Accepted,
    Callback,
    Channel,
    Forged,
    Inbound,
    Misconfigured,
    Outbound,
    Receipt,
    Stage,
    Traits,
    no_inbound,
)
from gateway.wiring import Wiring


class Maildir:
    """`maildir:folder`. The file's name is the attempt, so a look at it is final."""

    name = "mail"
    channels = frozenset({Channel.EMAIL})
    traits = Traits(looks=True, look_is_final=True)

    def __init__(self, url: str, sender: str, wiring: Wiring) -> None:
        self.folder = Path(url.removeprefix("maildir:")).absolute()
        self._sender = sender

    async def open(self) -> None:
        """The folder is made at the first message, or by a check."""

    async def close(self) -> None:
        """Nothing stays open."""

    def callback_url(self, delivery: int, attempt: int) -> str:
        return ""

    async def send(self, message: Outbound) -> Accepted:
        letter = letters.compose(message, self._sender)
        path = self._path(message)
        try:
            await asyncio.to_thread(_write, path, letter.as_bytes())
        except OSError as error:
            raise Misconfigured(f"the mail folder cannot be written: {error.strerror}") from error
        return Accepted(path.stem, Stage.DELIVERED)

    async def look(self, message: Outbound, provider_id: str) -> Receipt | None:
        path = self._path(message)
        if not path.exists():
            return None
        return Receipt(Stage.DELIVERED, path.stem, message.delivery, message.attempt)

    def inbound_since(self, since: datetime) -> AsyncIterator[Inbound]:
        """Nothing: no phone texts to a folder."""
        return no_inbound()

    async def check(self) -> str:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Misconfigured(f"the mail folder cannot be made: {error.strerror}") from error
        if not os.access(self.folder, os.W_OK):
            raise Misconfigured("the mail folder cannot be written: change its owner")
        return "mail is written to a folder; nothing leaves this machine"

    def verify(self, callback: Callback) -> None:
        raise Forged("mail has no webhook")

    def read_inbound(self, callback: Callback) -> Inbound:
        raise Forged("mail has no webhook")

    def read_receipt(self, callback: Callback) -> Receipt | None:
        raise Forged("mail has no webhook")

    def _path(self, message: Outbound) -> Path:
        return self.folder / f"d{message.delivery}.a{message.attempt}.eml"


def read_folder(folder: Path) -> list[dict[str, str]]:
    """The mails of a folder, oldest first, as {"to", "subject", "text", "at"}."""
    if not folder.is_dir():
        return []
    paths = sorted(folder.glob("*.eml"), key=lambda path: (path.stat().st_mtime_ns, path.name))
    return [_shown(path) for path in paths]


def _shown(path: Path) -> dict[str, str]:
    letter = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(letter, EmailMessage)
    body = letter.get_body(("plain",))
    at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return {
        "to": str(letter["To"]),
        "subject": str(letter["Subject"]),
        "text": body.get_content().replace("\r\n", "\n") if body else "",
        "at": at.isoformat(timespec="milliseconds"),
    }


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: a reader never sees half a mail, a crash leaves none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)
