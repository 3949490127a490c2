"""What a référent looks after (S72): who is reached and who is not, whose e-mail or mobile fails.

Figures for all; by name only what a référent can help with, never an address or a number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func
from sqlmodel import Session, col, select

from community_store import census
from community_store.alert_readers import is_untold
from community_store.models import (
    Alert,
    AlertKind,
    Community,
    Delivery,
    Member,
    MemberState,
    Registration,
)
from community_store.models import DeliveryState as State
from dispatch import hearers, registering, senders
from dispatch.act import Act
from gateway.contract import Channel

RECENT = timedelta(days=90)
PAGE = 30
ARRIVED = (State.DELIVERED, State.ACCEPTED, State.SENT, State.NO_RECEIPT)
CAME_BACK = (State.UNDELIVERED, State.FAILED)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of how many members an alert reaches how many, by each channel, and by none."""

    members: int
    by: Mapping[str, int]
    nothing: int


@dataclass(frozen=True, slots=True)
class Failing:
    """A member whose last message by a channel came back, and when that was sent."""

    member: Member
    channel: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Unproved:
    """A member who gave a "number" or an "email" and has not proved it; `what` has either."""

    member: Member
    what: Sequence[str]


def coverage(act: Act, community: Community) -> Coverage:
    """As an alert of the community would reach its members now."""
    channels = [
        one for one in Channel
        if one is not Channel.VOICE or senders.callers(act.session, act.now).numbers
    ]  # fmt: skip
    alert = Alert(
        community_id=community.id,
        town_insee=community.town_insee,
        text="",
        created_at=act.now,
        expires_at=act.now,
    )
    found = hearers.open_ways(act.session, alert, channels)
    members = census.neighbours(act.session, community)
    by = {one.value: found.get(one, 0) for one in channels}
    return Coverage(members, by, max(0, members - found.get("", 0)))


def last_alert(session: Session, community: Community) -> Alert | None:
    """The last that was told in a community, an exercise too."""
    return session.exec(
        select(Alert)
        .where(
            Alert.community_id == community.id,
            Alert.kind == AlertKind.RESIDENT,
            ~is_untold(),
        )
        .order_by(col(Alert.id).desc())
        .limit(1)
    ).first()


def pending(session: Session, community: Community) -> int:
    """How many wait to be vouched for."""
    return session.exec(
        select(func.count())
        .select_from(Member)
        .where(Member.community_id == community.id, Member.state == MemberState.PENDING)
    ).one()


def failing(act: Act, community: Community) -> list[Failing]:
    """Whose e-mail or mobile, as they are now, did not take its last message; by name."""
    owned = case(
        {Channel.SMS.value: col(Member.mobile), Channel.EMAIL.value: col(Member.email)},
        value=col(Delivery.channel),
    )
    newest = (
        select(func.max(Delivery.id))
        .join(Member, col(Member.id) == col(Delivery.member_id))
        .where(
            Member.community_id == community.id,
            Member.state == MemberState.ACTIVE,
            col(Delivery.created_at) > act.now - RECENT,
            col(Delivery.address) == owned,
            col(Delivery.state).in_([*ARRIVED, *CAME_BACK]),
        )
        .group_by(col(Delivery.member_id), col(Delivery.channel))
    )
    rows = act.session.exec(
        select(Member, Delivery.channel, Delivery.created_at)
        .join(Delivery, col(Delivery.member_id) == col(Member.id))
        .where(col(Delivery.id).in_(newest), col(Delivery.state).in_(CAME_BACK))
        .order_by(col(Member.last_name), col(Member.first_name), col(Delivery.id))
    )
    return [Failing(member, channel, at) for member, channel, at in rows]


def unproved(act: Act, community: Community) -> list[Unproved]:
    """Active members who have still to prove what they gave in the last week, by name."""
    rows = act.session.exec(
        select(Registration, Member)
        .join(Member, col(Member.id) == col(Registration.member_id))
        .where(
            Member.community_id == community.id,
            Member.state == MemberState.ACTIVE,
            col(Registration.expires_at) > act.now,
        )
        .order_by(col(Member.last_name), col(Member.first_name), col(Registration.id))
    )
    newest = {member.id: (typed, member) for typed, member in rows}
    found = [
        Unproved(member, registering.unproved(typed, member)) for typed, member in newest.values()
    ]
    return [one for one in found if one.what]
