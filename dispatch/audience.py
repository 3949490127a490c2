"""Who hears an alert, by which channel (A2, A3): set-based SQL, no loop over people.

Each hearing is one INSERT ... SELECT of deliveries. The unique key on (alert, channel,
address) tells a person who qualifies twice once: agents come first since their words
say more, then neighbours, then twins.
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
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy import cast as cast_sql
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from community_store import steps
from community_store.columns import UtcDateTime
from community_store.models import (
    Agent,
    Alert,
    Audience,
    Community,
    Delivery,
    Member,
    MemberState,
    Mute,
    PushSubscription,
    StepKind,
    Stop,
    Topic,
    Town,
    Twinning,
    Wording,
)
from community_store.models import DeliveryState as State
from dispatch import turns
from dispatch.priority import Priority
from dispatch.runtime import MAIL, PUSH
from dispatch.senders import Senders
from gateway.contract import Channel

OWN_GATEWAY = {Channel.EMAIL: MAIL, Channel.PUSH: PUSH}  # without any number
NOBODY_CALLS = Senders((), Channel.VOICE)


@dataclass(frozen=True, slots=True)
class Plan:
    """How deliveries of one alert are made: class, state, and the numbers they use."""

    priority: Priority
    senders: Senders
    callers: Senders = NOBODY_CALLS
    state: State = State.QUEUED


@dataclass(frozen=True, slots=True)
class Heard:
    """How many people an alert is for. `waiting` when no number can carry its SMS."""

    neighbours: int
    twins: int
    agents: int
    waiting: bool = False

    @property
    def residents(self) -> int:
        return self.neighbours + self.twins


def listeners(session: Session, alert: Alert) -> dict[Group, int]:
    """Who there is to hear a resident's alert: each group of people, and how many they are."""
    return _count(session, alert, RESIDENT_GROUPS, RESIDENT_SIZES)


def plan(session: Session, alert: Alert, how: Plan, people: Mapping[Group, int]) -> Heard:
    """Make the deliveries of a resident's alert, in the caller's transaction.

    There are words already for the audiences of `people`, who are the `listeners`.
    """
    _Planner(session, alert, how).tell_all(people)
    return heard(session, alert, how)


def exercised(session: Session, alert: Alert) -> dict[Group, int]:
    """Who hears an exercise: the neighbours, neither twins nor agents."""
    groups = [one for one in RESIDENT_GROUPS if one.audience is Audience.NEIGHBOUR]
    return _count(session, alert, groups, _sizes(groups))


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
    rows = session.connection().execute(each.union_all(select(literal(""), people)), _about(alert))
    return {channel: count for channel, count in rows}  # noqa: C416  # rows are no pairs to mypy


def plan_town(session: Session, alert: Alert, how: Plan, communities: Sequence[int] = ()) -> Heard:
    """Make the deliveries of a town alert: the whole town, or chosen communities."""
    groups = TOWN_GROUPS
    if communities:
        only = col(Member.community_id).in_(communities)
        groups = [replace(group, people=group.people.where(only)) for group in groups]
    people = _count(session, alert, groups, _sizes(groups))
    _Planner(session, alert, how).tell_all(people)
    return heard(session, alert, how)


def _count(
    session: Session, alert: Alert, groups: Sequence[Group], sizes: Select[Any]
) -> dict[Group, int]:
    found = session.connection().execute(sizes, _about(alert)).one()
    return {group: size for group, size in zip(groups, found, strict=True) if size}


def heard(session: Session, alert: Alert, how: Plan) -> Heard:
    """Count the people whom the deliveries of an alert are for."""
    about = _about(alert)
    rows = session.connection().execute(HEARD, about)
    by: dict[str, int] = {audience: count for audience, count in rows}  # noqa: C416  # rows are no pairs to mypy
    told_as_agents = by.get(Audience.AGENT) and alert.community_id is not None
    also = session.connection().scalar(TOLD_AS_AGENTS, about) if told_as_agents else 0
    return Heard(
        neighbours=by.get(Audience.NEIGHBOUR, 0) + (also or 0),
        twins=by.get(Audience.TWIN, 0),
        agents=by.get(Audience.AGENT, 0),
        waiting=not how.senders.numbers,
    )


# What an alert is about, for statements that are built once: building them is most of
# what they cost. Their names are no column's, which an INSERT would take for its own.
ALERT = bindparam("of_alert", type_=Integer)
AUTHOR = bindparam("of_author", type_=Integer)
AGENT = bindparam("of_agent", type_=Integer)
COMMUNITY = bindparam("of_community", type_=Integer)
TOWN = bindparam("of_town", type_=String)
RAISED = bindparam("was_raised", type_=UtcDateTime())


def _about(alert: Alert) -> dict[str, Any]:
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


def _neighbours() -> Select[Any]:
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


def _told_as_agents() -> Select[Any]:
    """Neighbours who only have the agents' words, being agents of their town too."""
    told = exists().where(
        col(Delivery.alert_id) == ALERT,
        col(Delivery.audience) == Audience.AGENT.value,
        or_(
            col(Delivery.address) == col(Member.mobile), col(Delivery.address) == col(Member.email)
        ),
    )
    as_neighbour = exists().where(
        col(Delivery.alert_id) == ALERT, col(Delivery.member_id) == col(Member.id)
    )
    return _neighbours().where(told, ~as_neighbour).with_only_columns(func.count())


