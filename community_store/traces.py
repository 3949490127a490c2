"""Where a member has left traces under an address: messages to it, texts from it.

A code or a link goes to an address before anybody knows whose it is, so its rows name no
member; and a number that a member has given up is still on what it sent and received.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists, false
from sqlmodel import Session, col, func, or_, select

from community_store.folding import unaccented
from community_store.models import (
    TO_THE_TEAM,
    Delivery,
    DeliveryState,
    Member,
    MemberState,
    Notice,
    Reply,
    Wording,
)

ERASED = "erased-"  # what stands for an address that is forgotten, with the row's id
DUE = (
    DeliveryState.QUEUED,
    DeliveryState.HELD,
    DeliveryState.SENDING,
    DeliveryState.UNKNOWN,
)


def addresses(session: Session, member: Member) -> list[str]:
    """A member's numbers and e-mail; those given up too, unless somebody else has them now."""
    present = [one for one in (member.mobile, member.landline, member.email) if one]
    used = session.exec(
        select(Delivery.address)
        .outerjoin(Notice, col(Notice.id) == Delivery.notice_id)
        .where(
            Delivery.member_id == member.id,
            col(Delivery.address).not_like(f"{ERASED}%"),
            func.coalesce(Notice.kind, "") != TO_THE_TEAM,  # of which the member is the writer
        )
        .distinct()
    ).all()
    former = set(used) - set(present)
    return present + sorted(former - _held(session, former))


def _held(session: Session, former: set[str]) -> set[str]:
    """Those that somebody has now."""
    columns = (col(Member.mobile), col(Member.landline), col(Member.email))
    open_ = select(Member).where(Member.state != MemberState.CLOSED)
    holders = session.exec(open_.where(or_(*(one.in_(former) for one in columns)))).all()
    return {one for who in holders for one in (who.mobile, who.landline, who.email) if one}


def theirs(member: Member, known: list[str]) -> ColumnElement[bool]:
    """SQL: a delivery to a member, or a notice to an address of theirs that names nobody and
    has gone.
    """
    unnamed = and_(
        col(Delivery.notice_id).is_not(None),
        col(Delivery.member_id).is_(None),
        col(Delivery.agent_id).is_(None),
        col(Delivery.address).in_(known),
        col(Delivery.state).not_in(DUE),
    )
    return or_(col(Delivery.member_id) == member.id, unnamed)


def naming(member: Member) -> ColumnElement[bool]:
    """SQL: words that told others what a member answered to an alert, and by name.

    What has still to leave with them is let go; the retention of texts forgets it.
    """
    answered = select(Reply.alert_id).where(Reply.member_id == member.id)
    passed_on = select(Notice.id).where(col(Notice.alert_id).in_(answered))
    names = (f"{member.first_name} {member.last_name}".strip(), member.pseudonym)
    said = {form for name in names if name for form in (name, unaccented(name))}
    waiting = exists().where(
        col(Delivery.wording_id) == col(Wording.id), col(Delivery.state).in_(DUE)
    )
    return and_(
        col(Wording.notice_id).in_(passed_on),
        or_(false(), *(col(Wording.sms).contains(name, autoescape=True) for name in said)),
        ~waiting,
    )
