"""What is held on a person among messages and absences: given out, erased, forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, update
from sqlmodel import Session, SQLModel, col, exists, or_, select

from community_store.models import (
    Absence,
    AbsenceWatcher,
    Block,
    Conversation,
    Member,
    Message,
    Notice,
    Participant,
    Report,
    Reported,
    Withheld,
    Wording,
)


def held(member: Member) -> Mapping[str, tuple[type[SQLModel], ColumnElement[bool]]]:
    """The rows that are the member's own. Who blocked them is not theirs to know."""
    return {
        "messages_written": (Message, col(Message.author_id) == member.id),
        "conversations": (Participant, col(Participant.member_id) == member.id),
        "groups_begun": (Conversation, col(Conversation.creator_id) == member.id),
        "blocked": (Block, col(Block.member_id) == member.id),
        "absences": (Absence, col(Absence.member_id) == member.id),
    }


def erase(session: Session, member: Member) -> None:
    """What they wrote is gone from everybody's pages; that there was a conversation stays,
    for the others to see that it is over.
    """
    quiet = {"synchronize_session": False}
    wrote = update(Message).where(col(Message.author_id) == member.id)
    session.execute(wrote.values(text="", author_id=None), execution_options=quiet)
    began = update(Conversation).where(col(Conversation.creator_id) == member.id)
    session.execute(began.values(title="", creator_id=None), execution_options=quiet)
    naming = select(Notice.id).where(Notice.names_id == member.id)
    named = update(Wording).where(col(Wording.notice_id).in_(naming))
    session.execute(
        named.values(sms="", subject="", mail="", voice="", push=""), execution_options=quiet
    )
    for theirs in (
        delete(Absence).where(col(Absence.member_id) == member.id),
        delete(AbsenceWatcher).where(col(AbsenceWatcher.member_id) == member.id),
        delete(Withheld).where(col(Withheld.member_id) == member.id),
        delete(Block).where(
            or_(col(Block.member_id) == member.id, col(Block.blocked_id) == member.id)
        ),
    ):
        session.execute(theirs, execution_options=quiet)


def due(now: datetime, messages: datetime) -> dict[str, Any]:
    """The ids of what is too old: messages before an instant, and absences that are over.

    Half a day after midnight in UTC, the day before is over everywhere.
    """
    over = (now - timedelta(hours=12)).date()
    return {
        "messages": select(Message.id).where(col(Message.created_at) < messages),
        "absences": select(Absence.id).where(col(Absence.ends_on) < over),
    }


def forget(session: Session, found: Mapping[str, Sequence[int]]) -> None:
    """Forget what `due` found, what reports quote of it, and the conversations in which nothing
    is left.
    """
    quiet = {"synchronize_session": False}
    ids = found["messages"]
    touched = session.exec(
        select(Message.conversation_id).where(col(Message.id).in_(ids)).distinct()
    ).all()
    session.execute(delete(Message).where(col(Message.id).in_(ids)), execution_options=quiet)
    quoting = (col(Report.kind) == Reported.MESSAGE.value, col(Report.subject_id).in_(ids))
    session.execute(update(Report).where(*quoting).values(quote=""), execution_options=quiet)
    left = exists().where(col(Message.conversation_id) == col(Conversation.id))
    empty = delete(Conversation).where(col(Conversation.id).in_(touched), ~left)
    session.execute(empty, execution_options=quiet)
    over = delete(Absence).where(col(Absence.id).in_(found["absences"]))
    session.execute(over, execution_options=quiet)
