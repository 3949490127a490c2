"""The links by which members invite their neighbours."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from community_store.columns import UtcDateTime, utcnow


class Invitation(SQLModel, table=True):
    """A member's link: its code leads to the community that the member is in by then.

    A new code takes the place of the one before, which opens nothing any more.
    """

    __tablename__ = "invitation"
    member_id: int = Field(primary_key=True, foreign_key="member.id", ondelete="CASCADE")
    code: str = Field(unique=True)
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
