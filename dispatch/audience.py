"""The deliveries of an alert, for all who are to hear it: set-based SQL, no loop over people.

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
    exists,
    func,
    literal,
    null,
    or_,
    select,
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
    Delivery,
    Member,
    StepKind,
    Wording,
)
from community_store.models import DeliveryState as State
from dispatch import hearers, turns
from dispatch.hearers import ALERT, RAISED, Group, about
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


def plan(session: Session, alert: Alert, how: Plan, people: Mapping[Group, int]) -> Heard:
    """Make the deliveries of a resident's alert, in the caller's transaction.

    There are words already for the audiences of `people`, who are the `listeners`.
    """
    _Planner(session, alert, how).tell_all(people)
    return heard(session, alert, how)


def plan_town(session: Session, alert: Alert, how: Plan, communities: Sequence[int] = ()) -> Heard:
    """Make the deliveries of a town alert: the whole town, or chosen communities."""
    people = hearers.count(session, alert, hearers.in_town(communities))
    _Planner(session, alert, how).tell_all(people)
    return heard(session, alert, how)


def heard(session: Session, alert: Alert, how: Plan) -> Heard:
    """Count the people whom the deliveries of an alert are for."""
    known = about(alert)
    rows = session.connection().execute(HEARD, known)
    by: dict[str, int] = {audience: count for audience, count in rows}  # noqa: C416  # rows are no pairs to mypy
    told_as_agents = by.get(Audience.AGENT) and alert.community_id is not None
    also = session.connection().scalar(TOLD_AS_AGENTS, known) if told_as_agents else 0
    return Heard(
        neighbours=by.get(Audience.NEIGHBOUR, 0) + (also or 0),
        twins=by.get(Audience.TWIN, 0),
        agents=by.get(Audience.AGENT, 0),
        waiting=not how.senders.numbers,
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
    return hearers.neighbours().where(told, ~as_neighbour).with_only_columns(func.count())


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
        connection.execute(made, about(alert))
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
