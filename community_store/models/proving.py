"""How a home is proved to the team: a position, a link for the evening, a partner, a document."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from community_store.columns import UtcDateTime, utcnow


class PositionTry(SQLModel, table=True):
    """A device said where it was (S22). How far from home is kept, in metres; where, is not."""

    __tablename__ = "position_try"
    __table_args__ = (Index("ix_position_try_member", "member_id", "created_at"),)
    id: int | None = Field(default=None, primary_key=True)
    member_id: int = Field(foreign_key="member.id", ondelete="CASCADE")
    distance_m: int
    accuracy_m: int
    accepted: bool
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)


class EveningLink(SQLModel, table=True):
    """An e-mail promised for an evening, with a link to try again from home (S24).

    The link's token is made when the e-mail leaves, and only its digest is kept.
    """

    __tablename__ = "evening_link"
    __table_args__ = (Index("ix_evening_link_due", "sent_at", "due_at"),)
    id: int | None = Field(default=None, primary_key=True)
    member_id: int = Field(foreign_key="member.id", ondelete="CASCADE", index=True)
    notice_id: int | None = Field(default=None, foreign_key="notice.id", ondelete="SET NULL")
    digest: str | None = Field(default=None, unique=True)
    due_at: datetime = Field(sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)


class PartnerProof(SQLModel, table=True):
    """A partner said where a member lives (S26). How far from home is kept, in metres; what it
    said, is not. `subject` is keyed: it tells that two proofs are of one person, not of whom.
    """

    __tablename__ = "partner_proof"
    id: int | None = Field(default=None, primary_key=True)
    member_id: int = Field(foreign_key="member.id", ondelete="CASCADE", index=True)
    partner: str
    subject: str = Field(index=True)
    distance_m: int
    accepted: bool
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)


class ProofDocument(SQLModel, table=True):
    """A proof of address (S27): its file is elsewhere, encrypted with `sealed_key`.

    A document that is destroyed has no key any more; that there was one stays.
    """

    __tablename__ = "proof_document"
    id: int | None = Field(default=None, primary_key=True)
    member_id: int = Field(foreign_key="member.id", ondelete="CASCADE", index=True)
    file: str = Field(unique=True)
    media_type: str
    size: int
    sealed_key: bytes = b""
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    destroy_at: datetime = Field(sa_type=UtcDateTime, index=True)
    destroyed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    destroyed_why: str = ""


class AuditEntry(SQLModel, table=True):
    """Who did or looked at what: ids and roles, never a name. Only ever added to."""

    __tablename__ = "audit"
    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime, index=True)
    actor: str
    action: str
    subject: str = Field(index=True)
