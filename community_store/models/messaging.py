"""What people write to one another (S48, S49), and the absences they confide."""

from datetime import date, datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from community_store.columns import UtcDateTime, utcnow


class Conversation(SQLModel, table=True):
    """Two people who write to one another, or a small group.

    `key` says whom it is between and where they live, so that two people have one as long
    as neither moves; a group's is its author and a word of the form that began it, so that
    a second press begins no second one. `title` is a group's, "" for none.
    """

    __tablename__ = "conversation"
    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    is_group: bool = False
    title: str = ""
    creator_id: int | None = Field(
        default=None, foreign_key="member.id", ondelete="SET NULL", index=True
    )
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)


class Participant(SQLModel, table=True):
    """Somebody in a conversation.

    `community_id` is where they lived when it began: what they are to the others is what
    they were then, or nothing (circles.py). `last_id` is the newest message that is for
    them, 0 for none yet; `read_id` the newest that they have read. `told` when a mail told
    them of a message that they have not read: they get no other meanwhile.
    """

    __tablename__ = "participant"
    __table_args__ = (Index("ix_participant_member", "member_id", "last_id"),)
    conversation_id: int = Field(
        primary_key=True, foreign_key="conversation.id", ondelete="CASCADE"
    )
    member_id: int = Field(primary_key=True, foreign_key="member.id", ondelete="CASCADE")
    community_id: int | None = Field(
        default=None, foreign_key="community.id", ondelete="SET NULL", index=True
    )
    last_id: int = 0
    read_id: int = 0
    told: bool = False
    left_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Message(SQLModel, table=True):
    """Something that was written. The text of an author who is gone is gone with them, and so
    is that of what was reported and removed (A11).
    """

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_conversation", "conversation_id", "id"),
        Index("ix_message_author", "author_id", "created_at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    conversation_id: int = Field(foreign_key="conversation.id", ondelete="CASCADE")
    author_id: int | None = Field(default=None, foreign_key="member.id", ondelete="SET NULL")
    text: str
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Withheld(SQLModel, table=True):
    """A message whose author somebody had blocked: that person never has it."""

    __tablename__ = "message_withheld"
    message_id: int = Field(primary_key=True, foreign_key="message.id", ondelete="CASCADE")
    member_id: int = Field(
        primary_key=True, foreign_key="member.id", ondelete="CASCADE", index=True
    )


class Block(SQLModel, table=True):
    """`member` wants nothing from `blocked`, who is not told.

    `seen_as` is what the one was to the other then (visibility.Viewer): the list of who is
    blocked must not give a pseudonym a name when somebody moves.
    """

    __tablename__ = "block"
    member_id: int = Field(primary_key=True, foreign_key="member.id", ondelete="CASCADE")
    blocked_id: int = Field(
        primary_key=True, foreign_key="member.id", ondelete="CASCADE", index=True
    )
    seen_as: str
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)


class Absence(SQLModel, table=True):
    """A member is away, from a day to a day, as chosen neighbours may know (S48)."""

    __tablename__ = "absence"
    id: int | None = Field(default=None, primary_key=True)
    member_id: int = Field(foreign_key="member.id", ondelete="CASCADE", index=True)
    starts_on: date
    ends_on: date = Field(index=True)
    note: str = ""
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)


class AbsenceWatcher(SQLModel, table=True):
    """A neighbour who was chosen to know of an absence."""

    __tablename__ = "absence_watcher"
    absence_id: int = Field(primary_key=True, foreign_key="absence.id", ondelete="CASCADE")
    member_id: int = Field(
        primary_key=True, foreign_key="member.id", ondelete="CASCADE", index=True
    )
