"""What came in, the alerts and notices it became, and the words they are told in."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from community_store.columns import UtcDateTime, utcnow


class InboundState(StrEnum):
    """`new` until it is read; `joined` when it became a part of a later row."""

    NEW = "new"
    READ = "read"
    JOINED = "joined"
    SET_ASIDE = "set_aside"


class InboundText(SQLModel, table=True):
    """A text as the gateway gave it: the truth that nothing may lose.

    `tries` counts readings that failed; after three the row is set aside (R10).
    `outcome` says in one word what it was (alert, duplicate, stop, unknown_sender...).
    """

    __tablename__ = "inbound_text"
    __table_args__ = (
        UniqueConstraint("gateway", "gateway_id", name="uq_inbound_text_gateway_id"),
        Index("ix_inbound_text_sender", "sender", "received_at"),
        Index("ix_inbound_text_state", "state", "id"),
        Index(  # few are: how many wrong codes were tried of late
            "ix_inbound_text_wrong",
            "received_at",
            postgresql_where=text("outcome = 'code_wrong'"),
            sqlite_where=text("outcome = 'code_wrong'"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    gateway: str
    gateway_id: str
    sender: str
    recipient: str
    text: str
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    received_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    read_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    state: str = InboundState.NEW
    outcome: str = ""
    tries: int = 0
    joined_into: int | None = None
    alert_id: int | None = Field(default=None, index=True)


class AlertKind(StrEnum):
    """Who speaks: a resident to neighbours (A2), or an agent to the town (A3)."""

    RESIDENT = "resident"
    TOWN = "town"


class AlertState(StrEnum):
    """`open` while it may still be told; `held` waits for a référent (A8)."""

    OPEN = "open"
    HELD = "held"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Category(StrEnum):
    """S42 to S44; an SMS needs none."""

    BURGLARY = "cambriolage"
    SUSPICIOUS = "comportement_suspect"
    CANVASSING = "demarchage"
    DAMAGE = "degradation"
    THEFT = "vol"
    EXCEPTIONAL = "evenement_exceptionnel"
    MISSING = "disparition"
    OTHER = "autre"


class Reference(SQLModel, table=True):
    """Hands out the small numbers that people text back: an alert and a request never
    share one, so that `OUI 381` can only mean one thing.
    """

    __tablename__ = "reference"
    id: int | None = Field(default=None, primary_key=True)
    kind: str


class Alert(SQLModel, table=True):
    """One event told to many. Its id is the public reference (`ref`), from Reference.

    `called` when the author said that 17 was called; `held_until` while a référent is
    asked (A8), and for ever when it never left; `acknowledged` counts the people who confirmed that they read it.
    An `exercise` is told to neighbours alone, and says so.
    `only` has the ids of the communities that a town alert is for, "" for all. `lat` and
    `lon` are where it happens, in degrees, where the author showed it on a map.
    """

    __tablename__ = "alert"
    __table_args__ = (
        Index("ix_alert_community", "community_id", "created_at"),
        Index("ix_alert_author", "author_id", "created_at"),
        Index("ix_alert_state", "state", "expires_at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    kind: str = AlertKind.RESIDENT
    category: str = Category.OTHER
    author_id: int | None = Field(default=None, foreign_key="member.id", ondelete="SET NULL")
    agent_id: int | None = Field(default=None, foreign_key="agent.id", ondelete="SET NULL")
    community_id: int | None = Field(default=None, foreign_key="community.id", ondelete="SET NULL")
    town_insee: str = Field(foreign_key="town.insee", index=True)
    text: str
    state: str = AlertState.OPEN
    inbound_id: int | None = Field(default=None, foreign_key="inbound_text.id", unique=True)
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledged: int = 0
    called: bool = False
    only: str = ""
    lat: float | None = None
    lon: float | None = None
    held_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    summarised: bool = False
    exercise: bool = False


class ReplyKind(StrEnum):
    """What somebody said back to an alert (A6)."""

    ACKNOWLEDGEMENT = "acknowledgement"
    REPLY = "reply"
    FOLLOWUP = "followup"


class Reply(SQLModel, table=True):
    """An answer to an alert: counted, routed to the author and référents, or told to all."""

    __tablename__ = "reply"
    __table_args__ = (
        Index("ix_reply_alert", "alert_id", "kind"),
        Index("ix_reply_member", "member_id", "created_at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    alert_id: int = Field(foreign_key="alert.id", ondelete="CASCADE")
    member_id: int | None = Field(default=None, foreign_key="member.id", ondelete="SET NULL")
    agent_id: int | None = Field(default=None, foreign_key="agent.id", ondelete="SET NULL")
    inbound_id: int | None = Field(default=None, foreign_key="inbound_text.id", unique=True)
    kind: str
    text: str
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)


TO_THE_TEAM = "contact"  # the kind of what somebody writes to us by the contact form
# kinds that go to an address that somebody has typed, and that is perhaps nobody's here
TO_STRANGERS = ("proof_code", "join_link", "join_known")
_GAZETTE = text("community_id is not null")


class Notice(SQLModel, table=True):
    """Any other message of the service: an answer, a receipt, an all-clear, a summary.

    `kind` is the message's id in the catalogue. `alert_id` when it speaks of an alert,
    `request_id` when it asks somebody to vouch for a person, whom it then names;
    `community_id` when it tells of a community's gazette, which is for its members alone;
    `names_id` is the member whom it names to another, so that its words go when they do.
    """

    __tablename__ = "notice"
    __table_args__ = (
        Index(
            "ix_notice_community",
            "community_id",
            sqlite_where=_GAZETTE,
            postgresql_where=_GAZETTE,
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    kind: str
    alert_id: int | None = Field(
        default=None, foreign_key="alert.id", ondelete="SET NULL", index=True
    )
    inbound_id: int | None = Field(default=None, foreign_key="inbound_text.id", index=True)
    request_id: int | None = Field(default=None, index=True)  # references are never given twice
    community_id: int | None = None
    names_id: int | None = Field(default=None, index=True)  # members are never deleted
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)


class Audience(StrEnum):
    """Whose words: each kind of hearer may know something else of the author."""

    NEIGHBOUR = "neighbour"
    TWIN = "twin"
    AGENT = "agent"
    PERSON = "person"


class Wording(SQLModel, table=True):
    """What is said to one audience in one language: composed once, sent to many.

    `segments` counts the SMS; the price of a delivery is segments x the number's price.
    `voice` is what a call says, a line after the other, "" when nobody is called; `push` what
    a notification brings with it (dispatch/notifications.py).
    """

    __tablename__ = "wording"
    __table_args__ = (
        Index("ix_wording_alert", "alert_id"),
        Index("ix_wording_notice", "notice_id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    alert_id: int | None = Field(default=None, foreign_key="alert.id", ondelete="CASCADE")
    notice_id: int | None = Field(default=None, foreign_key="notice.id", ondelete="CASCADE")
    audience: str
    language: str
    sms: str = ""
    segments: int = 0
    subject: str = ""
    mail: str = ""
    voice: str = ""
    push: str = ""
