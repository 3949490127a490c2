"""The community's journal: what its members tell each other, and who reads it by e-mail."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from community_store.columns import UtcDateTime, utcnow

DIGEST_NOTICE = "gazette_digest"  # Notice.kind of the summary by e-mail


class EntryKind(StrEnum):
    """S46."""

    CLASSIFIED = "petite_annonce"
    RIDE = "covoiturage"
    PARTY = "fete"
    LOST_FOUND = "perdu_trouve"
    INFORMATION = "information"


class RemovedBy(StrEnum):
    """Who took something out of the gazette; nobody reads it any more (but see GazetteEntry)."""

    AUTHOR = "author"
    REFERENT = "referent"
    TEAM = "team"


class GazetteEntry(SQLModel, table=True):
    """Something to tell the community, until `expires_at`.

    It is read while its author is an active member there. What was removed stays for a
    while for whoever must judge it; its author still reads what others removed, and why
    (`removed_why`).
    """

    __tablename__ = "gazette_entry"
    __table_args__ = (
        Index("ix_gazette_entry_community", "community_id", "expires_at"),
        Index("ix_gazette_entry_author", "author_id", "created_at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id", ondelete="CASCADE")
    author_id: int = Field(foreign_key="member.id", ondelete="CASCADE")
    kind: str
    title: str
    text: str
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    edited_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    removed_by: str = ""
    removed_why: str = ""


class GazetteComment(SQLModel, table=True):
    """What somebody of the community says to an entry."""

    __tablename__ = "gazette_comment"
    __table_args__ = (Index("ix_gazette_comment_author", "author_id", "created_at"),)
    id: int | None = Field(default=None, primary_key=True)
    entry_id: int = Field(foreign_key="gazette_entry.id", ondelete="CASCADE", index=True)
    author_id: int = Field(foreign_key="member.id", ondelete="CASCADE")
    text: str
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    edited_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    removed_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    removed_by: str = ""


class GazettePicture(SQLModel, table=True):
    """A picture of an entry, drawn anew by dispatch/picture_press.py.

    Its file is elsewhere, encrypted with `sealed_key`, and holds three JPEGs one after the
    other, of `large`, `medium` and `small` bytes. `width` and `height` are the large one's.
    """

    __tablename__ = "gazette_picture"
    id: int | None = Field(default=None, primary_key=True)
    entry_id: int = Field(foreign_key="gazette_entry.id", ondelete="CASCADE", index=True)
    file: str = Field(unique=True)
    sealed_key: bytes
    width: int
    height: int
    large: int
    medium: int
    small: int
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)


class Every(StrEnum):
    """How often a member wants the gazette by e-mail; no row is never."""

    DAILY = "daily"
    WEEKLY = "weekly"


class GazetteDigest(SQLModel, table=True):
    """A member asked for the gazette by e-mail, at `chosen_at`: that is their consent.

    `due_at` is when the next one is to be made, `told_until` up to when they know what is new.
    """

    __tablename__ = "gazette_digest"
    member_id: int = Field(primary_key=True, foreign_key="member.id", ondelete="CASCADE")
    every: str
    due_at: datetime = Field(sa_type=UtcDateTime, index=True)
    told_until: datetime = Field(sa_type=UtcDateTime)
    chosen_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
