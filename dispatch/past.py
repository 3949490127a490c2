"""The alerts that somebody may read, a page at a time, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, false, func, literal, or_
from sqlmodel import col, select

from community_store import twinning
from community_store.alert_readers import is_untold
from community_store.models import (
    Agent,
    Alert,
    AlertKind,
    AlertState,
    Community,
    Member,
    MemberState,
    Town,
)
from dispatch.act import Act

PAGE = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """Which of them: of one category ("" for all), in some states (all if none), since when."""

    category: str = ""
    states: Sequence[AlertState] = ()
    since: datetime | None = None
    page: int = 1


@dataclass(frozen=True, slots=True)
class Listed:
    """`page` counts from 1."""

    alerts: Sequence[Alert]
    count: int
    page: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.count // PAGE))


def listed(act: Act, member: Member | None, agent: Agent | None, asked: Asked) -> Listed:
    """A page of what alert_readers.alert_reader lets them read."""
    where = and_(or_(_of_member(act, member), _of_agent(act, agent)), *_as_asked(asked))
    count = act.session.exec(select(func.count()).select_from(Alert).where(where)).one()
    page = min(max(asked.page, 1), max(1, -(-count // PAGE)))
    found = act.session.exec(
        select(Alert)
        .where(where)
        .order_by(col(Alert.id).desc())
        .offset((page - 1) * PAGE)
        .limit(PAGE)
    )
    return Listed(found.all(), count, page)


def _as_asked(asked: Asked) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if asked.category:
        where.append(col(Alert.category) == asked.category)
    if asked.states:
        where.append(col(Alert.state).in_([state.value for state in asked.states]))
    if asked.since is not None:
        where.append(col(Alert.created_at) >= asked.since)
    return where


def _of_member(act: Act, member: Member | None) -> ColumnElement[bool]:
    if member is None or member.state != MemberState.ACTIVE:
        return false()
    own = col(Alert.author_id) == member.id
    if member.community_id is None:
        return own
    home = act.session.get_one(Community, member.community_id)
    twins = [id_ for id_, _ in twinning.twins(act.session, member.community_id)]
    ours = col(Alert.community_id) == member.community_id
    waits = is_untold()
    return or_(
        own,
        and_(ours, ~waits) if not member.referent else ours,
        and_(col(Alert.community_id).in_(twins), ~waits, ~col(Alert.exercise)),
        and_(_of_town(home.town_insee), _for(member.community_id), ~waits),
    )


def _of_town(insee: str) -> ColumnElement[bool]:
    return and_(col(Alert.kind) == AlertKind.TOWN.value, col(Alert.town_insee) == insee)


def _for(community_id: int) -> ColumnElement[bool]:
    """A town alert can be for some of its communities: their ids, with commas between."""
    listed_ = literal(",") + col(Alert.only) + literal(",")
    return or_(col(Alert.only) == "", listed_.contains(f",{community_id},"))


def _of_agent(act: Act, agent: Agent | None) -> ColumnElement[bool]:
    town = act.session.get(Town, agent.town_insee) if agent else None
    if town is None or not town.subscribed:
        return false()
    return and_(col(Alert.town_insee) == town.insee, ~col(Alert.exercise))
