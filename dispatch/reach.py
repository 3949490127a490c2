"""Who was not reached by an alert, and why: for its page and for `tocsin alert show`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlmodel import Session, col

from community_store.models import (
    Alert,
    AlertKind,
    Community,
    Delivery,
    Member,
    MemberState,
    Mute,
    Stop,
    Topic,
)
from community_store.models import DeliveryState as State
from community_store.visibility import full_name
from gateway.contract import Channel

# neither known to have failed, nor dropped: the person has it, or still may
HOPEFUL = (
    State.QUEUED, State.HELD, State.SENDING, State.UNKNOWN, State.ACCEPTED, State.SENT,
    State.NO_RECEIPT, State.DELIVERED,
)  # fmt: skip
MOST = 1000


class Why(StrEnum):
    """Why somebody was not reached; the words for it stand in the pages' catalogue."""

    NO_CONTACT = "no_contact"  # neither a number nor an e-mail
    NO_CALLS = "no_calls"  # a landline, and no number of ours that can call
    STOPPED = "stopped"  # said STOP, or 9
    TURNED_OFF = "turned_off"  # wants no alerts
    PAUSED = "paused"
    UNANSWERED = "unanswered"  # nobody took the call
    FAILED = "failed"  # the provider or the operator could not
    EXPIRED = "expired"  # it would have come too late
    CANCELLED = "cancelled"  # the alert ended, or was withdrawn, before


@dataclass(frozen=True, slots=True)
class NotReached:
    """A member whom an alert did not reach. `detail` is the provider's, for the operator."""

    member_id: int
    name: str
    why: Why
    detail: str = ""


def not_reached(session: Session, alert: Alert, limit: int = MOST) -> list[NotReached]:
    """The members whom an alert was for and who have it by no channel, by name.

    Whose household's landline or mailbox was reached counts as reached. Twins and agents
    are not listed. What is still on its way may yet arrive.
    """
    members = session.scalars(
        select(Member)
        .where(*_meant(alert), ~_hopeful(alert))
        .order_by(col(Member.last_name), col(Member.first_name), col(Member.id))
        .limit(limit)
    ).all()
    judge = _Judge(session, alert, members)
    return [judge.of(member) for member in members]


def _meant(alert: Alert) -> list[ColumnElement[bool]]:
    """The members whom it was told for; who came later was not."""
    since = or_(col(Member.activated_at).is_(None), col(Member.activated_at) <= alert.created_at)
    where = [
        col(Member.state) == MemberState.ACTIVE.value,
        col(Member.id).is_distinct_from(alert.author_id),
        since,
    ]
    if alert.kind == AlertKind.RESIDENT:
        return [*where, col(Member.community_id) == alert.community_id]
    homes = select(col(Community.id)).where(col(Community.town_insee) == alert.town_insee)
    if alert.only:
        homes = homes.where(col(Community.id).in_([int(id_) for id_ in alert.only.split(",")]))
    return [*where, col(Member.community_id).in_(homes)]


def _hopeful(alert: Alert) -> ColumnElement[bool]:
    theirs = or_(
        col(Delivery.member_id) == col(Member.id),
        col(Delivery.address).in_([col(Member.mobile), col(Member.landline), col(Member.email)]),
    )
    return (
        select(col(Delivery.id))
        .where(
            col(Delivery.alert_id) == alert.id,
            col(Delivery.state).in_([state.value for state in HOPEFUL]),
            theirs,
        )
        .exists()
    )


STATES = {  # the first that holds of a person's deliveries says why
    State.UNDELIVERED: Why.FAILED,
    State.FAILED: Why.FAILED,
    State.EXPIRED: Why.EXPIRED,
    State.CANCELLED: Why.CANCELLED,
    State.SUPPRESSED: Why.FAILED,
}
REASONS = {"stop": Why.STOPPED, "paused": Why.PAUSED, "turned off": Why.TURNED_OFF}


class _Judge:
    """Says why of each of some members, from four queries for all of them."""

    def __init__(self, session: Session, alert: Alert, members: Sequence[Member]) -> None:
        self.alert = alert
        ids = [member.id for member in members]
        self.tried: dict[int, list[Any]] = defaultdict(list)
        for row in session.execute(
            select(
                col(Delivery.member_id), col(Delivery.channel), col(Delivery.state),
                col(Delivery.address), col(Delivery.reason),
            ).where(and_(col(Delivery.alert_id) == alert.id, col(Delivery.member_id).in_(ids)))
        ):  # fmt: skip
            self.tried[row.member_id].append(row)
        self.stops = _stops(session, members)
        topic = Topic.TOWN if alert.kind == AlertKind.TOWN else Topic.ALERT
        muted = select(col(Mute.member_id), col(Mute.channel)).where(
            col(Mute.member_id).in_(ids), col(Mute.topic) == topic.value
        )
        self.mutes = {(row.member_id, row.channel) for row in session.execute(muted)}

    def of(self, member: Member) -> NotReached:
        assert member.id is not None
        why, detail = self._tried(member.id) or (self._untried(member), "")
        return NotReached(member.id, full_name(member), why, detail)

    def _tried(self, member_id: int) -> tuple[Why, str] | None:
        rows = {row.state: row for row in self.tried[member_id]}
        for state, why in STATES.items():
            if row := rows.get(state):
                if state == State.UNDELIVERED and row.channel == Channel.VOICE:
                    return Why.UNANSWERED, row.reason
                if (row.address, row.channel) in self.stops:
                    return Why.STOPPED, row.reason
                return REASONS.get(row.reason, why), row.reason
        return None

    def _untried(self, member: Member) -> Why:
        """Nothing was planned for this person."""
        ways = _ways(member)
        if not ways:
            return Why.NO_CONTACT
        why = {self._closed(member, channel, address) for channel, address in ways}
        return min(why, key=list(Why).index)

    def _closed(self, member: Member, channel: Channel, address: str) -> Why:
        if (address, channel.value) in self.stops:
            return Why.STOPPED
        if (member.id, channel.value) in self.mutes:
            return Why.TURNED_OFF
        until = member.paused_until
        if channel is not Channel.EMAIL and until is not None and until > self.alert.created_at:
            return Why.PAUSED
        return Why.NO_CALLS if channel is Channel.VOICE else Why.FAILED


def _ways(member: Member) -> list[tuple[Channel, str]]:
    voice = None if member.mobile else member.landline
    every = ((Channel.SMS, member.mobile), (Channel.EMAIL, member.email), (Channel.VOICE, voice))
    return [(channel, address) for channel, address in every if address]


def _stops(session: Session, members: Iterable[Member]) -> set[tuple[str, str]]:
    addresses = [address for member in members for _, address in _ways(member)]
    rows = session.execute(
        select(col(Stop.address), col(Stop.channel)).where(col(Stop.address).in_(addresses))
    )
    return {(row.address, row.channel) for row in rows}
