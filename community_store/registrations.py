"""What somebody types on the way in, found again by the browser's token or a mail's link."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, update
from sqlmodel import Session, col, delete, select

from community_store.models import Registration
from community_store.sessions import digest

LIVE = timedelta(days=7)


def begin(session: Session, now: datetime, *, language: str) -> tuple[Registration, str]:
    """A new one, and the token that finds it again."""
    token = secrets.token_urlsafe(32)
    row = Registration(
        digest=digest(token), language=language, created_at=now, expires_at=now + LIVE
    )
    session.add(row)
    session.flush()
    return row, token


def find(session: Session, token: str, now: datetime) -> Registration | None:
    """What a browser has typed, unless it is a week old."""
    return _live(session, col(Registration.digest) == digest(token), now) if token else None


def of_link(session: Session, token: str, now: datetime) -> Registration | None:
    """The one whose e-mail a link proves. Looking uses nothing up."""
    return _live(session, col(Registration.mail_digest) == digest(token), now) if token else None


def of_member(session: Session, member_id: int, now: datetime) -> Registration | None:
    """What a member typed, and has perhaps not proved yet."""
    return _live(session, col(Registration.member_id) == member_id, now)


def _live(session: Session, which: ColumnElement[bool], now: datetime) -> Registration | None:
    return session.exec(
        select(Registration)
        .where(which, col(Registration.expires_at) > now)
        .order_by(col(Registration.id).desc())
    ).first()


def new_link(session: Session, row: Registration) -> str:
    """A link for the e-mail; the one before it opens nothing any more."""
    token = secrets.token_urlsafe(24)
    row.mail_digest = digest(token)
    session.add(row)
    session.flush()
    return token


def correct(session: Session, member_id: int, **values: str | None) -> None:
    """What a member typed on the way in, as they have changed it since: nothing is left to
    prove of what it was.
    """
    session.execute(
        update(Registration)
        .where(col(Registration.member_id) == member_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def drop(session: Session, row: Registration) -> None:
    """Forget all that was typed."""
    session.delete(row)
    session.flush()


def forget(session: Session, now: datetime) -> None:
    """Drop what is a week old."""
    session.execute(delete(Registration).where(col(Registration.expires_at) <= now))
