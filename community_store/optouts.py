"""STOP and REPRISE: an address decides by itself, whoever it belongs to.

A STOP holds for a channel and an address (E.164 or e-mail) and outlives accounts.
dispatch.outbox honours it at every claim.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from community_store.columns import utcnow
from community_store.models import Stop


def stop(session: Session, address: str, channel: str, *, at: datetime | None = None) -> bool:
    """Remember a STOP; False when it was known."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = (
        dialect.insert(Stop.__table__)  # type: ignore[attr-defined]  # SQLModel hides __table__
        .values(address=address, channel=channel, created_at=at or utcnow())
        .on_conflict_do_nothing()  # two providers may say the same at the same instant
    )
    return cast("CursorResult[Any]", session.execute(statement)).rowcount > 0


def resume(session: Session, address: str, channel: str) -> bool:
    """Take a STOP back; False when there was none."""
    statement = delete(Stop).where(col(Stop.address) == address, col(Stop.channel) == channel)
    return cast("CursorResult[Any]", session.execute(statement)).rowcount > 0


def since(session: Session, address: str, channel: str) -> datetime | None:
    """When the address last said STOP on the channel."""
    found = session.get(Stop, (address, channel))
    return found.created_at if found else None


def stopped(session: Session, address: str, channel: str) -> bool:
    """Whether the address said STOP on the channel."""
    return session.get(Stop, (address, channel)) is not None
