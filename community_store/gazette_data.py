"""What the gazette holds of a member: given out on request, and erased (S84)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import Session, SQLModel, col, select

from community_store.models import (
    DIGEST_NOTICE,
    Delivery,
    GazetteComment,
    GazetteDigest,
    GazetteEntry,
    GazettePicture,
    Member,
    Notice,
    Wording,
)

Columns = Callable[[SQLModel], dict[str, Any]]
SECRET = ("file", "sealed_key")  # of a picture: they open it


def export(session: Session, member: Member, columns: Columns) -> dict[str, Any]:
    """What they wrote and showed, and when they asked for the digest; `columns` makes a row plain."""
    return {
        "gazette_entries": _rows(session, GazetteEntry, member, columns),
        "gazette_comments": _rows(session, GazetteComment, member, columns),
        "gazette_pictures": [
            {name: value for name, value in columns(one).items() if name not in SECRET}
            for one in pictures(session, member)
        ],
        "gazette_digest": [
            columns(one)
            for one in session.exec(
                select(GazetteDigest).where(GazetteDigest.member_id == member.id)
            )
        ],
    }


def pictures(session: Session, member: Member) -> Sequence[GazettePicture]:
    """Those that they showed; their files are dispatch/pictures.py's."""
    mine = select(GazetteEntry.id).where(GazetteEntry.author_id == member.id)
    found = select(GazettePicture).where(col(GazettePicture.entry_id).in_(mine))
    return session.exec(found.order_by(col(GazettePicture.id))).all()


def _rows(session: Session, table: Any, member: Member, columns: Columns) -> list[dict[str, Any]]:
    return [columns(one) for one in session.exec(select(table).where(table.author_id == member.id))]


def erase(session: Session, member: Member, due: Iterable[str]) -> None:
    """Nothing of theirs is left but, for a day at most, its title in a summary that is leaving:
    `due` are the states of what may still leave.
    """
    _blank_digests(session, member, due)
    for table in (GazetteComment, GazetteEntry):  # a picture goes with its entry, its key with it
        session.execute(delete(table).where(col(table.author_id) == member.id))
    session.execute(delete(GazetteDigest).where(col(GazetteDigest.member_id) == member.id))


def _blank_digests(session: Session, member: Member, due: Iterable[str]) -> None:
    """Summaries name what was written, and by that perhaps its author."""
    homes = select(GazetteEntry.community_id).where(GazetteEntry.author_id == member.id)
    issues = select(Notice.id).where(
        col(Notice.community_id).in_(homes), Notice.kind == DIGEST_NOTICE
    )
    leaving = select(Delivery.notice_id).where(
        col(Delivery.notice_id).in_(issues), col(Delivery.state).in_(list(due))
    )
    session.execute(
        update(Wording)
        .where(
            col(Wording.notice_id).in_(issues),
            col(Wording.notice_id).not_in(leaving),
            col(Wording.mail) != "",
        )
        .values(sms="", subject="", mail="", voice="", push="")
        .execution_options(synchronize_session=False)
    )
