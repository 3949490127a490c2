"""Joining by text: an enrolment under way, and the codes that homes are given on paper."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel

from community_store.columns import UtcDateTime, utcnow


class EnrolmentState(StrEnum):
    """`asked` waits for the geocoder, `geocoding` has been taken up by a worker,
    `choosing` waits for the person to say which address is theirs.
    """

    ASKED = "asked"
    GEOCODING = "geocoding"
    CHOOSING = "choosing"
    DONE = "done"
    FAILED = "failed"


class Enrolment(SQLModel, table=True):
    """One INSCRIPTION, from its text to the account it became.

    `again_at` is when it may be taken up (again), or its lease ends. `choices` are
    addresses with their place, until one is chosen. What it says of the person is
    blanked at the end: the account has it. `sender` stays, for the daily limit.
    """

    __tablename__ = "enrolment"
    __table_args__ = (
        Index("ix_enrolment_sender", "sender", "created_at"),
        Index("ix_enrolment_state", "state", "again_at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    inbound_id: int = Field(foreign_key="inbound_text.id", unique=True)
    sender: str
    first_name: str
    last_name: str
    address: str
    language: str = "fr"
    state: str = EnrolmentState.ASKED
    tries: int = 0
    told_later: bool = False
    choices: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON))
    member_id: int | None = Field(
        default=None, foreign_key="member.id", ondelete="SET NULL", index=True
    )
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    again_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)


class HomeCode(SQLModel, table=True):
    """Six digits on paper that let a home join at once. Only their digest is kept.

    `address` is the home's, where whoever made the sheet knew it.
    """

    __tablename__ = "home_code"
    __table_args__ = (Index("ix_home_code_digest", "digest"),)
    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id", ondelete="CASCADE", index=True)
    digest: str
    address: str = ""
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class HomeEntry(SQLModel, table=True):
    """Who joined with which code: counted against the code, and kept as the record of it."""

    __tablename__ = "home_entry"
    id: int | None = Field(default=None, primary_key=True)
    code_id: int = Field(foreign_key="home_code.id", ondelete="CASCADE", index=True)
    member_id: int | None = Field(
        default=None, foreign_key="member.id", ondelete="SET NULL", index=True
    )
    joined_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
