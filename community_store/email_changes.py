"""Links that prove a new e-mail (S80): one use, a day, kept as a digest."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, update
from sqlmodel import Session, col, delete, select

from community_store.account_links import COUNTED, Asked
from community_store.models import EmailChange
from community_store.sessions import digest

LIVE = timedelta(days=1)


def make(session: Session, member_id: int, email: str, *, now: datetime, asked: Asked) -> str:
    """A new link's token; earlier ones of the member open nothing any more."""
    token = secrets.token_urlsafe(32)
    void(session, member_id)
    session.add(
        EmailChange(
            member_id=member_id,
            email=email,
            digest=digest(token),
            address=asked.address,
            origin=asked.origin,
            created_at=now,
            expires_at=now + LIVE,
        )
    )
    session.flush()
    return token


def void(session: Session, member_id: int) -> None:
    """No link of a member's opens anything any more."""
    _use_up(session, col(EmailChange.member_id) == member_id)


def opened(session: Session, token: str, member_id: int, now: datetime) -> EmailChange | None:
    """What a link of this member's would change, while it may be used. Looking does not use it."""
    return session.exec(
        select(EmailChange).where(
            EmailChange.digest == digest(token),
            EmailChange.member_id == member_id,
            EmailChange.expires_at > now,
            col(EmailChange.used).is_(False),
        )
    ).first()


def waiting(session: Session, member_id: int, now: datetime) -> EmailChange | None:
    """The change that a member asked for and has not proved yet."""
    return session.exec(
        select(EmailChange)
        .where(
            EmailChange.member_id == member_id,
            EmailChange.expires_at > now,
            col(EmailChange.used).is_(False),
        )
        .order_by(col(EmailChange.id).desc())
    ).first()


def use(session: Session, change: EmailChange) -> bool:
    """Use a link up; of two at once, one may."""
    return _use_up(session, col(EmailChange.id) == change.id) == 1


def _use_up(session: Session, which: ColumnElement[bool]) -> int:
    used = update(EmailChange).where(which, col(EmailChange.used).is_(False)).values(used=True)
    done = session.execute(used.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", done).rowcount


def forget(session: Session, now: datetime) -> None:
    """Drop what no limit needs any more."""
    session.execute(delete(EmailChange).where(col(EmailChange.created_at) <= now - COUNTED))
