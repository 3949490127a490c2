"""Who hears an alert, by which channel (A2, A3): set-based SQL, no loop over people.

Each hearing is one INSERT ... SELECT of deliveries. The unique key on (alert, channel,
address) tells a person who qualifies twice once: agents come first since their words
say more, then neighbours, then twins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Integer,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    true,
)
from sqlalchemy import cast as cast_sql
from sqlalchemy.dialects import postgresql, sqlite
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
    StepKind,
    Stop,
    Topic,
    Town,
    Twinning,
    Wording,
)
from community_store.models import DeliveryState as State
from dispatch.runtime import MAIL
from dispatch.senders import Senders
from gateway.contract import Channel

NOBODY_CALLS = Senders((), Channel.VOICE)


@dataclass(frozen=True, slots=True)
class Plan:
    """How deliveries of one alert are made: class, state, and the numbers they use."""

    priority: int
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


def plan(session: Session, alert: Alert, how: Plan) -> Heard:
    """Make the deliveries of a resident's alert, in the caller's transaction."""
    planner = _Planner(session, alert, how)
    planner.tell(Audience.AGENT, _agents(alert), AGENT_ADDRESS)
    planner.tell(Audience.NEIGHBOUR, _neighbours(alert), MEMBER_ADDRESS, Topic.ALERT)
    by_mail = {Channel.EMAIL: MEMBER_ADDRESS[Channel.EMAIL]}  # never SMS to twins (S51)
    planner.tell(Audience.TWIN, _twins(alert), by_mail, Topic.TWIN)
    return heard(session, alert, how)


def plan_town(session: Session, alert: Alert, how: Plan, communities: Sequence[int] = ()) -> Heard:
    """Make the deliveries of a town alert: the whole town, or chosen communities."""
    members = (
        _active()
        .join(Community, col(Community.id) == col(Member.community_id))
        .where(
            col(Community.town_insee) == alert.town_insee,
            col(Community.id).in_(communities) if communities else true(),
        )
    )
    _Planner(session, alert, how).tell(Audience.NEIGHBOUR, members, MEMBER_ADDRESS, Topic.TOWN)
    return heard(session, alert, how)


def heard(session: Session, alert: Alert, how: Plan) -> Heard:
    """Count the people whom the deliveries of an alert are for."""
    rows = session.execute(
        select(
            col(Delivery.audience),
            func.count(func.distinct(func.coalesce(Delivery.member_id, -col(Delivery.agent_id)))),
        )
        .where(col(Delivery.alert_id) == alert.id)
        .group_by(col(Delivery.audience))
    )
    by: dict[str, int] = {audience: count for audience, count in rows}  # noqa: C416  # rows are no pairs to mypy
    return Heard(
        neighbours=by.get(Audience.NEIGHBOUR, 0) + _neighbours_told_as_agents(session, alert),
        twins=by.get(Audience.TWIN, 0),
        agents=by.get(Audience.AGENT, 0),
        waiting=not how.senders.numbers,
    )


def _neighbours_told_as_agents(session: Session, alert: Alert) -> int:
    """Neighbours who only have the agents' words, being agents of their town too."""
    told = exists().where(
        col(Delivery.alert_id) == alert.id,
        col(Delivery.audience) == Audience.AGENT.value,
        or_(
            col(Delivery.address) == col(Member.mobile), col(Delivery.address) == col(Member.email)
        ),
    )
    as_neighbour = exists().where(
        col(Delivery.alert_id) == alert.id, col(Delivery.member_id) == col(Member.id)
    )
    people = _neighbours(alert).where(told, ~as_neighbour).with_only_columns(func.count())
    return session.scalar(people) or 0 if alert.community_id is not None else 0


def _active() -> Select[Any]:
    return select().select_from(Member).where(col(Member.state) == MemberState.ACTIVE.value)


def _neighbours(alert: Alert) -> Select[Any]:
    return _active().where(
        col(Member.community_id) == alert.community_id,
        col(Member.id).is_distinct_from(alert.author_id),
    )


def _twins(alert: Alert) -> Select[Any]:
    here = alert.community_id
    twinned = or_(
        and_(col(Twinning.a_id) == here, col(Twinning.b_id) == col(Member.community_id)),
        and_(col(Twinning.b_id) == here, col(Twinning.a_id) == col(Member.community_id)),
    )
    return _active().where(
        exists().where(twinned), col(Member.id).is_distinct_from(alert.author_id)
    )


def _agents(alert: Alert) -> Select[Any]:
    return (
        select()
        .select_from(Agent)
        .join(Town, and_(col(Town.insee) == col(Agent.town_insee), col(Town.subscribed)))
        .where(
            col(Agent.town_insee) == alert.town_insee,
            col(Agent.id).is_distinct_from(alert.agent_id),
            ~exists().where(  # the author may be an agent too, and knows already
                col(Member.id) == alert.author_id,
                or_(
                    and_(col(Member.mobile).is_not(None), col(Member.mobile) == col(Agent.mobile)),
                    and_(col(Member.email).is_not(None), col(Member.email) == col(Agent.email)),
                ),
            ),
        )
    )


