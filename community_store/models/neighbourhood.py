"""What happens in a community, and the twinnings that are proposed to it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from community_store.columns import UtcDateTime, utcnow


class MovementKind(StrEnum):
    """What neighbours read of; a request and a name are for référents alone (S53, S54)."""

    FOUNDED = "founded"
    ARRIVAL = "arrival"
    DEPARTURE = "departure"
    TWINNED = "twinned"
    UNTWINNED = "untwinned"
    BOUNDARY = "boundary"
    RENAMED = "renamed"
    MODE = "mode"
    REQUEST = "request"
    NAME = "name"


class Movement(SQLModel, table=True):
    """One line of a community's history, written by the rule that did it.

    `member_id` is who arrived, or is called otherwise: nobody is named who left. `said` is the
    new name or mode, or how a twin was called then, `before` the name before. `count` is how
    many came at once.
    """

    __tablename__ = "movement"
    __table_args__ = (Index("ix_movement_community", "community_id", "created_at"),)
    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id", ondelete="CASCADE")
    kind: str
    member_id: int | None = Field(
        default=None, foreign_key="member.id", ondelete="SET NULL", index=True
    )
    other_id: int | None = Field(
        default=None, foreign_key="community.id", ondelete="SET NULL", index=True
    )
    request_id: int | None = Field(
        default=None, foreign_key="join_request.id", ondelete="CASCADE", index=True
    )
    said: str = ""
    before: str = ""
    count: int = 1
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime, index=True)


class ProposalState(StrEnum):
    """An open one may be answered until it expires, or taken back."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class TwinningProposal(SQLModel, table=True):
    """One community proposes a twinning to another (S52). Who did so is in the audit only:
    to the others it is the community that asks.
    """

    __tablename__ = "twinning_proposal"
    id: int | None = Field(default=None, primary_key=True)
    from_id: int = Field(foreign_key="community.id", ondelete="CASCADE", index=True)
    to_id: int = Field(foreign_key="community.id", ondelete="CASCADE", index=True)
    state: str = ProposalState.OPEN
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime, index=True)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
