"""A member closes their account (S84): what stands in the way, and what it means."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import col, select

from community_store import communities, membership
from community_store.models import Community, Delivery, DeliveryState, Member
from dispatch import outbox, requests
from dispatch.act import Act


@dataclass(frozen=True, slots=True)
class Consequences:
    """What closing means besides: `community` is the one that loses its last référent."""

    community: str = ""


def consequences(act: Act, member: Member) -> Consequences:
    """What a member should know before they close their account."""
    if not member.referent or member.community_id is None:
        return Consequences()
    if membership.referents(act.session, member.community_id, but=member.id):
        return Consequences()
    return Consequences(act.session.get_one(Community, member.community_id).name)


def close(act: Act, member: Member) -> None:
    """Erase everything personal; whoever was asked to vouch for them need not any more.

    Raises RuleError "sending" with the alert's `ref`, while one of theirs is going out.
    """
    requests.withdraw(act, member)
    outbox.cancel(act.session, _unsent(act, member), "account closed", act.now)
    home, waited = member.community_id, member.activated_at is None
    membership.close(act.session, member)
    if waited:
        communities.leave_with(act.session, member, home)


def _unsent(act: Act, member: Member) -> list[int]:
    """Codes and links that wait to leave for their addresses."""
    mine = [one for one in (member.mobile, member.landline, member.email) if one]
    rows = act.session.exec(
        select(Delivery.id).where(
            col(Delivery.address).in_(mine),
            Delivery.state == DeliveryState.QUEUED,
            col(Delivery.notice_id).is_not(None),
            col(Delivery.member_id).is_(None),
            col(Delivery.agent_id).is_(None),
        )
    )
    return [id_ for id_ in rows if id_ is not None]
