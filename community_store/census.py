"""How many neighbours and communities there are: the figures that anybody may know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from community_store.models import Community, Member, MemberState


@dataclass(frozen=True, slots=True)
class Census:
    """Active members who have a community, and the communities that have any."""

    neighbours: int
    communities: int


def count(session: Session) -> Census:
    """Reads all members: keep the answer for a while."""
    homes = (
        select(func.count().label("people"))
        .where(Member.state == MemberState.ACTIVE, col(Member.community_id).is_not(None))
        .group_by(col(Member.community_id))
        .subquery()
    )
    people, communities = session.exec(select(func.sum(homes.c.people), func.count())).one()
    return Census(int(people or 0), communities)


def neighbours(session: Session, community: Community) -> int:
    """The active members of one community."""
    return session.exec(
        select(func.count())
        .select_from(Member)
        .where(Member.community_id == community.id, Member.state == MemberState.ACTIVE)
    ).one()


def neighbours_of_each(session: Session, ids: Sequence[int]) -> dict[int, int]:
    """The active members of some communities, by id; those that have none are left out."""
    rows = session.exec(
        select(Member.community_id, func.count())
        .where(col(Member.community_id).in_(ids), Member.state == MemberState.ACTIVE)
        .group_by(col(Member.community_id))
    )
    return {id_: count for id_, count in rows if id_ is not None}
