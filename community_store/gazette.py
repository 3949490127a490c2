"""The community's gazette (S46, S47): written, edited, removed, commented.

Rules of who may; what is read, and by whom, is in gazette_reading.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, func, select

from community_store import audit
from community_store.errors import RuleError
from community_store.models import (
    EntryKind,
    GazetteComment,
    GazetteEntry,
    Member,
    MemberState,
    RemovedBy,
)
from community_store.store import lock

DAY = timedelta(days=1)
REPEAT = timedelta(minutes=10)  # the same again within this time is a button pressed twice
COMMENTS_MAX = 200  # of an entry: so that its page stays one page


@dataclass(frozen=True, slots=True)
class Said:
    """What an entry says, and until when it is read."""

    kind: EntryKind
    title: str
    text: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Terms:
    """When something is written, and how much of it one member may write in a day."""

    now: datetime
    a_day: int


def require_may_write(session: Session, author: Member, terms: Terms) -> None:
    """To be asked before pictures are read. Raises RuleError "not_here", "too_many"."""
    if author.state != MemberState.ACTIVE or author.community_id is None:
        raise RuleError("not_here", f"member {author.id} is in no community")
    _require_few(session, GazetteEntry, author, terms)


def write(session: Session, author: Member, said: Said, terms: Terms) -> tuple[GazetteEntry, bool]:
    """The new entry, and True; or the one that said the same a moment ago, and False.

    Raises RuleError as `require_may_write` does.
    """
    lock(session, f"gazette:{author.id}")
    before = _same_entry(session, author, said, terms.now)
    if before is not None:
        return before, False
    require_may_write(session, author, terms)
    assert author.id is not None
    assert author.community_id is not None
    entry = GazetteEntry(
        community_id=author.community_id,
        author_id=author.id,
        kind=said.kind,
        title=said.title,
        text=said.text,
        created_at=terms.now,
        expires_at=said.expires_at,
    )
    session.add(entry)
    session.flush()
    return entry, True


def _same_entry(session: Session, author: Member, said: Said, now: datetime) -> GazetteEntry | None:
    return session.exec(
        select(GazetteEntry).where(
            GazetteEntry.author_id == author.id,
            col(GazetteEntry.created_at) > now - REPEAT,
            GazetteEntry.community_id == author.community_id,
            GazetteEntry.kind == said.kind.value,
            GazetteEntry.title == said.title,
            GazetteEntry.text == said.text,
            col(GazetteEntry.removed_at).is_(None),
        )
    ).first()


def edit(session: Session, entry: GazetteEntry, said: Said, now: datetime) -> None:
    """Say it otherwise; what was over can so be read again."""
    entry.kind, entry.title, entry.text = said.kind, said.title, said.text
    entry.expires_at, entry.edited_at = said.expires_at, now
    session.add(entry)


def may_edit(member: Member, written: GazetteEntry | GazetteComment) -> bool:
    """One's own, as long as nobody removed it."""
    return written.removed_at is None and written.author_id == member.id


def may_remove(member: Member, written: GazetteEntry | GazetteComment) -> bool:
    """One's own; a référent what is written in their community (the caller knows that it is)."""
    mine = written.author_id == member.id
    return written.removed_at is None and (mine or member.referent)


def remove(
    session: Session,
    written: GazetteEntry | GazetteComment,
    by: Member,
    *,
    now: datetime,
    why: str = "",
) -> None:
    """Nobody reads it any more. Twice is once. `why` is shown to the author of an entry that a
    référent removed; that one did is kept for ever.
    """
    if written.removed_at is not None:
        return
    author = written.author_id == by.id
    written.removed_at = now
    written.removed_by = RemovedBy.AUTHOR if author else RemovedBy.REFERENT
    if isinstance(written, GazetteEntry) and not author:
        written.removed_why = why
    session.add(written)
    session.flush()
    if not author:
        subject = "gazette" if isinstance(written, GazetteEntry) else "comment"
        audit.note(session, f"member {by.id}", "removed", f"{subject} {written.id}", at=now)


def comment(
    session: Session, entry: GazetteEntry, author: Member, text: str, *, terms: Terms
) -> GazetteComment:
    """Add a comment; the earlier one when the same was said a moment ago.

    Raises RuleError "over" (the entry is not read any more), "full", "too_many".
    """
    lock(session, f"gazette:{author.id}")
    if entry.removed_at is not None or entry.expires_at <= terms.now:
        raise RuleError("over", f"entry {entry.id} is over")
    assert entry.id is not None
    assert author.id is not None
    made = GazetteComment(entry_id=entry.id, author_id=author.id, text=text, created_at=terms.now)
    before = _same_comment(session, made)
    if before is not None:
        return before
    _require_few(session, GazetteComment, author, terms)
    _require_not_full(session, entry)
    session.add(made)
    session.flush()
    return made


def _same_comment(session: Session, made: GazetteComment) -> GazetteComment | None:
    return session.exec(
        select(GazetteComment).where(
            GazetteComment.author_id == made.author_id,
            col(GazetteComment.created_at) > made.created_at - REPEAT,
            GazetteComment.entry_id == made.entry_id,
            GazetteComment.text == made.text,
            col(GazetteComment.removed_at).is_(None),
        )
    ).first()


def edit_comment(session: Session, written: GazetteComment, text: str, now: datetime) -> None:
    written.text, written.edited_at = text, now
    session.add(written)


def _require_few(session: Session, table: Any, author: Member, terms: Terms) -> None:
    """What was removed counts too, or one could write without end."""
    count = select(func.count()).select_from(table)
    today = (table.author_id == author.id, table.created_at > terms.now - DAY)
    if session.exec(count.where(*today)).one() >= terms.a_day:
        raise RuleError(
            "too_many", f"member {author.id} wrote much today", facts={"count": terms.a_day}
        )


def _require_not_full(session: Session, entry: GazetteEntry) -> None:
    count = select(func.count()).where(
        col(GazetteComment.entry_id) == entry.id, col(GazetteComment.removed_at).is_(None)
    )
    if session.exec(count).one() >= COMMENTS_MAX:
        raise RuleError("full", f"entry {entry.id} has {COMMENTS_MAX} comments")
