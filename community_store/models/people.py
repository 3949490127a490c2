"""Members, agents, and what they do not want to receive."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from community_store.columns import UtcDateTime, utcnow


class MemberState(StrEnum):
    """An account's life; only an active one sends, receives and sees (S32)."""

    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class Tenure(StrEnum):
    """How somebody lives in their home (S39)."""

    OWNER = "owner"
    TENANT = "tenant"


class Dwelling(StrEnum):
    """What a home is (S39)."""

    HOUSE = "house"
    FLAT = "flat"


class Member(SQLModel, table=True):
    """A person with one account and one home. Numbers are E.164, e-mail lower case.

    `suspended_why` is what a suspended member is told of it, "" for no more than that.
    `about` and `interests` (Interest values and others, with commas between) are for the
    community; `tenure` and `dwelling` for nobody but themselves. The newsletter is wanted
    from `newsletter_since` on, unless `newsletter_until` says that it no longer is.
    """

    __tablename__ = "member"
    id: int | None = Field(default=None, primary_key=True)
    first_name: str
    last_name: str
    email: str | None = Field(default=None, index=True)
    mobile: str | None = Field(default=None, unique=True)
    landline: str | None = Field(default=None, index=True)
    address: str = ""
    lat: float | None = None
    lon: float | None = None
    community_id: int | None = Field(default=None, foreign_key="community.id", index=True)
    state: str = MemberState.PENDING
    referent: bool = False
    hide_mobile: bool = False
    hide_landline: bool = False
    pseudonym: str
    language: str = "fr"
    about: str = ""
    interests: str = ""
    tenure: str = ""
    dwelling: str = ""
    newsletter_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    newsletter_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    paused_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    activated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    suspended_why: str = ""


class RequestState(StrEnum):
    """A request is open until one person has decided it."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class JoinRequest(SQLModel, table=True):
    """A person asks to be vouched for. Its id is a Reference, to be texted back.

    `reason` is what whoever decided wrote down for their successors; nobody is told it.
    `team_due_at` is by when the team decides, null while it is for others to (S25, S30).
    """

    __tablename__ = "join_request"
    id: int = Field(primary_key=True)
    member_id: int = Field(foreign_key="member.id", ondelete="CASCADE", index=True)
    community_id: int | None = Field(
        default=None, foreign_key="community.id", ondelete="SET NULL", index=True
    )
    state: str = Field(default=RequestState.OPEN, index=True)
    decided_by: str = ""
    reason: str = ""
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    team_due_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)


class Role(StrEnum):
    """What an agent is for the town."""

    MAIRIE = "mairie"
    POLICE = "police"


class Agent(SQLModel, table=True):
    """A person who acts for a town."""

    __tablename__ = "agent"
    id: int | None = Field(default=None, primary_key=True)
    town_insee: str = Field(foreign_key="town.insee", index=True)
    name: str
    mobile: str | None = Field(default=None, unique=True)
    email: str | None = Field(default=None, index=True)
    role: str = Role.MAIRIE
    language: str = "fr"
    confirmed: bool = True  # vouched for by the operator; only then may a text speak for the town
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)


class Topic(StrEnum):
    """What a member may turn off, channel by channel (S81)."""

    ALERT = "alert"
    TWIN = "twin"
    TOWN = "town"
    GAZETTE = "gazette"
    MESSAGE = "message"


class Mute(SQLModel, table=True):
    """A member turned one topic off on one channel; no row means on."""

    __tablename__ = "mute"
    member_id: int = Field(primary_key=True, foreign_key="member.id", ondelete="CASCADE")
    topic: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)


class ProofCode(SQLModel, table=True):
    """A code that was sent to a number to prove it; only a keyed hash of it is kept.

    `origin` is a keyed hash too, of the network address that asked, for the limits.
    """

    __tablename__ = "proof_code"
    __table_args__ = (Index("ix_proof_code_origin", "origin", "created_at"),)
    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(index=True)
    origin: str = ""
    hash: str
    notice_id: int | None = Field(default=None, foreign_key="notice.id", ondelete="SET NULL")
    tries: int = 0
    used: bool = False
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)


class Stop(SQLModel, table=True):
    """An address that said STOP: it outlives accounts and belongs to whoever holds it."""

    __tablename__ = "stop"
    address: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
