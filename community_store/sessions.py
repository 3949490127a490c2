"""Who is signed in: sessions on the server, which any of us can end (promises.md).

30 days for members, 12 hours for staff. The cookie's token is 256 bits at random, so a
plain digest of it is enough; it changes whenever somebody signs in or proves more.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, update
from sqlmodel import Session, col, delete, select

from community_store import accounts, second_factor
from community_store.accounts import Person
from community_store.models import Account, Stage, WebSession

MEMBERS, STAFF, HALF = timedelta(days=30), timedelta(hours=12), timedelta(minutes=15)
SURE = timedelta(minutes=15)  # as long as a browser counts as the person's own hands
SEEN_EVERY = timedelta(minutes=10)  # a page is read far more often than it is worth noting
TRIES = 5  # wrong second factors before the password is asked for again
DEVICE_LENGTH = 60


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session with whom it is of."""

    row: WebSession
    person: Person

    @property
    def half(self) -> bool:
        """Owes the second factor."""
        return self.row.stage == Stage.HALF


def begin(session: Session, account: Account, now: datetime, *, device: str = "") -> str:
    """Sign somebody in who has proved who they are; the token for their cookie.

    Staff are half in: the second factor is theirs to give.
    """
    assert account.id is not None
    whose = account.id
    account = session.get_one(Account, whose)
    staff = accounts.person(session, account).staff
    token = secrets.token_urlsafe(32)
    session.add(
        WebSession(
            account_id=whose,
            digest=digest(token),
            stage=Stage.HALF if staff else Stage.OPEN,
            device=device[:DEVICE_LENGTH],
            created_at=now,
            seen_at=now,
            expires_at=now + (HALF if staff else MEMBERS),
        )
    )
    if staff:
        second_factor.prepare(session, account)
    else:
        accounts.signed_in(session, account, now)
    session.flush()
    return token


def complete(session: Session, row: WebSession, account: Account, now: datetime) -> str:
    """The second factor was right: a session of its own, and the half one is over."""
    assert account.id is not None
    token = secrets.token_urlsafe(32)
    session.add(
        WebSession(
            account_id=account.id,
            digest=digest(token),
            device=row.device,
            created_at=now,
            seen_at=now,
            expires_at=now + STAFF,
        )
    )
    end(session, row.id)
    accounts.signed_in(session, account, now)
    return token


def renew(session: Session, signed_in: SignedIn, now: datetime, *, sure: bool = False) -> str:
    """The same session under a new token: what the old one opened is closed.

    `sure`: they have just shown again that it is them.
    """
    token, row = secrets.token_urlsafe(32), signed_in.row
    end(session, row.id)
    session.add(
        WebSession(
            account_id=row.account_id,
            digest=digest(token),
            device=row.device,
            created_at=row.created_at,
            seen_at=now,
            sure_at=now if sure else row.sure_at,
            expires_at=row.expires_at,
        )
    )
    session.flush()
    return token


def find(session: Session, token: str, now: datetime) -> SignedIn | None:
    """Whom a cookie's token signs in; None when it does no longer, or never did.

    Somebody who became staff since has to sign in again, with what that asks for.
    """
    found = session.exec(
        select(WebSession, Account)
        .join(Account, col(Account.id) == WebSession.account_id)
        .where(WebSession.digest == digest(token), WebSession.expires_at > now)
    ).first()
    if found is None:
        return None
    row, account = found
    person = accounts.person(session, account)
    if not person.somebody or (person.staff and row.expires_at - row.created_at > STAFF):
        return None
    return SignedIn(row, person)


def seen(session: Session, row: WebSession, now: datetime) -> None:
    session.execute(update(WebSession).where(col(WebSession.id) == row.id).values(seen_at=now))


def sure(row: WebSession, now: datetime, *, entering: bool = True) -> bool:
    """Whether it was shown a moment ago that this is the person; by signing in too, if
    `entering` counts.
    """
    shown = [row.sure_at, row.created_at if entering else None]
    return any(at is not None and now - at < SURE for at in shown)


def wrong_factor(session: Session, row: WebSession) -> int:
    """Count a wrong second factor; how many tries are left. At none the session is over."""
    counted = update(WebSession).where(col(WebSession.id) == row.id)
    session.execute(counted.values(tries=WebSession.tries + 1))
    tries = session.exec(select(WebSession.tries).where(WebSession.id == row.id)).first()
    left = TRIES - (TRIES if tries is None else tries)
    if left <= 0:
        end(session, row.id)
    return max(left, 0)


def of(session: Session, account_id: int | None, now: datetime) -> list[WebSession]:
    """The sessions of one account, the newest first."""
    query = select(WebSession).where(
        WebSession.account_id == account_id,
        WebSession.expires_at > now,
        WebSession.stage == Stage.OPEN,
    )
    return list(session.exec(query.order_by(col(WebSession.id).desc()).limit(50)))


def end(session: Session, session_id: int | None, *, account_id: int | None = None) -> bool:
    """Sign out one browser; with `account_id`, only if it is theirs. Whether there was one."""
    query = delete(WebSession).where(col(WebSession.id) == session_id)
    if account_id is not None:
        query = query.where(col(WebSession.account_id) == account_id)
    return cast("CursorResult[Any]", session.execute(query)).rowcount == 1


def end_all(session: Session, account_id: int | None, *, but: int | None = None) -> None:
    """Sign out everywhere, one session left out if need be."""
    query = delete(WebSession).where(col(WebSession.account_id) == account_id)
    session.execute(query.where(col(WebSession.id).is_distinct_from(but)))


def forget(session: Session, now: datetime) -> None:
    """Drop the sessions that are over."""
    session.execute(delete(WebSession).where(col(WebSession.expires_at) <= now))


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
