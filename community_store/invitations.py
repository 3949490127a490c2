"""The code of a member's invitation link: random, made anew at will, of one community."""

from __future__ import annotations

import secrets
from datetime import datetime

from sqlmodel import Session, select

from community_store.models import Community, Invitation, Member, MemberState, Registration
from community_store.store import lock

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is read as another on paper
LENGTH = 10  # 31^10: nobody finds one by trying


def of(session: Session, member: Member, now: datetime) -> Invitation:
    """A member's invitation; made when they have none yet."""
    lock(session, f"invitation:{member.id}")
    found = session.get(Invitation, member.id)
    return found or _make(session, Invitation(member_id=member.id or 0, code="", created_at=now))


def anew(session: Session, member: Member, now: datetime) -> Invitation:
    """Another code; the one before it leads nowhere."""
    found = of(session, member, now)
    found.created_at = now
    return _make(session, found)


def _make(session: Session, row: Invitation) -> Invitation:
    row.code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    session.add(row)
    session.flush()
    return row


def community(session: Session, code: str) -> Community | None:
    """Where a code leads: the inviter's community, as long as they are an active member."""
    if len(code) != LENGTH:
        return None
    return session.exec(
        select(Community)
        .join(Member)
        .join(Invitation)
        .where(Invitation.code == code, Member.state == MemberState.ACTIVE)
    ).first()


def invited_to(session: Session, member: Member) -> Community | None:
    """The community by whose link a member registered, as long as that is remembered."""
    return session.exec(
        select(Community).join(Registration).where(Registration.member_id == member.id)
    ).first()
