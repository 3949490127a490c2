"""Requests to join: asked of whoever vouches for homes, decided once, outcome told (S21-S31)."""

from __future__ import annotations

from sqlmodel import col, func, select

from community_store import membership
from community_store.models import (
    Agent,
    Community,
    JoinRequest,
    Member,
    MemberState,
    Mode,
    RequestState,
    Town,
)
from community_store.visibility import full_name
from dispatch import notices, references, senders
from dispatch.act import Act
from dispatch.incoming import Incoming


def ask(act: Act, member: Member) -> JoinRequest:
    """Open a member's request and send it on; the open one when there is one already."""
    assert member.id is not None
    known = act.session.exec(
        select(JoinRequest).where(
            JoinRequest.member_id == member.id, JoinRequest.state == RequestState.OPEN
        )
    ).first()
    if known is not None:
        return known
    request = JoinRequest(
        id=references.following(act.session, "request"),
        member_id=member.id,
        community_id=member.community_id,
        created_at=act.now,
    )
    act.session.add(request)
    act.session.flush()
    _send_on(act, request, member)
    return request


def _send_on(act: Act, request: JoinRequest, member: Member) -> None:
    community = act.session.get(Community, request.community_id) if request.community_id else None
    if community is None:
        return  # the team has it in `tocsin request list`
    variables = {
        "ref": request.id,
        "name": full_name(member),
        "address": member.address,
        "community": community.name,
    }
    for person in _deciders(act, community):
        if (to := notices.reach(act.session, person)) is not None:
            notices.tell(act, to, notices.Subject("request_ask", variables))


def _deciders(act: Act, community: Community) -> list[Member | Agent]:
    assert community.id is not None
    if community.mode == Mode.REFERENT:
        return list(membership.referents(act.session, community.id))
    town = act.session.get(Town, community.town_insee)
    if community.mode == Mode.TOWN and town is not None and town.subscribed:
        agents = act.session.exec(select(Agent).where(Agent.town_insee == town.insee))
        return [*agents]
    return []


def may_decide(incoming: Incoming, request: JoinRequest) -> bool:
    """Only those whom the request was sent to."""
    if request.community_id is None:
        return False
    community = incoming.session.get(Community, request.community_id)
    if community is None:
        return False
    people = _deciders(incoming.act, community)
    return incoming.member in people or incoming.agent in people


def decide(act: Act, request: JoinRequest, *, accept: bool, by: str) -> bool:
    """Accept or refuse, and tell the person; False when it was decided before."""
    act.session.refresh(request, with_for_update=True)
    member = act.session.get(Member, request.member_id)
    if request.state != RequestState.OPEN or member is None:
        return False
    if member.state != MemberState.PENDING:
        return False
    request.state = RequestState.ACCEPTED if accept else RequestState.REFUSED
    request.decided_by, request.decided_at = by, act.now
    act.session.add(request)
    if accept:
        membership.activate(act.session, member)
        act.session.flush()
        welcome(act, member)
    else:
        _tell(act, member, "request_refused", {})
        membership.refuse(act.session, member)
    return True


def welcome(act: Act, member: Member) -> None:
    """Tell a member that their account is active (S33)."""
    community = act.session.get(Community, member.community_id) if member.community_id else None
    if community is None:
        return
    count = act.session.exec(
        select(func.count())
        .select_from(Member)
        .where(
            Member.community_id == community.id,
            Member.state == MemberState.ACTIVE,
            col(Member.id) != member.id,
        )
    ).one()
    number = senders.answerable(act.session)
    _tell(act, member, "welcome", {"community": community.name, "count": count, "number": number})


def _tell(act: Act, member: Member, kind: str, variables: dict[str, object]) -> None:
    to = notices.reach(act.session, member)
    if to is not None:
        notices.tell(act, to, notices.Subject(kind, variables))
