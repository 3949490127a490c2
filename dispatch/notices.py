"""Messages of the service that are no alert: answers, receipts, requests, summaries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session

from community_store import optouts
from community_store.models import Agent, Audience, Delivery, Member, Notice, Number, Wording
from dispatch import senders, wording
from dispatch.act import Act
from dispatch.priority import Priority
from dispatch.runtime import MAIL
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
    """What a notice is about, for its row."""

    kind: str
    variables: Mapping[str, object]
    alert_id: int | None = None
    inbound_id: int | None = None
    request_id: int | None = None


def reach(session: Session, person: Member | Agent) -> Addressee | None:
    """How to tell a person something: by SMS unless they stopped it, else by e-mail."""
    who = {"member_id" if isinstance(person, Member) else "agent_id": person.id}
    for channel, address in ((Channel.SMS, person.mobile), (Channel.EMAIL, person.email)):
        if address and not optouts.stopped(session, address, channel):
            return Addressee(address, person.language, channel=channel, **who)
    return None


def tell(act: Act, to: Addressee, about: Subject, *, number: Number | None = None) -> Notice:
    """Queue one message of the highest class, from `number` or the person's usual one."""
    words = wording.notice(act.settings, to.language, about.kind, dict(about.variables))
    notice = Notice(
        kind=about.kind,
        alert_id=about.alert_id,
        inbound_id=about.inbound_id,
        request_id=about.request_id,
        created_at=act.now,
    )
    act.session.add(notice)
    act.session.flush()
    said = wording.row(words, Audience.PERSON, to.language, notice_id=notice.id)
    act.session.add(said)
    act.session.flush()
    act.session.add(_delivery(act, to, said, number))
    act.session.flush()
    return notice


def _delivery(act: Act, to: Addressee, said: Wording, number: Number | None) -> Delivery:
    assert said.id is not None
    by_sms = to.channel is Channel.SMS
    sender = _sender(act, to, number) if by_sms else None
    segments = said.segments if by_sms else 0
    live = timedelta(minutes=act.settings.dispatch.time_to_live.notice)
    return Delivery(
        notice_id=said.notice_id,
        wording_id=said.id,
        member_id=to.member_id,
        agent_id=to.agent_id,
        audience=Audience.PERSON,
        channel=to.channel,
        address=to.address,
        gateway=(sender.gateway if sender else senders.NO_GATEWAY) if by_sms else MAIL,
        number_id=sender.id if sender else None,
        priority=Priority.ANSWER,
        segments=segments,
        price=segments * (sender.price if sender else 0.0),
        created_at=act.now,
        due_at=act.now,
        expires_at=act.now + live,
    )


def _sender(act: Act, to: Addressee, number: Number | None) -> Number | None:
    person = to.member_id or to.agent_id or 0
    return number or senders.senders(act.session).of(person)
