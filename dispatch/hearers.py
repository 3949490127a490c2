"""Who there is to hear an alert, by which channel (A2, A3): groups of people in SQL.

Nobody is read one by one: what is built here counts a group, or is the SELECT of its deliveries
(dispatch/audience.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    Integer,
    Select,
    String,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from community_store.columns import UtcDateTime
from community_store.models import (
    Agent,
    Alert,
    Audience,
    Community,
    Member,
    MemberState,
    Mute,
    PushSubscription,
    Stop,
    Topic,
    Town,
    Twinning,
)
from gateway.contract import Channel

# a landline is called only where there is no mobile
CALLED = case((col(Member.mobile).is_(None), col(Member.landline)))
MEMBER_ADDRESS = {
    Channel.SMS: col(Member.mobile),
    Channel.EMAIL: col(Member.email),
    Channel.VOICE: CALLED,
}
DEVICE = col(PushSubscription.address)
AGENT_ADDRESS = {Channel.SMS: col(Agent.mobile), Channel.EMAIL: col(Agent.email)}

# What an alert is about, for statements that are built once: building them is most of
# what they cost. Their names are no column's, which an INSERT would take for its own.
ALERT = bindparam("of_alert", type_=Integer)
AUTHOR = bindparam("of_author", type_=Integer)
AGENT = bindparam("of_agent", type_=Integer)
COMMUNITY = bindparam("of_community", type_=Integer)
TOWN = bindparam("of_town", type_=String)
RAISED = bindparam("was_raised", type_=UtcDateTime())


def about(alert: Alert) -> dict[str, Any]:
    """The values of what an alert is about, for those statements."""
    return {
        "of_alert": alert.id,
        "of_author": alert.author_id,
        "of_agent": alert.agent_id,
        "of_community": alert.community_id,
        "of_town": alert.town_insee,
        "was_raised": alert.created_at,
    }


def _active() -> Select[Any]:
    return select().select_from(Member).where(col(Member.state) == MemberState.ACTIVE.value)


def neighbours() -> Select[Any]:
    """Those of the alert's community but its author."""
    return _active().where(
        col(Member.community_id) == COMMUNITY, col(Member.id).is_distinct_from(AUTHOR)
    )


def _townspeople() -> Select[Any]:
    return (
        _active()
        .join(Community, col(Community.id) == col(Member.community_id))
        .where(col(Community.town_insee) == TOWN)
    )


def _twins() -> Select[Any]:
    """By the few communities that are twinned: asked of each member it would read them all."""
    twinned = union_all(
        select(col(Twinning.b_id)).where(col(Twinning.a_id) == COMMUNITY),
        select(col(Twinning.a_id)).where(col(Twinning.b_id) == COMMUNITY),
    )
    return _active().where(
        col(Member.community_id).in_(twinned), col(Member.id).is_distinct_from(AUTHOR)
    )


def _agents() -> Select[Any]:
    return (
        select()
        .select_from(Agent)
        .join(Town, and_(col(Town.insee) == col(Agent.town_insee), col(Town.subscribed)))
        .where(
            col(Agent.town_insee) == TOWN,
            col(Agent.id).is_distinct_from(AGENT),
            ~exists().where(  # the author may be an agent too, and knows already
                col(Member.id) == AUTHOR,
                or_(
                    and_(col(Member.mobile).is_not(None), col(Member.mobile) == col(Agent.mobile)),
                    and_(col(Member.email).is_not(None), col(Member.email) == col(Agent.email)),
                ),
            ),
        )
    )


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """People who are told the same by one channel: `people` has no columns yet.

    By push each of their devices is one.
    """

    audience: Audience
    channel: Channel
    address: Any
    people: Select[Any]


def _groups(
    audience: Audience,
    people: Select[Any],
    addresses: Mapping[Channel, Any],
    topic: Topic | None = None,
) -> list[Group]:
    found = []
    for channel, address in addresses.items():
        wanted = people.where(address.is_not(None), ~_stopped(address, channel))
        if topic is not None:
            wanted = _as_they_prefer(wanted, channel, topic)
        found.append(Group(audience, channel, address, wanted))
    return found


