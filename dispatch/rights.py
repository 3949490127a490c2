"""May it still go? What is read again of a delivery at the instant of its claim.

A STOP, a suspension, a departure, a pause, a preference, an ended twinning or
subscription, an ended or withdrawn alert: each counts from its commit on (R7).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Row, Select, and_, bindparam, case, exists, func, or_, select, true
from sqlalchemy.orm import aliased
from sqlmodel import col

from community_store.columns import UtcDateTime
from community_store.models import (
    DIGEST_NOTICE,
    TO_STRANGERS,
    TO_THE_TEAM,
    Agent,
    Alert,
    AlertKind,
    AlertState,
    Audience,
    Community,
    Delivery,
    Member,
    MemberState,
    Mute,
    Notice,
    PushSubscription,
    Stop,
    Topic,
    Town,
    Twinning,
    Wording,
)
from community_store.models import DeliveryState as State
from dispatch.recordset import recordset
from gateway.contract import Channel

Verdict = tuple[State, str]

STILL_TOLD = (AlertState.OPEN.value, AlertState.EXPIRED.value)
CODE, JOIN_LINK, JOIN_KNOWN = TO_STRANGERS
LINK = "password_link"
TOPICS = {"message": Topic.MESSAGE}  # notices that one may turn off (S81)
EMAIL_LINK, EMAIL_TAKEN = "email_link", "email_taken"  # to the new e-mail of a member
ASKED_FOR = (CODE, LINK, JOIN_LINK, JOIN_KNOWN, TO_THE_TEAM, EMAIL_LINK, EMAIL_TAKEN)
VOUCH = "request_ask"  # names to whoever decides somebody who asks to join, and their home
HELD = "held_ask"  # says to whoever decides, unmasked, what nobody else is told
STOPPED = "stopped"  # the notice kind that confirms a STOP and may leave after it


def due(*, mail: bool) -> Select[Any]:
    """What is due on a lane, first what must leave first, with the facts to judge it.

    Parameters: gateway, number_id (unless `mail`), channel, now, limit. Rows are locked on
    PostgreSQL, and those that another worker holds are skipped.
    """
    number = col(Delivery.number_id)
    # by the number too where there is none, or PostgreSQL does not see that the index is in order
    order = [number] if mail else []
    return (
        _facts()
        .where(
            col(Delivery.gateway) == bindparam("gateway"),
            number.is_(None) if mail else number == bindparam("number_id"),
            col(Delivery.channel) == bindparam("channel"),
            col(Delivery.state) == State.QUEUED.value,
            col(Delivery.due_at) <= bindparam("now"),
        )
        .order_by(*order, col(Delivery.priority), col(Delivery.size), col(Delivery.id))
        .limit(bindparam("limit"))
        .with_for_update(of=Delivery.__table__, skip_locked=True)  # type: ignore[attr-defined]  # SQLModel hides __table__
    )


def due_by_lanes() -> Select[Any]:
    """The same for the lanes of many numbers at once, on PostgreSQL: ids, up to `room` a lane.

    Parameters: now, and rows of {gateway, number_id, channel, room}. Each lane reads its own
    stretch of ix_delivery_due, whatever waits on the others. What to order them by comes with
    them.
    """
    lanes = recordset("postgresql", {"gateway": str, "number_id": int, "channel": str, "room": int})
    lane = lanes.columns
    first = (
        select(col(Delivery.id), col(Delivery.priority), col(Delivery.size))
        .where(
            col(Delivery.gateway) == lane["gateway"],
            col(Delivery.number_id) == lane["number_id"],
            col(Delivery.channel) == lane["channel"],
            col(Delivery.state) == State.QUEUED.value,
            col(Delivery.due_at) <= bindparam("now", type_=UtcDateTime()),
        )
        .order_by(col(Delivery.priority), col(Delivery.size), col(Delivery.id))
        .limit(lane["room"])
        .with_for_update(of=Delivery.__table__, skip_locked=True)  # type: ignore[attr-defined]  # SQLModel hides __table__
        .correlate(lanes.table)
        .lateral("first")
    )
    columns = (first.c.priority, first.c.size, first.c.id)
    return select(*columns).select_from(lanes.table.join(first, true()))


def queued() -> Select[Any]:
    """What waits, of some ids, with the facts to judge it, in any order. Parameter: ids."""
    return _facts().where(
        col(Delivery.id).in_(bindparam("ids", expanding=True)),
        col(Delivery.state) == State.QUEUED.value,
    )


def claimed() -> Select[Any]:
    """What was claimed and has not left, with the facts to judge it again. Parameter: ids."""
    return _facts().where(
        col(Delivery.id).in_(bindparam("ids", expanding=True)),
        col(Delivery.state) == State.SENDING.value,
    )


def _facts() -> Select[Any]:
    home, town = aliased(Community), aliased(Town)
    return cast(
        "Select[Any]",
        select(
            col(Delivery.id),
            col(Delivery.gateway),
            col(Delivery.number_id),
            col(Delivery.lease),
            col(Delivery.attempts),
            col(Delivery.segments),
            col(Delivery.priority),
            col(Delivery.channel),
            col(Delivery.address),
            col(Delivery.audience),
            col(Delivery.due_at),
            col(Delivery.expires_at),
            col(Delivery.notice_id),
            col(Delivery.member_id),
            col(Wording.sms),
            col(Wording.subject),
            col(Wording.mail),
            col(Wording.voice),
            col(Wording.push),
            col(Wording.language),
            col(Alert.state).label("alert_state"),
            col(Alert.kind).label("alert_kind"),
            col(Alert.community_id).label("alert_community"),
            col(Alert.town_insee).label("alert_town"),
            col(Notice.kind).label("notice_kind"),
            col(Notice.inbound_id).label("answers"),
            col(Notice.community_id).label("gazette_of"),
            col(Member.state).label("member_state"),
            col(Member.community_id).label("member_community"),
            col(Member.referent),
            col(Member.paused_until),
            col(Member.mobile),
            col(Member.landline),
            col(Member.email),
            col(home.town_insee).label("member_town"),
            col(Agent.town_insee).label("agent_town"),
            col(Agent.mobile).label("agent_mobile"),
            col(Agent.email).label("agent_email"),
            col(town.subscribed).label("town_subscribed"),
            col(PushSubscription.member_id).label("device_of"),
            col(PushSubscription.endpoint),
            col(PushSubscription.p256dh),
            col(PushSubscription.auth),
            col(PushSubscription.made_for),
            _stopped().label("stopped"),
            _muted().label("muted"),
            _twinned().label("twinned"),
        )
        .join(Wording, col(Wording.id) == col(Delivery.wording_id))
        .outerjoin(Notice, col(Notice.id) == col(Delivery.notice_id))
        .outerjoin(Alert, col(Alert.id) == func.coalesce(Delivery.alert_id, Notice.alert_id))
        .outerjoin(Member, col(Member.id) == col(Delivery.member_id))
        .outerjoin(home, col(home.id) == col(Member.community_id))
        .outerjoin(Agent, col(Agent.id) == col(Delivery.agent_id))
        .outerjoin(town, col(town.insee) == col(Agent.town_insee))
        .outerjoin(PushSubscription, col(PushSubscription.address) == col(Delivery.address)),
    )


def _stopped() -> Any:
    return exists().where(
        col(Stop.address) == col(Delivery.address), col(Stop.channel) == col(Delivery.channel)
    )


def _muted() -> Any:
    digest = col(Notice.kind) == DIGEST_NOTICE
    topic = case(
        (digest, Topic.GAZETTE.value),
        *((col(Notice.kind) == kind, topic.value) for kind, topic in TOPICS.items()),
        (col(Alert.kind) == AlertKind.TOWN.value, Topic.TOWN.value),
        (col(Delivery.audience) == Audience.TWIN.value, Topic.TWIN.value),
        else_=Topic.ALERT.value,
    )
    return exists().where(
        or_(col(Delivery.alert_id).is_not(None), digest, col(Notice.kind).in_(tuple(TOPICS))),
        col(Mute.member_id) == col(Delivery.member_id),
        col(Mute.channel) == col(Delivery.channel),
        col(Mute.topic) == topic,
    )


def _twinned() -> Any:
    mine, theirs = col(Member.community_id), col(Alert.community_id)
    return exists().where(
        or_(
            and_(col(Twinning.a_id) == mine, col(Twinning.b_id) == theirs),
            and_(col(Twinning.a_id) == theirs, col(Twinning.b_id) == mine),
        )
    )


def _asked_for(row: Row[Any]) -> bool:
    """What somebody has just asked for goes to a mailbox that wants no other mail of ours, and
    so does what is written to us: one click in the team's mailbox must not lose it.

    Not to a mobile: its operator bars what follows a STOP, and REPRISE takes it back. A
    landline can text nothing: the call that says a code is its way back (codes.refused).
    """
    by_mail = row.channel == Channel.EMAIL and row.notice_kind in ASKED_FOR
    by_call = row.channel == Channel.VOICE and row.notice_kind == CODE
    return by_mail or by_call or row.notice_kind == STOPPED


def verdict(row: Row[Any], now: datetime) -> Verdict | None:
    """The state to put a due delivery in instead of sending it; None when it may go."""
    if row.expires_at <= now:
        return State.EXPIRED, "time to live"
    if row.notice_id is None and row.alert_state not in STILL_TOLD:
        return State.CANCELLED, f"alert {row.alert_state}"
    reason = _unwanted(row, now)
    return (State.SUPPRESSED, reason) if reason else None


def _unwanted(row: Row[Any], now: datetime) -> str:
    """Why its person may not, or does not want to, have it; "" when they may."""
    if row.stopped and not _asked_for(row):
        return "stop"
    if row.channel == Channel.PUSH and (reason := _device(row, now)):
        return reason
    if not (row.sms or row.subject or row.mail or row.voice or row.push):
        return "erased"  # whom its words named has closed their account
    if row.notice_kind in READERS:
        return READERS[row.notice_kind](row, now)
    if row.alert_state is None and row.notice_kind not in TOPICS:
        return ""
    return HEARERS[Audience(row.audience)](row, now)


def wakes(row: Row[Any]) -> bool:
    """Whether sending a due delivery now would ring at night for less than an alert."""
    return row.channel == Channel.VOICE and row.notice_id is not None


def _neighbour(row: Row[Any], now: datetime) -> str:
    belongs = (
        row.member_town == row.alert_town
        if row.alert_kind == AlertKind.TOWN.value and row.alert_community is None
        else row.member_community == row.alert_community
    )
    return _member(row, now) or ("" if belongs else "left the community")


def _reader_of_gazette(row: Row[Any], now: datetime) -> str:
    here = row.member_community == row.gazette_of
    return _member(row, now) or ("" if here else "left the community")


def _twin(row: Row[Any], now: datetime) -> str:
    return _member(row, now) or ("" if row.twinned else "no longer twinned")


def _member(row: Row[Any], now: datetime) -> str:
    if row.member_state != MemberState.ACTIVE.value:
        return "not an active member"
    if row.channel != Channel.PUSH and row.address not in (row.mobile, row.landline, row.email):
        return "address changed"
    if row.muted:
        return "turned off"
    if row.channel != Channel.EMAIL and row.paused_until and row.paused_until > now:
        return "paused"
    return ""


def _device(row: Row[Any], now: datetime) -> str:
    """Of whatever is shown on a device: that it still is this member's, who wants no quiet."""
    if row.device_of is None or row.device_of != row.member_id:
        return "notifications turned off"
    if row.member_state != MemberState.ACTIVE.value:
        return "not an active member"
    return "paused" if row.paused_until and row.paused_until > now else ""


