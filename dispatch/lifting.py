"""A suspension is lifted by the team, who suspended: alerts come and go again (A11)."""

from __future__ import annotations

from sqlmodel import col, select

from community_store import audit, membership
from community_store.models import Member, MemberState
from dispatch import notices
from dispatch.act import Act

MOST = 200


def suspended(act: Act) -> list[Member]:
    """Those who are, by name; no more than one page holds."""
    rows = act.session.exec(
        select(Member)
        .where(Member.state == MemberState.SUSPENDED)
        .order_by(col(Member.last_name), col(Member.first_name), col(Member.id))
        .limit(MOST)
    )
    return list(rows)


def lift(act: Act, member: Member, *, by: str) -> bool:
    """Let somebody in again, and tell them; False when somebody was quicker."""
    act.session.refresh(member, with_for_update=True)
    if member.state != MemberState.SUSPENDED:
        return False
    if member.activated_at is None:  # whose home nobody has vouched for yet
        member.state, member.suspended_why = MemberState.PENDING, ""
    else:
        membership.activate(act.session, member)
    audit.note(act.session, by, "unsuspended", f"member {member.id}", at=act.now)
    to = notices.by_mail(act.session, member) or notices.reach(act.session, member, act.now)
    if to is not None:
        notices.tell(act, to, notices.Subject("report_lifted", {}))
    return True