def _devices(audience: Audience, people: Select[Any], topic: Topic) -> Group:
    """Whoever has several is notified on all; a STOP is a telephone's or a mailbox's.

    Nobody is looked for where nobody has any, which is most of what asking costs.
    """
    theirs = people.join(PushSubscription, col(PushSubscription.member_id) == col(Member.id))
    wanted = theirs.where(exists(select(col(aliased(PushSubscription).address))))
    return Group(audience, Channel.PUSH, DEVICE, _as_they_prefer(wanted, Channel.PUSH, topic))


def _as_they_prefer(people: Select[Any], channel: Channel, topic: Topic) -> Select[Any]:
    muted = exists().where(
        col(Mute.member_id) == col(Member.id),
        col(Mute.topic) == topic.value,
        col(Mute.channel) == channel.value,
    )
    wanted = people.where(~muted)
    if channel is Channel.EMAIL:
        return wanted
    until = col(Member.paused_until)
    return wanted.where(or_(until.is_(None), until <= RAISED))


def _stopped(address: Any, channel: Channel) -> Any:
    return exists().where(col(Stop.address) == address, col(Stop.channel) == channel.value)


def _sizes(groups: Sequence[Group]) -> Select[Any]:
    return select(
        *[group.people.with_only_columns(func.count()).scalar_subquery() for group in groups]
    )


RESIDENT_GROUPS = [
    *_groups(Audience.AGENT, _agents(), AGENT_ADDRESS),
    *_groups(Audience.NEIGHBOUR, neighbours(), MEMBER_ADDRESS, Topic.ALERT),
    _devices(Audience.NEIGHBOUR, neighbours(), Topic.ALERT),
    # never SMS to twins (S51)
    *_groups(Audience.TWIN, _twins(), {Channel.EMAIL: MEMBER_ADDRESS[Channel.EMAIL]}, Topic.TWIN),
    _devices(Audience.TWIN, _twins(), Topic.TWIN),
]
TOWN_GROUPS = [
    *_groups(Audience.NEIGHBOUR, _townspeople(), MEMBER_ADDRESS, Topic.TOWN),
    _devices(Audience.NEIGHBOUR, _townspeople(), Topic.TOWN),
]
RESIDENT_SIZES = _sizes(RESIDENT_GROUPS)


def listeners(session: Session, alert: Alert) -> dict[Group, int]:
    """Who there is to hear a resident's alert: each group of people, and how many they are."""
    return _counted(session, alert, RESIDENT_GROUPS, RESIDENT_SIZES)


def exercised(session: Session, alert: Alert) -> dict[Group, int]:
    """Who hears an exercise: the neighbours, neither twins nor agents."""
    groups = [one for one in RESIDENT_GROUPS if one.audience is Audience.NEIGHBOUR]
    return count(session, alert, groups)


def open_ways(session: Session, alert: Alert, channels: Collection[Channel]) -> dict[str, int]:
    """How many neighbours each of some channels would reach, and under "" how many any would.

    The alert need not exist: without an author it is for all of its community.
    """
    ways = union_all(
        *[
            one.people.with_only_columns(
                literal(one.channel.value).label("channel"), col(Member.id).label("person")
            )
            for one in RESIDENT_GROUPS
            if one.audience is Audience.NEIGHBOUR and one.channel in channels
        ]
    ).subquery()
    people = func.count(func.distinct(ways.c.person))
    each = select(ways.c.channel, people).group_by(ways.c.channel)
    rows = session.connection().execute(each.union_all(select(literal(""), people)), about(alert))
    return {channel: count for channel, count in rows}  # noqa: C416  # rows are no pairs to mypy


def in_town(communities: Sequence[int]) -> list[Group]:
    """The groups of a whole town, or of chosen communities of it."""
    if not communities:
        return TOWN_GROUPS
    only = col(Member.community_id).in_(communities)
    return [replace(group, people=group.people.where(only)) for group in TOWN_GROUPS]


def count(session: Session, alert: Alert, groups: Sequence[Group]) -> dict[Group, int]:
    """Of some groups those with anybody in them, and how many they are."""
    return _counted(session, alert, groups, _sizes(groups))


def _counted(
    session: Session, alert: Alert, groups: Sequence[Group], sizes: Select[Any]
) -> dict[Group, int]:
    found = session.connection().execute(sizes, about(alert)).one()
    return {group: size for group, size in zip(groups, found, strict=True) if size}
