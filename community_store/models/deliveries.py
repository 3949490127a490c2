"""Deliveries, the attempts to hand them over, and what providers said of them."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from community_store.columns import UtcDateTime, utcnow


class DeliveryState(StrEnum):
    """See dispatch/outbox.py, the only place that changes one."""

    QUEUED = "queued"
    HELD = "held"
    SENDING = "sending"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    EXPIRED = "expired"
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"
    NO_RECEIPT = "no_receipt"


_QUEUED = text("state = 'queued'")
_NOTICE = text("notice_id is not null")
_OPEN = text("state in ('sending', 'unknown', 'accepted', 'sent')")


class Delivery(SQLModel, table=True):
    """One alert or notice for one person over one channel.

    `gateway` and `number_id` are the lane it leaves by (number_id null for e-mail and push).
    `priority` is its class and `size` its turn among what its community sends in that
    class and channel (dispatch/turns.py): claims are taken in (priority, size, id) order.
    `due_at` is when it may leave, `look_at` when the sweep must next look after it.
    `attempts` numbers the calls of the provider, `doubts` counts those whose outcome was
    unknown, `looks` the empty looks since the last, `redials` the calls made again
    because nobody answered. Money in euros. `member_id` is of whom it is for; of what somebody
    wrote to the team (TO_THE_TEAM) it is the writer.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("alert_id", "channel", "address", name="uq_delivery_alert"),
        UniqueConstraint("notice_id", "channel", "address", name="uq_delivery_notice"),
        Index(
            "ix_delivery_due",
            "gateway",
            "number_id",
            "channel",
            "priority",
            "size",
            "id",
            sqlite_where=_QUEUED,
            postgresql_where=_QUEUED,
        ),
        Index(
            "ix_delivery_queued_address", "address", sqlite_where=_QUEUED, postgresql_where=_QUEUED
        ),
        Index(
            "ix_delivery_queued_expiry",
            "expires_at",
            sqlite_where=_QUEUED,
            postgresql_where=_QUEUED,
        ),
        Index("ix_delivery_open", "look_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_delivery_member", "member_id", "created_at"),
        Index(
            "ix_delivery_answers",
            "address",
            "created_at",
            sqlite_where=_NOTICE,
            postgresql_where=_NOTICE,
        ),
        Index("ix_delivery_provider_id", "gateway", "provider_id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    alert_id: int | None = Field(default=None, foreign_key="alert.id")
    notice_id: int | None = Field(default=None, foreign_key="notice.id")
    wording_id: int = Field(foreign_key="wording.id")
    member_id: int | None = Field(default=None, foreign_key="member.id", ondelete="SET NULL")
    agent_id: int | None = Field(default=None, foreign_key="agent.id", ondelete="SET NULL")
    audience: str
    channel: str
    address: str
    gateway: str
    number_id: int | None = Field(default=None, foreign_key="number.id", index=True)
    priority: int
    size: int = 1
    segments: int = 0
    price: float = 0.0
    state: str = DeliveryState.QUEUED
    reason: str = ""
    attempts: int = 0
    doubts: int = 0
    looks: int = 0
    redials: int = 0
    lease: str | None = None
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    provider_id: str | None = None
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    due_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    look_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    handed_over_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Attempt(SQLModel, table=True):
    """One call of a provider: written before the call, completed after it."""

    __tablename__ = "attempt"
    delivery_id: int = Field(primary_key=True, foreign_key="delivery.id", ondelete="CASCADE")
    n: int = Field(primary_key=True)
    worker: str
    started_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: str = ""
    provider_id: str | None = None
    code: str = ""
    reason: str = ""


class StepKind(StrEnum):
    """What happened to a delivery besides its attempts and receipts."""

    LOOKED = "looked"
    RESENT = "resent"
    MOVED = "moved"
    RELEASED = "released"
    RETRIED = "retried"
    LOST = "lost"


class Step(SQLModel, table=True):
    """Something that happened to a delivery, for `tocsin delivery explain`; ids only in `detail`."""

    __tablename__ = "step"
    id: int | None = Field(default=None, primary_key=True)
    delivery_id: int = Field(foreign_key="delivery.id", ondelete="CASCADE", index=True)
    at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    kind: str
    detail: str = ""


class ReceiptRow(SQLModel, table=True):
    """What a provider reported, kept as it came; `delivery_id` null when not ours."""

    __tablename__ = "receipt"
    __table_args__ = (Index("ix_receipt_delivery", "delivery_id"),)
    id: int | None = Field(default=None, primary_key=True)
    gateway: str
    provider_id: str = ""
    delivery_id: int | None = None
    attempt: int | None = None
    stage: str
    code: str = ""
    reason: str = ""
    at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    received_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
