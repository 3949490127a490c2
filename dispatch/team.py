"""What the team has to decide, and by when (S25, S30).

A request is the team's when nobody else can decide it: no community, mode team, or no
référent or agent to ask; and when the référents have not answered for 15 days. They may
still answer then: whoever decides first has decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, and_, or_, update
from sqlmodel import Session, col, select

from community_store.models import (
    Agent,
    Community,
    JoinRequest,
    Member,
    MemberState,
    Mode,
    RequestState,
    Town,
)
from dispatch import requests
from dispatch.act import Act


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that the team has to decide."""

    request: JoinRequest
    member: Member
    community: Community | None
    due_at: datetime
    overdue: bool


def queue(session: Session, now: datetime) -> list[Waiting]:
    """The team's requests, what is due first on top."""
    rows = session.exec(
        select(JoinRequest, Member, Community)
        .join(Member, col(Member.id) == col(JoinRequest.member_id))
        .outerjoin(Community, col(Community.id) == col(JoinRequest.community_id))
        .where(
            JoinRequest.state == RequestState.OPEN,
            col(JoinRequest.team_due_at).is_not(None),
            Member.state == MemberState.PENDING,
        )
        .order_by(col(JoinRequest.team_due_at), col(JoinRequest.id))
    )
    return [
        Waiting(request, member, community, due, overdue=due <= now)
        for request, member, community in rows
        if (due := request.team_due_at) is not None
    ]


def has(act: Act, member: Member) -> bool:
    """Whether it is for the team to vouch for a pending member: only then do a position, a
    document or a partner's word count.
    """
    return decider(act, member) is Mode.TEAM


def decider(act: Act, member: Member) -> Mode:
    """Who vouches for a pending member now: also the team, once it has been given the request."""
    request = requests.open_of(act, member)
    if request is not None and request.team_due_at is not None:
        return Mode.TEAM
    home = act.session.get(Community, member.community_id) if member.community_id else None
    return requests.decider(act, home)


def assign(act: Act) -> int:
    """Give the team the requests that are its to decide, due in 72 hours; how many.

    May be repeated by anybody at any time: a request keeps the time that it was given.
    """
    hours = timedelta(hours=act.settings.joining.team_hours)
    given = act.session.execute(
        update(JoinRequest)
        .where(
            col(JoinRequest.state) == RequestState.OPEN.value,
            col(JoinRequest.team_due_at).is_(None),
            or_(_nobody_else(), _unanswered(act)),
        )
        .values(team_due_at=act.now + hours)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", given).rowcount


def _nobody_else() -> ColumnElement[bool]:
    """SQL: the team decides, as `requests.decider` says it of one community."""
    referents = select(Member.id).where(
        Member.community_id == Community.id,
        col(Member.referent),
        Member.state == MemberState.ACTIVE,
    )
    agents = (
        select(Agent.id)
        .join(Town, col(Town.insee) == col(Agent.town_insee))
        .where(Agent.town_insee == Community.town_insee, col(Town.subscribed))
    )
    without = select(Community.id).where(
        or_(
            col(Community.mode) == Mode.TEAM.value,
            and_(col(Community.mode) == Mode.REFERENT.value, ~referents.exists()),
            and_(col(Community.mode) == Mode.TOWN.value, ~agents.exists()),
        )
    )
    return or_(col(JoinRequest.community_id).is_(None), col(JoinRequest.community_id).in_(without))


def _unanswered(act: Act) -> ColumnElement[bool]:
    """SQL: the référents have had their time (S30). A town has no limit."""
    before = act.now - timedelta(days=act.settings.joining.referent_days)
    by_referents = select(Community.id).where(Community.mode == Mode.REFERENT)
    return and_(
        col(JoinRequest.created_at) <= before, col(JoinRequest.community_id).in_(by_referents)
    )
