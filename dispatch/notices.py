"""Messages of the service that are no alert: answers, receipts, all-clears, summaries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from community_store.models import Audience, Delivery, Notice, Number, Wording
from config import Settings
from dispatch import senders, wording
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


def text(
    session: Session,
    settings: Settings,
    to: Addressee,
    about: Subject,
    *,
    now: datetime,
    number: Number | None = None,
) -> Notice:
    """Queue one SMS of the highest class, from `number` or from the person's usual one."""
    words = wording.notice(settings, to.language, about.kind, dict(about.variables))
    notice = Notice(
        kind=about.kind, alert_id=about.alert_id, inbound_id=about.inbound_id, created_at=now
    )
    session.add(notice)
    session.flush()
    said = Wording(
        notice_id=notice.id,
        audience=Audience.PERSON,
        language=to.language,
        sms=words.sms,
        segments=words.segments,
        subject=words.subject,
        mail=words.mail,
    )
    session.add(said)
    session.flush()
    number = number or senders.senders(session).of(to.member_id or to.agent_id or 0)
    assert said.id is not None
    session.add(
        Delivery(
            notice_id=notice.id,
            wording_id=said.id,
            member_id=to.member_id,
            agent_id=to.agent_id,
            audience=Audience.PERSON,
            channel=Channel.SMS,
            address=to.address,
            gateway=number.gateway if number else senders.NO_GATEWAY,
            number_id=number.id if number else None,
            priority=Priority.ANSWER,
            size=1,
            segments=words.segments,
            price=words.segments * (number.price if number else 0),
            created_at=now,
            due_at=now,
            expires_at=now + timedelta(minutes=settings.dispatch.time_to_live.notice),
        )
    )
    session.flush()
    return notice
