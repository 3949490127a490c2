"""What it is worth that a device or a partner proved a home (S16, S22, S26)."""

from __future__ import annotations

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, or_, select

from community_store import lookup
from community_store.models import Community, Member, MemberState, PartnerProof, PositionTry
from dispatch import requests
from dispatch.act import Act


def accept(act: Act, member: Member, *, by: str) -> bool:
    """Whether the account is active with it.

    It proves where somebody lives. Who lives inside the boundary belongs to the community
    (S12); whether others may join it (S16) is for people to say: their request stays open.
    """
    home = act.session.get_one(Community, member.community_id)
    if not lookup.lives_in(member, home):
        requests.ask(act, member)
        return False
    return requests.decide_for(act, member, accept=True, by=by)


def outside(session: Session, member: Member) -> bool:
    """Whether a home with a place is outside the community that its member asked to join."""
    home = session.get(Community, member.community_id) if member.community_id else None
    return home is not None and member.lat is not None and not lookup.lives_in(member, home)


def proved(session: Session, member: Member) -> bool:
    """Whether a device or a partner proved the home."""
    return (
        session.exec(select(Member.id).where(Member.id == member.id, _proved())).first() is not None
    )


def waiting(session: Session) -> set[int]:
    """The pending members whose homes are proved."""
    query = select(Member.id).where(Member.state == MemberState.PENDING, _proved())
    return {id_ for id_ in session.exec(query) if id_ is not None}


def _proved() -> ColumnElement[bool]:
    ways = (
        select(kind.id).where(kind.member_id == col(Member.id), col(kind.accepted)).exists()
        for kind in (PositionTry, PartnerProof)
    )
    return or_(*ways)
