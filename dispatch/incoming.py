"""A text being read: who sent it, to which number, and how it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import bindparam, func, select
from sqlmodel import Session, col

from community_store.columns import UtcDateTime
from community_store.models import (
    Agent,
    Delivery,
    InboundText,
    Member,
    MemberState,
    Notice,
    Number,
    NumberKind,
)
from config import Settings
from dispatch import notices, senders
from dispatch.act import Act
from gateway import numbers

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Incoming:
    """One whole text (its parts joined), with the person behind the number, if any."""

    act: Act
    row: InboundText
    text: str
    member: Member | None
    agent: Agent | None
    number: Number | None
    spoken: str = "fr"  # the language of somebody whom we do not know

    @property
    def session(self) -> Session:
        return self.act.session

    @property
    def settings(self) -> Settings:
        return self.act.settings

    @property
    def now(self) -> datetime:
        return self.act.now

    @property
    def language(self) -> str:
        person = self.member or self.agent
        return person.language if person else self.spoken

    @property
    def addressee(self) -> notices.Addressee:
        return notices.Addressee(
            self.row.sender,
            self.language,
            member_id=self.member.id if self.member else None,
            agent_id=self.agent.id if self.agent and not self.member else None,
        )

    def answer(self, kind: str, alert_id: int | None = None, **variables: object) -> Notice | None:
        """Answer the sender once, unless that could start a loop or a storm (sms.md, 6)."""
        if not numbers.answerable(self.row.sender):
            return None
        if self._answered_enough():
            log.warning("answers_stopped", inbound=self.row.id)
            return None
        two_way = self.number if self.number and self.number.kind != NumberKind.SENDER else None
        about = notices.Subject(kind, variables, alert_id=alert_id, inbound_id=self.row.id)
        return notices.tell(self.act, self.addressee, about, number=two_way)

    def _answered_enough(self) -> bool:
        limits = self.settings.alerts
        since = self.now - timedelta(minutes=limits.answers_minutes)
        answered = self.session.scalar(ANSWERED, {"sender": self.row.sender, "since": since})
        return (answered or 0) >= limits.answers_max


def incoming_of(act: Act, row: InboundText, text: str) -> Incoming:
    """A text with the person behind its sender's number, as they are known now."""
    return Incoming(
        act=act,
        row=row,
        text=text,
        member=member_of(act.session, row.sender),
        agent=agent_of(act.session, row.sender),
        number=senders.texted(act.session, row.recipient),
    )


def member_of(session: Session, sender: str) -> Member | None:
    """The account with this mobile, unless it is closed."""
    return session.scalars(MEMBER, {"sender": sender}).first()


def agent_of(session: Session, sender: str) -> Agent | None:
    """The agent with this mobile."""
    return session.scalars(AGENT, {"sender": sender}).first()


# every text asks: built once
MEMBER = select(Member).where(
    col(Member.mobile) == bindparam("sender"), col(Member.state) != MemberState.CLOSED.value
)
AGENT = select(Agent).where(col(Agent.mobile) == bindparam("sender"))
ANSWERED = (
    select(func.count())
    .select_from(Delivery)
    .join(Notice, col(Notice.id) == col(Delivery.notice_id))
    .where(
        col(Delivery.address) == bindparam("sender"),
        col(Delivery.created_at) > bindparam("since", type_=UtcDateTime()),
        col(Delivery.notice_id).is_not(None),
        col(Notice.inbound_id).is_not(None),
    )
)
