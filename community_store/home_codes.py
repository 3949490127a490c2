"""The codes that homes are given on paper: issued, found, used, revoked.

Whoever holds one vouches for a home, so a code is short-lived, few people may use it,
and only a keyed digest is kept: a copy of the database alone gives none away.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from community_store.errors import RuleError
from community_store.models import Community, HomeCode, HomeEntry, Member
from community_store.store import lock

DIGITS = 6
PEOPLE_MAX = 4  # a code
HOMES_MAX = 1000  # a sheet
LIVE_MAX = 50_000  # of a million: a guess must stay a poor one
LIFE = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Issued:
    """A code in the clear, once: nothing can show it again."""

    code: str
    address: str
    expires_at: datetime


def issue(
    session: Session, community: Community, homes: Sequence[str], *, secret: str, now: datetime
) -> list[Issued]:
    """A fresh code for each home (its address, "" where unknown). Raises RuleError."""
    if not 1 <= len(homes) <= HOMES_MAX:
        raise RuleError("homes", f"a sheet has 1 to {HOMES_MAX} homes, not {len(homes)}")
    lock(session, "home_codes")
    assert community.id is not None
    taken = _live_digests(session, now)
    if len(taken) + len(homes) > LIVE_MAX:
        raise RuleError("codes", f"more than {LIVE_MAX} codes would be live: revoke some first")
    issued = []
    for home in homes:
        code = _free(taken, secret)
        address = " ".join(home.split())[:200]
        row = HomeCode(
            community_id=community.id, digest=digest(code, secret), address=address,
            created_at=now, expires_at=now + LIFE,
        )  # fmt: skip
        session.add(row)
        issued.append(Issued(code, address, row.expires_at))
    session.flush()
    return issued


def _free(taken: set[str], secret: str) -> str:
    while True:
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        if digest(code, secret) not in taken:
            taken.add(digest(code, secret))
            return code


def digest(code: str, secret: str) -> str:
    """What is kept of a code."""
    return hmac.new(secret.encode(), b"home code " + code.encode(), hashlib.sha256).hexdigest()


def live(session: Session, community: Community, now: datetime) -> list[HomeCode]:
    """The codes of a community that still open a door, whether used up or not."""
    return list(
        session.exec(
            select(HomeCode)
            .where(
                HomeCode.community_id == community.id,
                col(HomeCode.revoked_at).is_(None),
                col(HomeCode.expires_at) > now,
            )
            .order_by(col(HomeCode.id))
        )
    )


def find(session: Session, code: str, *, secret: str, now: datetime) -> HomeCode | None:
    """The live code that reads so, held until the transaction's end; None for none."""
    return session.exec(
        select(HomeCode)
        .where(
            HomeCode.digest == digest(code, secret),
            col(HomeCode.revoked_at).is_(None),
            col(HomeCode.expires_at) > now,
        )
        .with_for_update()
    ).first()


def people(session: Session, code: HomeCode) -> int:
    """How many have joined with a code."""
    return session.exec(
        select(func.count()).select_from(HomeEntry).where(HomeEntry.code_id == code.id)
    ).one()


def use(session: Session, code: HomeCode, member: Member, now: datetime) -> None:
    """Record that a member joined with a code. Raises RuleError when its home is full."""
    if people(session, code) >= PEOPLE_MAX:
        raise RuleError("full", f"{PEOPLE_MAX} people have joined with this code")
    assert code.id is not None
    session.add(HomeEntry(code_id=code.id, member_id=member.id, joined_at=now))
    session.flush()


def revoke(codes: Sequence[HomeCode], now: datetime) -> int:
    """Nobody joins with these any more; who did stays. Returns how many."""
    for code in codes:
        code.revoked_at = now
    return len(codes)


def _live_digests(session: Session, now: datetime) -> set[str]:
    return set(
        session.exec(
            select(HomeCode.digest).where(
                col(HomeCode.revoked_at).is_(None), col(HomeCode.expires_at) > now
            )
        )
    )
