"""A request goes where its member is now: to a first community, or to another."""

from __future__ import annotations

from sqlmodel import col, select

from community_store import movements
from community_store.models import Community, JoinRequest, Member, MemberState, RequestState
from dispatch import outbox, requests
from dispatch.act import Act


def catch_up(act: Act) -> None:
    """A community was drawn around homes that had none (S17): its deciders are asked now."""
    found = act.session.exec(
        select(JoinRequest, Member)
        .join(Member, col(Member.id) == col(JoinRequest.member_id))
        .where(
            JoinRequest.state == RequestState.OPEN,
            col(JoinRequest.community_id).is_(None),
            col(Member.community_id).is_not(None),
        )
    ).all()
    for request, member in found:
        request.community_id = member.community_id
        act.session.add(request)
        movements.requested(act.session, [request])
        requests.send_on(act, request, member)


def follow(act: Act, member: Member) -> JoinRequest:
    """A pending member's request goes to those who vouch where the member is now, and its time
    begins anew; it is opened when there is none.
    """
    known = requests.open_of(act, member)
    if known is None:
        return requests.ask(act, member)
    if known.community_id != member.community_id:
        _redirect(act, known, member)
    return known


def _redirect(act: Act, request: JoinRequest, member: Member) -> None:
    """The member asks another community: whoever was asked need not answer any more."""
    outbox.cancel_asking(act.session, request.id, act.now)
    request.community_id, request.team_due_at = member.community_id, None
    request.created_at = act.now
    act.session.add(request)
    act.session.flush()
    movements.requested(act.session, [request])
    requests.send_on(act, request, member)


def ask_anew(act: Act, community: Community) -> None:
    """Others vouch for homes now: whoever was asked need not answer, and they are asked.

    What the team has in hand stays in its queue too: somebody may be proving their home.
    """
    waiting = act.session.exec(
        select(JoinRequest, Member)
        .join(Member, col(Member.id) == col(JoinRequest.member_id))
        .where(
            JoinRequest.state == RequestState.OPEN,
            JoinRequest.community_id == community.id,
            Member.state == MemberState.PENDING,
        )
        .order_by(col(JoinRequest.id))
    ).all()
    for request, member in waiting:
        outbox.cancel_asking(act.session, request.id, act.now)
        requests.send_on(act, request, member)
