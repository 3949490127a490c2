"""Somebody registers on the web: what they have said so far, before and until they are known."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from community_store.columns import UtcDateTime, utcnow


class Registration(SQLModel, table=True):
    """What one browser has typed on the way in, kept a week; nobody else sees it.

    `digest` is of the browser's token, `mail_digest` of the link that went to `email`. The
    numbers are E.164 and, like the e-mail, claims: `member_id` is the account made once the
    first of them was proved, which has those proved and no other. `choices` are the places
    that the address may mean. `invited_to` is the community whose link they came by. `placed`
    says that the home's place was confirmed (S07).
    """

    __tablename__ = "registration"
    id: int | None = Field(default=None, primary_key=True)
    digest: str = Field(unique=True)
    mail_digest: str | None = Field(default=None, unique=True)
    language: str = "fr"
    address: str = ""
    insee: str = ""
    choices: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON))
    lat: float | None = None
    lon: float | None = None
    placed: bool = False
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    mobile: str = ""
    landline: str = ""
    hide_number: bool = False
    password: str = ""
    member_id: int | None = Field(
        default=None, foreign_key="member.id", ondelete="CASCADE", index=True
    )
    invited_to: int | None = Field(default=None, foreign_key="community.id", ondelete="SET NULL")
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
