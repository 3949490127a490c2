"""What residents find wrong with something that others wrote, and what was decided of it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from community_store.columns import UtcDateTime, utcnow


class Reported(StrEnum):
    """What can be reported (A11)."""

    ALERT = "alert"
    ENTRY = "entry"  # of the gazette
    COMMENT = "comment"
    MESSAGE = "message"  # of a conversation


class ReportState(StrEnum):
    """`passed_on` when a référent left it to the team."""

    OPEN = "open"
    PASSED_ON = "passed_on"
    DONE = "done"


class Outcome(StrEnum):
    """What was done of it: nothing, or the worst of these."""

    KEPT = "kept"
    REMOVED = "removed"
    WARNED = "warned"
    SUSPENDED = "suspended"


class Report(SQLModel, table=True):
    """One person's report of one thing (A11). `subject_id` is the thing's own id.

    `quote` is the thing's text when it was reported: it may be changed since. `why` is what
    the reporter wrote, `told` what the author is told. `decided_by` is an id with a role.
    """

    __tablename__ = "report"
    __table_args__ = (
        UniqueConstraint("kind", "subject_id", "reporter_id", name="uq_report_once"),
        Index("ix_report_state", "state", "community_id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    kind: str
    subject_id: int
    community_id: int | None = Field(
        default=None, foreign_key="community.id", ondelete="SET NULL", index=True
    )
    reporter_id: int | None = Field(
        default=None, foreign_key="member.id", ondelete="SET NULL", index=True
    )
    about_id: int | None = Field(
        default=None, foreign_key="member.id", ondelete="SET NULL", index=True
    )
    quote: str = ""
    why: str = ""
    state: str = ReportState.OPEN
    outcome: str = ""
    told: str = ""
    decided_by: str = ""
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime, index=True)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
