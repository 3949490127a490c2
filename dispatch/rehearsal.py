"""A message that only whoever asks for it receives, to see that theirs arrive."""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from community_store.errors import RuleError
from community_store.models import Delivery, Member, Notice
from community_store.store import lock
from dispatch import notices, senders
from dispatch.act import Act
from dispatch.lifecycle import HANDED_OVER
from gateway.contract import Channel

KIND = "rehearsal"
DAY = timedelta(days=1)
PER_DAY = 3


def send(act: Act, member: Member) -> Channel:
    """Send a member a message that says it is a test; by which channel.

    Raises RuleError: "rehearsal_too_many", "rehearsal_unreachable" (paused, stopped, or no
    mobile and no e-mail).
    """
    lock(act.session, f"rehearsal:{member.id}")
    if _asked(act, member) >= PER_DAY:
        raise RuleError("rehearsal_too_many", "three a day are enough")
    to = notices.reach(act.session, member, act.now)
    if to is None:
        raise RuleError("rehearsal_unreachable", f"member {member.id} cannot be written to")
    variables = {"name": member.first_name, "number": senders.answerable(act.session)}
    notices.tell(act, to, notices.Subject(KIND, variables))
    return to.channel


def arrived(session: Session, member: Member) -> bool:
    """Whether one was handed over to the member's provider."""
    query = _of(member).where(col(Delivery.state).in_([state.value for state in HANDED_OVER]))
    return session.exec(query.limit(1)).first() is not None


def _asked(act: Act, member: Member) -> int:
    recent = _of(member).where(col(Notice.created_at) > act.now - DAY).subquery()
    return act.session.exec(select(func.count()).select_from(recent)).one()


def _of(member: Member) -> SelectOfScalar[Delivery]:
    return (
        select(Delivery)
        .join(Notice, col(Notice.id) == col(Delivery.notice_id))
        .where(Notice.kind == KIND, Delivery.member_id == member.id)
    )
