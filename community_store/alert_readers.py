"""Who may read an alert, and as which audience; what they see of people: visibility.py."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col

from community_store import twinning
from community_store.models import (
    Agent,
    Alert,
    AlertKind,
    AlertState,
    Audience,
    Community,
    Member,
    MemberState,
    Town,
)


@dataclass(frozen=True, slots=True)
class AlertReader:
    """How somebody reads an alert: in the words of an audience.

    `responsible` see its figures and what people answered to it (A10): the author, the
    référents of its community, the agents of its town.
    """

    audience: Audience
    author: bool = False
    responsible: bool = False


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a member, an agent, or who is both stands: asked once for many alerts.

    `member` is an active one, of the town `home_town`, with `twins` of their community;
    `agent` is one of a subscribed town.
    """

    member: Member | None
    agent: Agent | None
    home_town: str
    twins: Collection[int]


def whereabouts(session: Session, *, member: Member | None, agent: Agent | None) -> Whereabouts:
    town = session.get(Town, agent.town_insee) if agent is not None else None
    if member is not None and member.state != MemberState.ACTIVE:
        member = None
    id_ = member.community_id if member is not None else None
    home = session.get_one(Community, id_) if id_ is not None else None
    return Whereabouts(
        member,
        agent if town is not None and town.subscribed else None,
        home.town_insee if home is not None else "",
        {twin for twin, _ in twinning.twins(session, id_)} if id_ is not None else (),
    )


def alert_reader(
    session: Session, alert: Alert, *, member: Member | None, agent: Agent | None
) -> AlertReader | None:
    """How a member or an agent (or who is both) reads an alert; None: it is not for them."""
    return reads(whereabouts(session, member=member, agent=agent), alert)


def reads(who: Whereabouts, alert: Alert) -> AlertReader | None:
    """The same of somebody whose whereabouts are known.

    An alert that is held is for those who are responsible for it alone, and so is one that was
    dropped, ended or withdrawn while it was: nobody was told of it.
    """
    member, agent = who.member, who.agent
    wrote = member is not None and alert.author_id == member.id
    theirs = agent is not None and agent.town_insee == alert.town_insee
    if agent is not None and theirs and not alert.exercise:
        mine = alert.agent_id == agent.id or wrote
        return AlertReader(Audience.AGENT, author=mine, responsible=True)
    if wrote:
        return AlertReader(Audience.NEIGHBOUR, author=True, responsible=True)
    reader = _resident_reads(who, member, alert) if member is not None else None
    if reader is None or (untold(alert) and not reader.responsible):
        return None
    return reader


def untold(alert: Alert) -> bool:
    """It waits for a word (A8), or never left: `held_until` goes when it is released."""
    return alert.state == AlertState.HELD or alert.held_until is not None


def is_untold() -> ColumnElement[bool]:
    """The same in SQL."""
    held = col(Alert.state) == AlertState.HELD.value
    return or_(held, col(Alert.held_until).is_not(None))


def _resident_reads(who: Whereabouts, member: Member, alert: Alert) -> AlertReader | None:
    if member.community_id is None:
        return None
    if alert.kind == AlertKind.TOWN:
        theirs = who.home_town == alert.town_insee and for_community(alert, member.community_id)
        return AlertReader(Audience.NEIGHBOUR) if theirs else None
    if alert.community_id == member.community_id:
        return AlertReader(Audience.NEIGHBOUR, responsible=member.referent)
    if alert.exercise or alert.community_id not in who.twins:
        return None
    return AlertReader(Audience.TWIN)


def for_community(alert: Alert, community_id: int) -> bool:
    """A town alert can be for some of its communities."""
    return not alert.only or str(community_id) in alert.only.split(",")
