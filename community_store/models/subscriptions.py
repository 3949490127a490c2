"""The devices that members let us send notifications to."""

import secrets
from datetime import datetime

from sqlmodel import Field, SQLModel

from community_store.columns import UtcDateTime, utcnow

PREFIX = "push:"


def new_address() -> str:
    """An address that is never given again: what waits for a device that is gone, and comes to
    a number used twice, would be shown to somebody else.
    """
    return f"{PREFIX}{secrets.token_hex(6)}"


class PushSubscription(SQLModel, table=True):
    """One browser of a member: what it gave us so that its push service takes our messages.

    `address` is what stands in deliveries. `endpoint`, `p256dh` and `auth` are the browser's,
    `made_for` the public key that it expects us to sign with. `device` says in a word or two
    what the browser said it was.
    """

    __tablename__ = "push_subscription"
    address: str = Field(default_factory=new_address, primary_key=True)
    member_id: int = Field(foreign_key="member.id", ondelete="CASCADE", index=True)
    endpoint: str = Field(unique=True)
    p256dh: str
    auth: str
    made_for: str
    device: str = ""
    created_at: datetime = Field(default_factory=utcnow, sa_type=UtcDateTime)
