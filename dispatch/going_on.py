"""The alerts that are going on where somebody lives, for their page."""

from __future__ import annotations

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, or_, select

from community_store import twinning
from community_store.alert_readers import for_community
from community_store.models import (
    Agent,
    Alert,
    AlertKind,
    AlertState,
    Community,
    Member,
    MemberState,
    Reply,
    Town,
)

MOST = 20


def open_alerts(session: Session, member: Member) -> list[Alert]:
    """What an active member is told of now, the newest first: of their community, of its
    twins, and of their town.
    """
    if member.state != MemberState.ACTIVE or member.community_id is None:
        return []
    home = session.get_one(Community, member.community_id)
    near = [member.community_id, *(twin for twin, _ in twinning.twins(session, home.id or 0))]
    of_town = (col(Alert.kind) == AlertKind.TOWN) & (col(Alert.town_insee) == home.town_insee)
    found = session.exec(
        select(Alert)
        .where(
            Alert.state == AlertState.OPEN,
            or_(col(Alert.community_id).in_(near), of_town),
            or_(~col(Alert.exercise), col(Alert.community_id) == member.community_id),
        )
        .order_by(col(Alert.id).desc())
        .limit(MOST)
    )
    return [alert for alert in found if for_community(alert, member.community_id)]


def of_town(session: Session, agent: Agent) -> list[Alert]:
    """What an agent of a subscribed town is told of now, the newest first."""
    town = session.get(Town, agent.town_insee)
    if town is None or not town.subscribed:
        return []
    theirs = select(Alert).where(
        Alert.state == AlertState.OPEN, Alert.town_insee == agent.town_insee
    )
    return list(session.exec(theirs.order_by(col(Alert.id).desc()).limit(MOST)))


def held_alerts(session: Session, member: Member | None, agent: Agent | None) -> list[Alert]:
    """The alerts that wait for a word of theirs (A8), eldest first: powers.may_release."""
    where: list[ColumnElement[bool]] = []
    if member is not None and member.referent and member.state == MemberState.ACTIVE:
        of_others = col(Alert.author_id).is_distinct_from(member.id)
        where.append((col(Alert.community_id) == member.community_id) & of_others)
    if agent is not None and (town := session.get(Town, agent.town_insee)) and town.subscribed:
        where.append(col(Alert.town_insee) == agent.town_insee)
    if not where:
        return []
    held = select(Alert).where(Alert.state == AlertState.HELD, or_(*where))
    return list(session.exec(held.order_by(col(Alert.id)).limit(MOST)))


def unconfirmed(session: Session, member: Member) -> int:
    """How many of them somebody else raised and the member has not confirmed, nor answered."""
    told = [one.id for one in open_alerts(session, member) if one.author_id != member.id]
    if not told:
        return 0
    answered = session.exec(
        select(Reply.alert_id)
        .where(Reply.member_id == member.id, col(Reply.alert_id).in_(told))
        .distinct()
    )
    return len(told) - len(answered.all())