NOBODY = cast_sql(null(), Integer)
# a landline is called only where there is no mobile
CALLED = case((col(Member.mobile).is_(None), col(Member.landline)))
MEMBER_ADDRESS = {
    Channel.SMS: col(Member.mobile),
    Channel.EMAIL: col(Member.email),
    Channel.VOICE: CALLED,
}
AGENT_ADDRESS = {Channel.SMS: col(Agent.mobile), Channel.EMAIL: col(Agent.email)}

COLUMNS = (
    "alert_id", "wording_id", "member_id", "agent_id", "audience", "channel", "address",
    "gateway", "number_id", "priority", "size", "segments", "price", "state", "reason",
    "attempts", "doubts", "looks", "redials", "created_at", "due_at", "expires_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Planner:
    """Turns people into deliveries of one alert."""

    session: Session
    alert: Alert
    how: Plan

    def tell(
        self,
        audience: Audience,
        people: Select[Any],
        addresses: Mapping[Channel, Any],
        topic: Topic | None = None,
    ) -> None:
        for channel, address in addresses.items():
            if channel is Channel.VOICE and not self.how.callers.numbers:
                continue  # nobody can call them: tally.not_reached names them
            wanted = people.where(address.is_not(None), ~_stopped(address, channel))
            if topic is not None:
                wanted = self._as_they_prefer(wanted, channel, topic)
            self._insert(wanted, audience, channel, address)

    def _as_they_prefer(self, people: Select[Any], channel: Channel, topic: Topic) -> Select[Any]:
        muted = exists().where(
            col(Mute.member_id) == col(Member.id),
            col(Mute.topic) == topic.value,
            col(Mute.channel) == channel.value,
        )
        wanted = people.where(~muted)
        if channel is Channel.EMAIL:
            return wanted
        until = col(Member.paused_until)
        return wanted.where(or_(until.is_(None), until <= self.alert.created_at))

    def _insert(
        self, people: Select[Any], audience: Audience, channel: Channel, address: Any
    ) -> None:
        size = self.session.scalar(people.with_only_columns(func.count()))
        if not size:
            return
        agent = audience is Audience.AGENT
        person = col(Agent.id) if agent else col(Member.id)
        number, gateway, price, segments = self._way(channel, person)
        alert, how = self.alert, self.how
        rows = people.join(Wording, self._said(audience)).with_only_columns(
            literal(alert.id), col(Wording.id),
            NOBODY if agent else person, person if agent else NOBODY,
            literal(audience.value), literal(channel.value), address, gateway, number,
            literal(how.priority), literal(size), segments, _cost(channel, segments, price),
            literal(how.state.value), literal(""), literal(0), literal(0), literal(0), literal(0),
            _instant(alert.created_at), _instant(alert.created_at), _instant(alert.expires_at),
        )  # fmt: skip
        dialect = postgresql if self.session.get_bind().dialect.name == "postgresql" else sqlite
        table = Delivery.__table__  # type: ignore[attr-defined]  # SQLModel hides __table__
        self.session.execute(
            dialect.insert(table).from_select(COLUMNS, rows).on_conflict_do_nothing()
        )
        self._note_moved(channel, audience)

    def _note_moved(self, channel: Channel, audience: Audience) -> None:
        """Whoever gets another number than the usual one, since that one fails."""
        way = self.how.callers if channel is Channel.VOICE else self.how.senders
        person = Delivery.agent_id if audience is Audience.AGENT else Delivery.member_id
        moved = way.moved(col(person), col(Delivery.number_id))
        if moved is not None and channel is not Channel.EMAIL:
            mine = [
                col(Delivery.alert_id) == self.alert.id,
                col(Delivery.audience) == audience.value,
                col(Delivery.channel) == channel.value,
                moved,
            ]
            detail = "planned on another number than usual, whose gateway failed"
            at = self.alert.created_at
            steps.note_all(self.session, mine, StepKind.MOVED, at=at, detail=detail)

    def _said(self, audience: Audience) -> Any:
        language = Agent.language if audience is Audience.AGENT else Member.language
        return and_(
            col(Wording.alert_id) == self.alert.id,
            col(Wording.audience) == audience.value,
            col(Wording.language) == col(language),
        )

    def _way(self, channel: Channel, person: Any) -> tuple[Any, Any, Any, Any]:
        """SQL for number id, gateway, price of a segment or call, segments."""
        if channel is Channel.EMAIL:
            return NOBODY, literal(MAIL), literal(0.0), literal(0)
        if channel is Channel.VOICE:
            return (*self.how.callers.columns(person), literal(0))
        return (*self.how.senders.columns(person), col(Wording.segments))


def _stopped(address: Any, channel: Channel) -> Any:
    return exists().where(col(Stop.address) == address, col(Stop.channel) == channel.value)


def _cost(channel: Channel, segments: Any, price: Any) -> Any:
    return price if channel is Channel.VOICE else segments * price


def _instant(value: Any) -> Any:
    return literal(value, UtcDateTime())