def _agent(row: Row[Any], _now: datetime) -> str:
    if row.agent_town is None:
        return "no longer an agent"
    if row.address not in (row.agent_mobile, row.agent_email):
        return "address changed"
    return "" if row.town_subscribed else "town no longer subscribed"


def _decider(row: Row[Any], now: datetime) -> str:
    """A stranger's name and home are for who may still decide: a référent, or an agent."""
    if row.member_id is None:
        return _agent(row, now)
    active = row.member_state == MemberState.ACTIVE.value
    return "" if active and row.referent else "no longer asked"


def _person(row: Row[Any], now: datetime) -> str:
    """An answer goes out in any case: the person has just written."""
    if row.answers is not None:
        return ""
    if row.member_state in (MemberState.SUSPENDED.value, MemberState.CLOSED.value):
        return "not an active member"
    if row.muted:
        return "turned off"
    if row.channel != Channel.EMAIL and row.paused_until and row.paused_until > now:
        return "paused"
    return ""


READERS: dict[str, Callable[[Row[Any], datetime], str]] = {
    DIGEST_NOTICE: _reader_of_gazette,
    VOUCH: _decider,
    HELD: lambda row, now: _decider(row, now) or _person(row, now),
}
HEARERS: dict[Audience, Callable[[Row[Any], datetime], str]] = {
    Audience.NEIGHBOUR: _neighbour,
    Audience.TWIN: _twin,
    Audience.AGENT: _agent,
    Audience.PERSON: _person,
}
