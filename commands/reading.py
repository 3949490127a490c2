"""What operators type, read once for all commands: numbers, names, files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from commands.context import CommandError

if TYPE_CHECKING:
    from sqlmodel import Session

    from community_store.models import Community, Member


def e164(text: str, option: str, *, mobile: bool) -> str | None:
    """A person's number as E.164, None for none. Raises CommandError naming the option."""
    if not text:
        return None
    try:
        return person_number(text, mobile)
    except ValueError as error:
        raise CommandError(f"{option}: {error}") from None


def person_number(text: str, mobile: bool) -> str:
    """E.164 of a mobile, or of a landline. Raises ValueError (NumberError) without it."""
    from gateway.numbers import Kind, NumberError, parse

    phone = parse(text)
    if mobile and phone.kind is not Kind.MOBILE:
        raise NumberError("this is a landline, and a landline gets no SMS")
    if not mobile and phone.kind is Kind.MOBILE:
        raise NumberError("this is a mobile: give it as the mobile")
    return phone.e164


def number_if_any(text: str) -> str:
    """E.164 when the text reads as a person's number, else "": it may name otherwise."""
    from gateway.numbers import NumberError, parse

    try:
        return parse(text).e164
    except NumberError:
        return ""


def member_named(session: Session, named: str) -> Member:
    """By id or, where unique, by name, number or e-mail. Raises RuleError."""
    from community_store import membership

    return membership.find(session, named, number=number_if_any(named))


def community_named(session: Session, named: str) -> Community:
    """By id or, where unique, by name. Raises RuleError."""
    from community_store import communities

    return communities.find(session, named)


def read_bytes(file: Path, limit: int) -> bytes:
    """A file of at most `limit` bytes; of a larger one, one byte too many. Raises OSError."""
    with file.open("rb") as source:
        return source.read(limit + 1)


def read_text(file: Path) -> str:
    """A UTF-8 file, with or without its mark. Raises OSError, CommandError."""
    content = file.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise CommandError(f"{file}: line {line}: not UTF-8: save the file as UTF-8") from None
