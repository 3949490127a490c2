"""What a member reads in the gazette of their community, and nobody else does.

An entry or a comment is read while its author is an active member of that community: who
left, or is suspended, is not heard there. However many rows there are, a page asks the
database the same number of questions.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_
from sqlmodel import Session, col, func, select

from community_store.models import (
    EntryKind,
    GazetteComment,
    GazetteEntry,
    GazettePicture,
    Member,
    MemberState,
    RemovedBy,
)

PAGE = 10

Entries = Sequence[tuple[GazetteEntry, Member]]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which entries: of one kind (None: all), only the reader's own, those over included."""

    kind: EntryKind | None = None
    mine: bool = False
    page: int = 1


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of entries, each with its author; `page` counts from 1."""

    entries: Entries
    count: int
    page: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.count // PAGE))


class Standing(StrEnum):
    """How an entry stands for a reader."""

    READ = "read"
    OVER = "over"  # to its author alone
    TAKEN_DOWN = "taken_down"  # by somebody else; to its author alone
    GONE = "gone"  # it was there: nothing of it is shown any more


def listed(session: Session, reader: Member, asked: Asked, now: datetime) -> Listed:
    """A page of what the reader's community reads now, the newest first."""
    where = [_of(reader), _heard()]
    where += [_mine(reader)] if asked.mine else [_current(now)]
    if asked.kind is not None:
        where.append(col(GazetteEntry.kind) == asked.kind.value)
    count = session.exec(_with_author(func.count()).where(*where)).one()
    page = min(max(asked.page, 1), max(1, -(-count // PAGE)))
    found = session.exec(
        _with_author(GazetteEntry, Member)
        .where(*where)
        .order_by(col(GazetteEntry.id).desc())
        .offset((page - 1) * PAGE)
        .limit(PAGE)
    )
    return Listed(list(found), count, page)


def newest(session: Session, reader: Member, now: datetime, limit: int) -> Entries:
    """The last entries that the reader's community reads now."""
    query = _with_author(GazetteEntry, Member).where(_of(reader), _heard(), _current(now))
    return list(session.exec(query.order_by(col(GazetteEntry.id).desc()).limit(limit)))


def since(
    session: Session, community_id: int, began: datetime, ended: datetime
) -> list[GazetteEntry]:
    """What was written in a community after `began`, up to `ended`, and is still to be read."""
    where = (
        col(GazetteEntry.community_id) == community_id,
        col(GazetteEntry.created_at) > began,
        col(GazetteEntry.created_at) <= ended,
    )
    query = _with_author(GazetteEntry).where(*where, _heard(), _current(ended))
    return list(session.exec(query.order_by(col(GazetteEntry.id))))


def opened(session: Session, reader: Member, entry_id: int) -> tuple[GazetteEntry, Member] | None:
    """An entry of the reader's community with its author; None: there is none for them."""
    query = _with_author(GazetteEntry, Member).where(_of(reader), GazetteEntry.id == entry_id)
    found: tuple[GazetteEntry, Member] | None = session.exec(query).first()
    return found


def standing(entry: GazetteEntry, author: Member, reader: Member, now: datetime) -> Standing:
    """How an entry of the reader's own community stands for them."""
    mine = entry.author_id == reader.id
    if entry.removed_at is not None:
        kept = mine and entry.removed_by != RemovedBy.AUTHOR
        return Standing.TAKEN_DOWN if kept else Standing.GONE
    if author.state != MemberState.ACTIVE or author.community_id != entry.community_id:
        return Standing.GONE
    if entry.expires_at <= now:
        return Standing.OVER if mine else Standing.GONE
    return Standing.READ


def comments(session: Session, entry: GazetteEntry) -> list[tuple[GazetteComment, Member]]:
    """What is said to an entry, oldest first, each with its author."""
    query = _comments(GazetteComment, Member).where(GazetteComment.entry_id == entry.id)
    return list(session.exec(query.order_by(col(GazetteComment.id))))


def comment(
    session: Session, reader: Member, comment_id: int
) -> tuple[GazetteComment, GazetteEntry] | None:
    """A comment of the reader's community with its entry, while it is there."""
    query = _comments(GazetteComment, GazetteEntry).where(
        _of(reader), GazetteComment.id == comment_id
    )
    found: tuple[GazetteComment, GazetteEntry] | None = session.exec(query).first()
    return found


def comment_counts(session: Session, ids: Collection[int]) -> Mapping[int, int]:
    """How many comments entries have; those without are left out."""
    query = _comments(GazetteComment.entry_id, func.count()).where(
        col(GazetteComment.entry_id).in_(ids)
    )
    return dict(session.exec(query.group_by(col(GazetteComment.entry_id))).all())


def pictures(session: Session, ids: Collection[int]) -> Mapping[int, list[GazettePicture]]:
    """The pictures of entries, in their order."""
    found: dict[int, list[GazettePicture]] = defaultdict(list)
    query = select(GazettePicture).where(col(GazettePicture.entry_id).in_(ids))
    for one in session.exec(query.order_by(col(GazettePicture.id))):
        found[one.entry_id].append(one)
    return found


def picture(
    session: Session, reader: Member, picture_id: int, now: datetime
) -> GazettePicture | None:
    """A picture, if the reader may read its entry."""
    found = session.get(GazettePicture, picture_id)
    of = opened(session, reader, found.entry_id) if found is not None else None
    if of is None or standing(*of, reader, now) is Standing.GONE:
        return None
    return found


def _with_author(*what: Any) -> Any:
    return (
        select(*what)
        .select_from(GazetteEntry)
        .join(Member, col(Member.id) == col(GazetteEntry.author_id))
    )


def _of(reader: Member) -> ColumnElement[bool]:
    return col(GazetteEntry.community_id) == reader.community_id


def _heard() -> ColumnElement[bool]:
    """The author of a row is an active member of the entry's community."""
    return and_(
        col(Member.state) == MemberState.ACTIVE.value,
        col(Member.community_id) == col(GazetteEntry.community_id),
    )


def _current(now: datetime) -> ColumnElement[bool]:
    return and_(col(GazetteEntry.removed_at).is_(None), col(GazetteEntry.expires_at) > now)


def _mine(reader: Member) -> ColumnElement[bool]:
    """What the reader has not taken back."""
    return and_(
        col(GazetteEntry.author_id) == reader.id,
        col(GazetteEntry.removed_by) != RemovedBy.AUTHOR.value,
    )


def _comments(*what: Any) -> Any:
    """Comments that are read, each with its entry and its author."""
    return (
        select(*what)
        .select_from(GazetteComment)
        .join(GazetteEntry, col(GazetteEntry.id) == col(GazetteComment.entry_id))
        .join(Member, col(Member.id) == col(GazetteComment.author_id))
        .where(_heard(), col(GazetteComment.removed_at).is_(None))
    )
