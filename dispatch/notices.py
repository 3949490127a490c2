"""Messages of the service that are no alert: answers, receipts, all-clears, summaries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from community_store.models import Audience, Delivery, Notice, Number, Wording
from dispatch import senders, wording
from dispatch.act import Act
from dispatch.priority import Priority
from gateway.contract import Channel


@dataclass(frozen=True, slots=True)
class Addressee:
    """One person to tell by SMS. Neither id for a number that we do not know."""

    address: str
    language: str = "fr"
    member_id: int | None = None
    agent_id: int | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What a notice is about, for its row."""

    kind: str
    variables: Mapping[str, object]
    alert_id: int | None = None
    inbound_id: int | None = None


def text(act: Act, to: Addressee, about: Subject, *, number: Number | None = None) -> Notice:
    """Queue one SMS of the highest class, from `number` or from the person's usual one."""
    words = wording.notice(act.settings, to.language, about.kind, dict(about.variables))
    notice = Notice(
        kind=about.kind,
        alert_id=about.alert_id,
        inbound_id=about.inbound_id,
        created_at=act.now,
    )
    act.session.add(notice)
    act.session.flush()
    said = wording.row(words, Audience.PERSON, to.language, notice_id=notice.id)
    act.session.add(said)
    act.session.flush()
    person = to.member_id or to.agent_id or 0
    sender = number or senders.senders(act.session).of(person)
    act.session.add(_delivery(act, to, said, sender))
    act.session.flush()
    return notice


def _delivery(act: Act, to: Addressee, said: Wording, sender: Number | None) -> Delivery:
    assert said.id is not None
    live = timedelta(minutes=act.settings.dispatch.time_to_live.notice)
    return Delivery(
        notice_id=said.notice_id,
        wording_id=said.id,
        member_id=to.member_id,
        agent_id=to.agent_id,
        audience=Audience.PERSON,
        channel=Channel.SMS,
        address=to.address,
        gateway=sender.gateway if sender else senders.NO_GATEWAY,
        number_id=sender.id if sender else None,
        priority=Priority.ANSWER,
        segments=said.segments,
        price=said.segments * (sender.price if sender else 0.0),
        created_at=act.now,
        due_at=act.now,
        expires_at=act.now + live,
    )
