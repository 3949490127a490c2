"""Links that let their holder choose a password: one use, an hour, kept as a digest."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, update
from sqlmodel import Session, col, delete, select

from community_store.models import Account, AccountLink
from community_store.sessions import digest

LIVE = timedelta(hours=1)
COUNTED = timedelta(days=1)  # how long a row is kept for the limits


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked, as keyed hashes; "" for the operator at the command line."""

    address: str = ""
    origin: str = ""


def make(
    session: Session, account: Account | None, now: datetime, asked: Asked | None = None
) -> str:
    """A new link's token. None: the row only counts, and opens nothing."""
    by, token = asked or Asked(), secrets.token_urlsafe(32)
    session.add(
        AccountLink(
            account_id=account.id if account else None,
            digest=digest(token),
            address=by.address,
            origin=by.origin,
            created_at=now,
            expires_at=now + LIVE,
        )
    )
    session.flush()
    return token


def opened(session: Session, token: str, now: datetime) -> Account | None:
    """The account that a link is for, while it may be used. Looking does not use it."""
    return session.exec(
        select(Account)
        .join(AccountLink, col(AccountLink.account_id) == Account.id)
        .where(
            AccountLink.digest == digest(token),
            AccountLink.expires_at > now,
            col(AccountLink.used).is_(False),
        )
    ).first()


def use(session: Session, token: str, now: datetime) -> Account | None:
    """Use a link up; of two at once, one gets the account."""
    account = opened(session, token, now)
    taken = session.execute(
        update(AccountLink)
        .where(col(AccountLink.digest) == digest(token), col(AccountLink.used).is_(False))
        .values(used=True)
        .execution_options(synchronize_session=False)
    )
    return account if cast("CursorResult[Any]", taken).rowcount == 1 else None


def forget(session: Session, now: datetime) -> None:
    """Drop what no limit needs any more."""
    session.execute(delete(AccountLink).where(col(AccountLink.created_at) <= now - COUNTED))