TOLD_AS_AGENTS = _told_as_agents()
HEARD = (
    select(
        col(Delivery.audience),
        func.count(func.distinct(func.coalesce(Delivery.member_id, -col(Delivery.agent_id)))),
    )
    .where(col(Delivery.alert_id) == ALERT)
    .group_by(col(Delivery.audience))
)


NOBODY = cast_sql(null(), Integer)
# a landline is called only where there is no mobile
CALLED = case((col(Member.mobile).is_(None), col(Member.landline)))
MEMBER_ADDRESS = {
    Channel.SMS: col(Member.mobile),
    Channel.EMAIL: col(Member.email),
    Channel.VOICE: CALLED,
}
DEVICE = col(PushSubscription.address)
AGENT_ADDRESS = {Channel.SMS: col(Agent.mobile), Channel.EMAIL: col(Agent.email)}

COLUMNS = (
    "alert_id", "wording_id", "member_id", "agent_id", "audience", "channel", "address",
    "gateway", "number_id", "priority", "size", "segments", "price", "state", "reason",
    "attempts", "doubts", "looks", "redials", "created_at", "due_at", "expires_at",
)  # fmt: skip


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
    *_groups(Audience.NEIGHBOUR, _neighbours(), MEMBER_ADDRESS, Topic.ALERT),
    _devices(Audience.NEIGHBOUR, _neighbours(), Topic.ALERT),
    # never SMS to twins (S51)
    *_groups(Audience.TWIN, _twins(), {Channel.EMAIL: MEMBER_ADDRESS[Channel.EMAIL]}, Topic.TWIN),
    _devices(Audience.TWIN, _twins(), Topic.TWIN),
]
TOWN_GROUPS = [
    *_groups(Audience.NEIGHBOUR, _townspeople(), MEMBER_ADDRESS, Topic.TOWN),
    _devices(Audience.NEIGHBOUR, _townspeople(), Topic.TOWN),
]
RESIDENT_SIZES = _sizes(RESIDENT_GROUPS)


@dataclass(frozen=True, slots=True)
class _Planner:
    """Turns people into deliveries of one alert."""

    session: Session
    alert: Alert
    how: Plan

    def tell_all(self, people: Mapping[Group, int]) -> None:
        """Make the deliveries of all groups, in their order."""
        last = turns.before(self.session, self.alert, self.how.priority)
        for group, size in people.items():
            if group.channel is Channel.VOICE and not self.how.callers.numbers:
                continue  # nobody can call them: tally.not_reached names them
            self._insert(group, last[group.channel])
            last[group.channel] += size

    def _insert(self, group: Group, last_turn: int) -> None:
        agent = group.audience is Audience.AGENT
        person = col(Agent.id) if agent else col(Member.id)
        number, gateway, price, segments = self._way(group.channel, person)
        alert, how = self.alert, self.how
        rows = group.people.join(Wording, _said(group.audience)).with_only_columns(
            ALERT, col(Wording.id),
            NOBODY if agent else person, person if agent else NOBODY,
            literal(group.audience.value), literal(group.channel.value), group.address,
            gateway, number,
            literal(int(how.priority)), turns.next_after(last_turn), segments,
            _cost(group.channel, segments, price),
            literal(how.state.value), literal(""), literal(0), literal(0), literal(0), literal(0),
            RAISED, RAISED, _instant(alert.expires_at),
        )  # fmt: skip
        connection = self.session.connection()
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        table = Delivery.__table__  # type: ignore[attr-defined]  # SQLModel hides __table__
        made = dialect.insert(table).from_select(COLUMNS, rows).on_conflict_do_nothing()
        connection.execute(made, _about(alert))
        self._note_moved(group.channel, group.audience)

    def _note_moved(self, channel: Channel, audience: Audience) -> None:
        """Whoever gets another number than the usual one, since that one fails."""
        way = self.how.callers if channel is Channel.VOICE else self.how.senders
        person = Delivery.agent_id if audience is Audience.AGENT else Delivery.member_id
        moved = way.moved(col(person), col(Delivery.number_id))
        if moved is not None and channel not in OWN_GATEWAY:
            mine = [
                col(Delivery.alert_id) == self.alert.id,
                col(Delivery.audience) == audience.value,
                col(Delivery.channel) == channel.value,
                moved,
            ]
            detail = "planned on another number than usual, whose gateway failed"
            at = self.alert.created_at
            steps.note_all(self.session, mine, StepKind.MOVED, at=at, detail=detail)

    def _way(self, channel: Channel, person: Any) -> tuple[Any, Any, Any, Any]:
        """SQL for number id, gateway, price of a segment or call, segments."""
        if gateway := OWN_GATEWAY.get(channel):
            return NOBODY, literal(gateway), literal(0.0), literal(0)
        if channel is Channel.VOICE:
            return (*self.how.callers.columns(person), literal(0))
        return (*self.how.senders.columns(person), col(Wording.segments))


def _said(audience: Audience) -> Any:
    language = Agent.language if audience is Audience.AGENT else Member.language
    return and_(
        col(Wording.alert_id) == ALERT,
        col(Wording.audience) == audience.value,
        col(Wording.language) == col(language),
    )


def _cost(channel: Channel, segments: Any, price: Any) -> Any:
    return price if channel is Channel.VOICE else segments * price


def _instant(value: Any) -> Any:
    return literal(value, UtcDateTime())
