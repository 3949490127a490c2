"""Who may sign in on the web: accounts, their sessions, links and second factors."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from community_store.columns import UtcDateTime, utcnow


class Account(SQLModel, table=True):
    """A person who signs in: as a member, as an agent, as the team, or as several of them.

    `email` is what they type, lower case; none for who has a mobile only. `password` is an
    argon2id hash, "" for none. The second factor's secret is made from `totp_seed` and the
    service's secret key, so that neither alone gives it; `totp_step` is the last period
    whose code was used, since a code counts once. `name` and `language` are those of who
    is neither member nor agent.
    """

    __tablename__ = "account"
    id: int | None = Field(default=None, primary_key=True)
    email: str | None = Field(default=None, unique=True)
    name: str = ""
    language: str = "fr"
    password: str = ""
    team: bool = False
    member_id: int | None = Field(
        default=None, foreign_key="member.id", ondelete="SET NULL", unique=True
    )
    agent_id: int | None = Field(
        default=None, foreign_key="agent.id", ondelete="SET NULL", unique=True
    )
    totp_seed: str = ""
    totp_confirmed: bool = False
    totp_step: int = 0
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    signed_in_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Stage(StrEnum):
    """`half` has given a password and owes the second factor: it opens nothing else."""

    HALF = "half"
    OPEN = "open"


class WebSession(SQLModel, table=True):
    """Somebody is signed in with one browser. The cookie has the token, the row its digest.

    `device` says in a word or two what the browser said it was. `tries` counts wrong
    second factors. `sure_at` is when they last showed again that it is them, for what an
    open browser alone must not do.
    """

    __tablename__ = "web_session"
    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", ondelete="CASCADE", index=True)
    digest: str = Field(unique=True)
    stage: str = Stage.OPEN
    device: str = ""
    tries: int = 0
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    seen_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    sure_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)


class AccountLink(SQLModel, table=True):
    """A link that lets its holder choose a password, once. Only its digest is kept.

    No account: somebody asked for an address that has none; the row counts for the limits.
    `address` and `origin` are keyed hashes, of the e-mail and of the network address.
    """

    __tablename__ = "account_link"
    __table_args__ = (
        Index("ix_account_link_address", "address", "created_at"),
        Index("ix_account_link_origin", "origin", "created_at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    account_id: int | None = Field(
        default=None, foreign_key="account.id", ondelete="CASCADE", index=True
    )
    digest: str = Field(unique=True)
    address: str = ""
    origin: str = ""
    used: bool = False
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)


class EmailChange(SQLModel, table=True):
    """A member wants to be written to elsewhere: a link went there that proves it (S80).

    Only the link's digest is kept. `address` and `origin` are keyed hashes, as of an
    AccountLink; the row counts for the limits when it is used, or never opened anything.
    """

    __tablename__ = "email_change"
    __table_args__ = (
        Index("ix_email_change_address", "address", "created_at"),
        Index("ix_email_change_origin", "origin", "created_at"),
    )
    id: int | None = Field(default=None, primary_key=True)
    member_id: int = Field(foreign_key="member.id", ondelete="CASCADE", index=True)
    email: str
    digest: str = Field(unique=True)
    address: str = ""
    origin: str = ""
    used: bool = False
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)


class RecoveryCode(SQLModel, table=True):
    """A second factor on paper, for who lost their telephone. Used once, then gone."""

    __tablename__ = "recovery_code"
    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", ondelete="CASCADE", index=True)
    digest: str
