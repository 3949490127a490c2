"""Conversations as one of their people reads them (S48, S49)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, update
from sqlmodel import Session, col, func, select

from community_store import circles
from community_store.circles import Circle
from community_store.models import Conversation, Member, Message, Participant, Withheld

PAGE = 20
MOST_SHOWN = 50  # messages on a page
LARGEST_ID = 2**31 - 1  # what a column of ids holds


@dataclass(frozen=True, slots=True)
class Opened:
    """A conversation of the reader's."""

    conversation: Conversation
    seat: Participant

    @property
    def unread(self) -> bool:
        return self.seat.last_id > self.seat.read_id


@dataclass(frozen=True, slots=True)
class Line:
    """A conversation in the list. `last` is None when its newest message was forgotten."""

    conversation: Conversation
    circle: Circle
    title: str
    last: Message | None
    unread: int


@dataclass(frozen=True, slots=True)
class Listed:
    """`page` counts from 1."""

    lines: Sequence[Line]
    count: int
    page: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.count // PAGE))


def unread(session: Session, member: Member) -> int:
    """How many messages wait to be read: one question, to indexes alone."""
    query = select(func.count()).select_from(Participant).join(Message, _unread(member))
    return session.exec(query.where(*_of(member))).one()


def opened(session: Session, me: Member, ref: int) -> Opened | None:
    """One's own conversation; None for another's, for one that was left, and for one in
    which nothing is for the reader.
    """
    if ref >= LARGEST_ID:
        return None
    query = (
        select(Conversation, Participant)
        .join(Participant, col(Participant.conversation_id) == col(Conversation.id))
        .where(col(Conversation.id) == ref, *_of(me))
    )
    found = session.exec(query).first()
    return Opened(*found) if found else None


def listed(session: Session, me: Member, page: int) -> Listed:
    """A page of one's conversations, those with the newest messages first."""
    count = session.exec(select(func.count()).select_from(Participant).where(*_of(me))).one()
    page = min(max(page, 1), max(1, -(-count // PAGE)))
    query = (
        select(Conversation, Participant)
        .join(Participant, col(Participant.conversation_id) == col(Conversation.id))
        .where(*_of(me))
        .order_by(col(Participant.last_id).desc())
        .offset((page - 1) * PAGE)
        .limit(PAGE)
    )
    found = [Opened(*row) for row in session.exec(query)]
    return Listed(_lines(session, me, found), count, page)


def _of(me: Member) -> tuple[ColumnElement[bool], ...]:
    """A participant's row is the reader's, and something is in it for them."""
    return (
        col(Participant.member_id) == me.id,
        col(Participant.left_at).is_(None),
        col(Participant.last_id) > 0,
    )


def _lines(session: Session, me: Member, found: Sequence[Opened]) -> list[Line]:
    known = circles.circles(session, me, [one.conversation for one in found])
    newest = select(Message).where(col(Message.id).in_([one.seat.last_id for one in found]))
    last = {one.conversation_id: one for one in session.exec(newest)}
    waiting = _waiting(session, me, [one.seat.conversation_id for one in found])
    return [
        Line(one.conversation, known[id_], title(one.conversation, known[id_]), last.get(id_),
             waiting.get(id_, 0))
        for one in found
        for id_ in (one.seat.conversation_id,)
    ]  # fmt: skip


def _waiting(session: Session, me: Member, ids: Sequence[int]) -> Mapping[int, int]:
    query = (
        select(Participant.conversation_id, func.count())
        .join(Message, _unread(me))
        .where(col(Participant.conversation_id).in_(ids), *_of(me))
        .group_by(col(Participant.conversation_id))
    )
    return dict(session.exec(query).all())


def _unread(me: Member) -> ColumnElement[bool]:
    return and_(
        col(Message.conversation_id) == col(Participant.conversation_id),
        col(Message.id) > col(Participant.read_id),
        col(Message.id) <= col(Participant.last_id),
        col(Message.author_id).is_distinct_from(me.id),
        ~_withheld(me),
    )


def _withheld(me: Member) -> ColumnElement[bool]:
    return exists().where(
        col(Withheld.message_id) == col(Message.id), col(Withheld.member_id) == me.id
    )


def title(conversation: Conversation, circle: Circle) -> str:
    """A group's own, unless somebody wrote it from whom the reader wants nothing."""
    creator = circle.find(conversation.creator_id)
    return "" if creator is not None and creator.blocked else conversation.title


def messages(
    session: Session, found: Opened, *, before: int = LARGEST_ID, after: int = 0
) -> list[Message]:
    """The newest MOST_SHOWN between two ids, oldest first, that are for the reader."""
    seat = found.seat
    newest = session.exec(
        select(Message)
        .where(
            col(Message.conversation_id) == seat.conversation_id,
            col(Message.id) <= seat.last_id,
            col(Message.id) < before,
            col(Message.id) > after,
            ~exists().where(
                col(Withheld.message_id) == col(Message.id),
                col(Withheld.member_id) == seat.member_id,
            ),
        )
        .order_by(col(Message.id).desc())
        .limit(MOST_SHOWN)
    ).all()
    return list(reversed(newest))


def message(session: Session, me: Member, id_: int) -> Message | None:
    """One message that somebody else wrote to the reader, removed or not; None for any other."""
    query = (
        select(Message)
        .join(Participant, col(Participant.conversation_id) == col(Message.conversation_id))
        .where(
            col(Message.id) == min(id_, LARGEST_ID),
            col(Message.id) <= col(Participant.last_id),
            col(Message.author_id).is_distinct_from(me.id),
            ~_withheld(me),
            *_of(me),
        )
    )
    return session.exec(query).first()


def mark_read(session: Session, found: Opened) -> None:
    """What stands on the page is read; of the next message a mail may tell again."""
    seat = found.seat
    session.execute(
        update(Participant)
        .where(
            col(Participant.conversation_id) == seat.conversation_id,
            col(Participant.member_id) == seat.member_id,
            col(Participant.read_id) < seat.last_id,
        )
        .values(read_id=seat.last_id, told=False)
        .execution_options(synchronize_session=False)
    )
