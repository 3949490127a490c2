"""Those from whom somebody wants nothing; nobody tells them (S48)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, delete, select

from community_store import visibility
from community_store.models import Absence, AbsenceWatcher, Block, Member


@dataclass(frozen=True, slots=True)
class Blocked:
    """Somebody who is blocked; no `name` when one may not know them any more."""

    id: int
    name: str
    since: datetime


def block(session: Session, me: Member, other: Member, now: datetime) -> None:
    """Nothing that the other writes reaches one from now on; nor do they know of one's
    absences any more. Twice is once.
    """
    if session.get(Block, (me.id, other.id)) is None:
        seen_as = visibility.viewer_of(session, me, other)
        row = Block(member_id=me.id or 0, blocked_id=other.id or 0, seen_as=seen_as, created_at=now)
        session.add(row)
    absences = select(Absence.id).where(Absence.member_id == me.id)
    session.execute(
        delete(AbsenceWatcher).where(
            col(AbsenceWatcher.absence_id).in_(absences), col(AbsenceWatcher.member_id) == other.id
        )
    )
    session.flush()


def deaf(session: Session, author: Member, ids: Collection[int]) -> set[int]:
    """Those of some people who want nothing of an author."""
    query = select(Block.member_id).where(
        Block.blocked_id == author.id, col(Block.member_id).in_(ids)
    )
    return set(session.exec(query))


def unblock(session: Session, me: Member, other_id: int) -> bool:
    """Whether they were blocked. What they wrote meanwhile stays away."""
    row = session.get(Block, (me.id, other_id)) if other_id < 2**31 else None
    if row is not None:
        session.delete(row)
        session.flush()
    return row is not None


def listed(session: Session, me: Member) -> Sequence[Blocked]:
    """All of them, the last first."""
    rows = session.exec(
        select(Block, Member)
        .join(Member, col(Member.id) == col(Block.blocked_id))
        .where(Block.member_id == me.id)
        .order_by(col(Block.created_at).desc())
    ).all()
    viewers = visibility.viewers_of(session, me, [member for _, member in rows])
    return [
        Blocked(row.blocked_id, _name(row, member, viewers[row.blocked_id]), row.created_at)
        for row, member in rows
    ]


def _name(row: Block, member: Member, viewer: visibility.Viewer) -> str:
    """As they were known when it was done: who moved closer since keeps their pseudonym."""
    return visibility.visible(member, viewer).called if viewer == row.seen_as else ""
