"""What became of the latest alert: how many were told, how fast, and who was not and why.

This explains rows to somebody who watches; who is told is decided by dispatch.audience.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from community_store.models import Alert, Delivery, DeliveryState, InboundText, Twinning
from dispatch import tally
from gateway.contract import Channel
from web.cast import Person
from web.i18n import Words

TOLD = (DeliveryState.ACCEPTED, DeliveryState.SENT, DeliveryState.DELIVERED)
WAITING = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.UNKNOWN)


@dataclass(frozen=True)
class Fate:
    """One person and the latest alert: `kind` is author, told, waiting or missed."""

    kind: str
    label: str
    channels: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "label": self.label, "channels": list(self.channels)}


@dataclass(frozen=True)
class Outcome:
    """The latest alert, in figures, in a sentence, and for each person shown."""

    ref: int
    told: int
    waiting: int
    headline: str
    details: tuple[str, ...]
    fates: Mapping[str, Fate]

    def as_json(self) -> dict[str, Any]:
        return {
            "ref": self.ref,
            "told": self.told,
            "waiting": self.waiting,
            "headline": self.headline,
            "details": list(self.details),
            "fates": {who: fate.as_json() for who, fate in self.fates.items()},
        }


def latest(session: Session, people: Iterable[Person], words: Words) -> Outcome | None:
    """What became of the newest alert; None before the first."""
    alert = session.exec(select(Alert).order_by(col(Alert.id).desc()).limit(1)).first()
    if alert is None:
        return None
    fates = _fates(session, alert, people, words)
    members, agents, channels, last = _figures(session, alert)
    waiting = _waiting(session, alert)
    took = max((last or alert.created_at) - _started(session, alert), timedelta(0))
    headline = words.counted("result.told", members, seconds=words.number(took.total_seconds()))
    details = [words("result.alert", ref=alert.id)]
    details += [
        words.counted(f"result.{channel}", channels[channel])
        for channel in Channel
        if channel in channels
    ]
    details += [words.counted("result.agents", agents)] if agents else []
    details += [words.counted("result.waiting", waiting)] if waiting else []
    cost = tally.cost(session, alert.id or 0)
    details += [words.money(cost)] if cost else []
    return Outcome(alert.id or 0, members + agents, waiting, headline, tuple(details), fates)


def _started(session: Session, alert: Alert) -> datetime:
    """When the text reached us, which is before the alert was made of it."""
    inbound = session.get(InboundText, alert.inbound_id) if alert.inbound_id else None
    return inbound.received_at if inbound else alert.created_at


def _figures(session: Session, alert: Alert) -> tuple[int, int, dict[str, int], datetime | None]:
    """Members told, agents told, messages by channel, and when the last one left."""
    told = (col(Delivery.alert_id) == alert.id, col(Delivery.state).in_(TOLD))
    members, agents, last = session.exec(
        select(
            func.count(func.distinct(Delivery.member_id)),
            func.count(func.distinct(Delivery.agent_id)),
            func.max(Delivery.handed_over_at),
        ).where(*told)
    ).one()
    counts = session.exec(
        select(Delivery.channel, func.count()).where(*told).group_by(Delivery.channel)
    )
    return members, agents, dict(counts.all()), last


def _waiting(session: Session, alert: Alert) -> int:
    """Messages of this alert that may still leave."""
    query = select(func.count()).select_from(Delivery)
    return session.exec(
        query.where(Delivery.alert_id == alert.id, col(Delivery.state).in_(WAITING))
    ).one()


def _fates(
    session: Session, alert: Alert, people: Iterable[Person], words: Words
) -> dict[str, Fate]:
    states = _states(session, alert)
    twins = _twins(session, alert.community_id)
    fates = {}
    for person in people:
        if person.id in (f"m{alert.author_id}", f"a{alert.agent_id}"):
            fates[person.id] = Fate("author", words("fate.author"))
        elif person.id in states:
            fates[person.id] = _told(states[person.id], words)
        else:
            reason = _reason(person, alert, twins)
            fates[person.id] = Fate("missed", words(f"fate.{reason}"))
    return fates


def _states(session: Session, alert: Alert) -> dict[str, dict[str, str]]:
    """Per person, per channel, how far the message has come."""
    states: dict[str, dict[str, str]] = defaultdict(dict)
    query = select(Delivery.member_id, Delivery.agent_id, Delivery.channel, Delivery.state).where(
        Delivery.alert_id == alert.id
    )
    for member_id, agent_id, channel, state in session.exec(query.limit(2000)):
        states[f"m{member_id}" if member_id else f"a{agent_id}"][channel] = state
    return states


def _told(states: Mapping[str, str], words: Words) -> Fate:
    """By which channels, or how it failed."""
    told = tuple(channel for channel in Channel if states.get(channel) in TOLD)
    if told:
        label = " + ".join(words(f"fate.{channel}") for channel in told)
        return Fate("told", label, told)
    if any(state in WAITING for state in states.values()):
        return Fate("waiting", words("fate.waiting"))
    return Fate("missed", words("fate.failed"))


def _twins(session: Session, community_id: int | None) -> set[int]:
    pairs = session.exec(
        select(Twinning).where((Twinning.a_id == community_id) | (Twinning.b_id == community_id))
    )
    return {pair.a_id if pair.b_id == community_id else pair.b_id for pair in pairs}


def _reason(person: Person, alert: Alert, twins: set[int]) -> str:
    """Why nothing was sent to this person, as an id of the catalogue."""
    if person.id.startswith("s"):
        return "stranger"
    if person.id.startswith("a"):
        return "other_town" if person.town != alert.town_insee else "not_told"
    if not person.active:
        return "pending" if "pending" in person.badges else "suspended"
    return _reason_of_active(person, alert, twins)


def _reason_of_active(person: Person, alert: Alert, twins: set[int]) -> str:
    if person.community_id in twins:
        return "muted" if person.email else "twin_by_mail"
    if alert.community_id is not None and person.community_id != alert.community_id:
        return "other_community"
    if not person.mobile and not person.email and not person.stopped:
        return "landline"
    return "stop" if person.stopped and not person.email else "muted"
