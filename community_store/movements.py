"""The history of a community, written by the rules that make it (S53, S54)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session, col, select

from community_store.models import (
    Community,
    JoinRequest,
    Member,
    MemberState,
    Mode,
    Movement,
    MovementKind,
    Twinning,
)

NAMED = 5  # who came together is named up to so many; of more it is said how many


def founded(session: Session, community: Community) -> None:
    _add(session, community.id, MovementKind.FOUNDED, said=community.name)


def arrived(session: Session, member: Member) -> None:
    """A home is vouched for; twice is not once, so say it when it happens."""
    if member.community_id is not None:
        _add(session, member.community_id, MovementKind.ARRIVAL, member_id=member.id)


def arrived_together(session: Session, community_id: int, ids: Sequence[int]) -> None:
    """Several at once, since a boundary was drawn around them."""
    if len(ids) > NAMED:
        _add(session, community_id, MovementKind.ARRIVAL, count=len(ids))
        return
    for id_ in ids:
        _add(session, community_id, MovementKind.ARRIVAL, member_id=id_)


def arrived_in_file(session: Session, counts: Mapping[int | None, int]) -> None:
    """So many in each community (None: in none), a thousand lines at a time."""
    for community_id, count in counts.items():
        _add(session, community_id, MovementKind.ARRIVAL, count=count)


def left(session: Session, member: Member) -> None:
    """Somebody who was among neighbours is no longer: not who, and not why."""
    waited = member.state == MemberState.PENDING or member.activated_at is None
    if not waited and member.community_id is not None:
        _add(session, member.community_id, MovementKind.DEPARTURE)


def redrawn(session: Session, community: Community) -> None:
    _add(session, community.id, MovementKind.BOUNDARY)


def renamed(session: Session, community: Community, before: str) -> None:
    _add(session, community.id, MovementKind.RENAMED, said=community.name, before=before)


def called(session: Session, member: Member, before: str) -> None:
    """A neighbour has another name than the one that somebody vouched for; for référents alone."""
    said = f"{member.first_name} {member.last_name}"
    names = {"member_id": member.id, "said": said, "before": before}
    _add(session, member.community_id, MovementKind.NAME, **names)


def mode_chosen(session: Session, community: Community, mode: Mode, before: str) -> None:
    _add(session, community.id, MovementKind.MODE, said=mode, before=before)


def twinned(session: Session, a: Community, b: Community) -> None:
    """Both read of it."""
    for mine, theirs in ((a, b), (b, a)):
        _add(session, mine.id, MovementKind.TWINNED, other_id=theirs.id, said=theirs.name)


def untwinned(session: Session, a: Community, b: Community) -> None:
    for mine, theirs in ((a, b), (b, a)):
        _add(session, mine.id, MovementKind.UNTWINNED, other_id=theirs.id, said=theirs.name)


def lived_in(session: Session, community: Community) -> bool:
    """Whether anybody ever arrived."""
    lived = (MovementKind.ARRIVAL, MovementKind.DEPARTURE)
    query = select(Movement.id).where(
        Movement.community_id == community.id, col(Movement.kind).in_(lived)
    )
    return session.exec(query).first() is not None


def removed(session: Session, community: Community) -> None:
    """A community goes: its twins read that their twinning is over."""
    for one in twin_ids(session, community.id or 0):
        _add(session, one, MovementKind.UNTWINNED, said=community.name)


def requested(session: Session, requests: Sequence[JoinRequest]) -> None:
    """Somebody asks to join; for référents alone."""
    for one in requests:
        _add(session, one.community_id, MovementKind.REQUEST, request_id=one.id)


def twin_ids(session: Session, community_id: int) -> list[int]:
    pairs = session.exec(
        select(Twinning.a_id, Twinning.b_id).where(
            (col(Twinning.a_id) == community_id) | (col(Twinning.b_id) == community_id)
        )
    )
    return [b if a == community_id else a for a, b in pairs]


def still_here(session: Session, community_id: int, ids: Sequence[int]) -> dict[int, Member]:
    """Those of some members who are active in a community now: only they may be named."""
    if not ids:
        return {}
    found = session.exec(
        select(Member).where(
            col(Member.id).in_(ids),
            Member.community_id == community_id,
            Member.state == MemberState.ACTIVE,
        )
    )
    return {one.id: one for one in found if one.id is not None}


def _add(session: Session, community_id: int | None, kind: MovementKind, **more: Any) -> None:
    if community_id is not None:
        session.add(Movement(community_id=community_id, kind=kind.value, **more))
