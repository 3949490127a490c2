"""Messages of the service that are no alert: answers, receipts, requests, summaries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from sqlmodel import Session

from community_store import optouts, subscriptions
from community_store.errors import RuleError
from community_store.models import (
    Agent,
    Audience,
    Delivery,
    Member,
    Mute,
    Notice,
    Number,
    Topic,
    Wording,
)
from dispatch import night, notifications, senders, wording
from dispatch.act import Act
from dispatch.notifications import Opens
from dispatch.priority import Priority
from dispatch.runtime import MAIL, PUSH
from gateway.contract import Channel


@dataclass(frozen=True, slots=True)
class Addressee:
    """One person to tell. Neither id for a number that we do not know."""

    address: str
    language: str = "fr"
    member_id: int | None = None
    agent_id: int | None = None
    channel: Channel = Channel.SMS


@dataclass(frozen=True, slots=True)
class Subject:
    """What a notice is about, for its row. `names_id` is the member whom its words name."""

    kind: str
    variables: Mapping[str, object]
    alert_id: int | None = None
    inbound_id: int | None = None
    live: timedelta | None = None  # how long it is of use; as configured when None
    request_id: int | None = None
    names_id: int | None = None
    opens: Opens | None = None  # by a notification; the alert's page, or the home page, when None

    @property
    def page(self) -> Opens:
        if self.opens is not None or self.alert_id is None:
            return self.opens or Opens()
        return Opens(notifications.of_alert(self.alert_id).path)


def reach(session: Session, person: Member | Agent, now: datetime) -> Addressee | None:
    """How to tell a person something: by SMS unless they stopped or paused it, else by e-mail."""
    paused = isinstance(person, Member) and person.paused_until and person.paused_until > now
    who = {"member_id" if isinstance(person, Member) else "agent_id": person.id}
    for channel, address in ((Channel.SMS, person.mobile), (Channel.EMAIL, person.email)):
        if channel is Channel.SMS and paused:
            continue
        if address and not optouts.stopped(session, address, channel):
            return Addressee(address, person.language, channel=channel, **who)
    return None


def by_mail(session: Session, person: Member | Agent) -> Addressee | None:
    """A person's e-mail, unless there is none or it said STOP."""
    if not person.email or optouts.stopped(session, person.email, Channel.EMAIL):
        return None
    who = {"member_id" if isinstance(person, Member) else "agent_id": person.id}
    return Addressee(person.email, person.language, channel=Channel.EMAIL, **who)


def devices(session: Session, member: Member) -> list[Addressee]:
    """Where a member has notifications."""
    return [
        Addressee(one.address, member.language, member_id=member.id, channel=Channel.PUSH)
        for one in subscriptions.of(session, member.id)
    ]


def notify(act: Act, member: Member, about: Subject, *, topic: Topic | None = None) -> int:
    """Queue a notification on each of a member's devices; how many: none where they turned its
    `topic` off (S81). Raises KeyError for what is none.
    """
    if topic and act.session.get(Mute, (member.id, topic.value, Channel.PUSH.value)):
        return 0
    where = devices(act.session, member)
    said = _said(act, where[0], about) if where else None
    for to in where:
        assert said is not None
        act.session.add(_delivery(act, to, said, _way(act, to, said, None, live=about.live)))
    act.session.flush()
    return len(where)


def tell(act: Act, to: Addressee, about: Subject, *, number: Number | None = None) -> Notice:
    """Queue one message of the highest class, from `number` or the person's usual one.

    A call waits for the morning when it is night. Raises RuleError when nobody can call,
    KeyError for a call or a notification about what is never one.
    """
    said = _said(act, to, about)
    act.session.add(_delivery(act, to, said, _way(act, to, said, number, live=about.live)))
    act.session.flush()
    return act.session.get_one(Notice, said.notice_id)


def _said(act: Act, to: Addressee, about: Subject) -> Wording:
    """The notice and its words."""
    words = wording.notice(
        act.settings, to.language, about.kind, dict(about.variables), opens=about.page
    )
    notice = Notice(
        kind=about.kind,
        alert_id=about.alert_id,
        inbound_id=about.inbound_id,
        request_id=about.request_id,
        names_id=about.names_id,
        created_at=act.now,
    )
    act.session.add(notice)
    act.session.flush()
    said = wording.row(words, Audience.PERSON, to.language, notice_id=notice.id)
    if to.channel is Channel.VOICE and not said.voice:
        raise KeyError(f"{about.kind} is not spoken")
    if to.channel is Channel.PUSH and not said.push:
        raise KeyError(f"{about.kind} is no notification")
    act.session.add(said)
    act.session.flush()
    return said


@dataclass(frozen=True, slots=True)
class _Way:
    """How one notice leaves: by which number (None: mail, push, or none yet), when, at what price."""

    number: Number | None
    gateway: str
    segments: int
    price: float
    due_at: datetime
    expires_at: datetime


def _way(
    act: Act, to: Addressee, said: Wording, number: Number | None, *, live: timedelta | None
) -> _Way:
    person, due = to.member_id or to.agent_id or 0, act.now
    lasts = live or timedelta(minutes=act.settings.dispatch.time_to_live.notice)
    match to.channel:
        case Channel.EMAIL:
            return _Way(None, MAIL, 0, 0.0, due, due + lasts)
        case Channel.PUSH:
            return _Way(None, PUSH, 0, 0.0, due, due + lasts)
        case Channel.SMS:
            sender = number or senders.senders(act.session, act.now).of(person)
            gateway, price = (sender.gateway, sender.price) if sender else (senders.NO_GATEWAY, 0.0)
            return _Way(sender, gateway, said.segments, said.segments * price, due, due + lasts)
        case Channel.VOICE:
            caller = senders.callers(act.session, act.now).of(person)
            if caller is None:
                raise RuleError("no_voice", "no number can call: `tocsin number set N --voice`")
            due = night.ring_from(act.settings.service.time_zone, act.now)
            return _Way(caller, caller.gateway, 0, caller.call_price, due, due + lasts)
    assert_never(to.channel)


def _delivery(act: Act, to: Addressee, said: Wording, way: _Way) -> Delivery:
    assert said.id is not None
    return Delivery(
        notice_id=said.notice_id,
        wording_id=said.id,
        member_id=to.member_id,
        agent_id=to.agent_id,
        audience=Audience.PERSON,
        channel=to.channel,
        address=to.address,
        gateway=way.gateway,
        number_id=way.number.id if way.number else None,
        priority=Priority.ANSWER,
        segments=way.segments,
        price=way.price,
        created_at=act.now,
        due_at=way.due_at,
        expires_at=way.expires_at,
    )
