"""The mail that the demonstration wrote to a folder, read back as a mailbox."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

# Files appear in the order of their rename, not of their time: look a little behind.
OVERLAP_NS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail. `id` is its file's name; `written_ns` orders them."""

    id: str
    to: str
    subject: str
    text: str
    at: datetime
    written_ns: int

    def as_json(self) -> dict[str, str]:
        return {
            "to": self.to,
            "subject": self.subject,
            "text": self.text,
            "at": self.at.isoformat(),
        }


def folder(mail_url: str) -> Path | None:
    """The folder of a `maildir:` address, None when mail goes elsewhere."""
    scheme, _, rest = mail_url.partition(":")
    return Path(rest).absolute() if scheme == "maildir" else None


def read(where: Path | None, *, after_ns: int = 0) -> list[Letter]:
    """The letters written after `after_ns` (nanoseconds), the newest last."""
    letters = [] if where is None else list(_letters(where, after_ns))
    return sorted(letters, key=lambda letter: (letter.written_ns, letter.id))


def _letters(where: Path, after_ns: int) -> Iterator[Letter]:
    for path in where.glob("**/*.eml"):
        try:
            written_ns = path.stat().st_mtime_ns
            if written_ns > after_ns:
                yield _read(path, written_ns)
        except FileNotFoundError:  # a demo that starts again clears its folder
            continue


def _read(path: Path, written_ns: int) -> Letter:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    body = message.get_body(preferencelist=("plain",))
    text = body.get_content() if body is not None else ""
    return Letter(
        id=path.name,
        to=_address(str(message.get("To", ""))),
        subject=str(message.get("Subject", "")),
        text=str(text).strip(),
        at=datetime.fromtimestamp(written_ns / 1e9, UTC),
        written_ns=written_ns,
    )


def _address(header: str) -> str:
    """The bare address of `Name <address>`."""
    return header.rpartition("<")[2].rstrip("> ").strip().lower()
