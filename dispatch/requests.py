"""Requests to join: asked of whoever vouches for homes, decided once, outcome told (S21-S31)."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import ColumnElement, false, or_
from sqlmodel import Session, col, func, select

from community_store import communities, membership, movements
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
from dispatch import notices, outbox, proofs, references, senders, vouching
from dispatch.act import Act
from dispatch.incoming import Incoming
from gateway.contract import Channel

WELCOMES = {0: "welcome_first", 1: "welcome_one"}  # by how many neighbours there are


def ask(act: Act, member: Member) -> JoinRequest:
    """Open a member's request and send it on; the open one when there is one already."""
    known = open_of(act, member)
    if known is not None:
        return known
    request = _open(act, member)
    send_on(act, request, member)
    return request


def open_of(act: Act, member: Member) -> JoinRequest | None:
    """A member's open request."""
    return act.session.exec(
        select(JoinRequest).where(
            JoinRequest.member_id == member.id, JoinRequest.state == RequestState.OPEN
        )
    ).first()


def open_refs(session: Session) -> dict[int, int]:
    """The open requests: the member's id, and the reference that deciders text back."""
    query = select(JoinRequest.member_id, JoinRequest.id)
    return dict(session.exec(query.where(JoinRequest.state == RequestState.OPEN)).all())


def waiting_member(session: Session, ref: int) -> Member | None:
    """Whoever an open request is for."""
    request = session.get(JoinRequest, ref) if ref < 2**31 else None
    if request is None or request.state != RequestState.OPEN:
        return None
    return session.get(Member, request.member_id)


def _open(act: Act, member: Member) -> JoinRequest:
    request = _request(act, member, references.following(act.session, "request"))
    act.session.add(request)
    act.session.flush()
    movements.requested(act.session, [request])
    return request


def _request(act: Act, member: Member, ref: int) -> JoinRequest:
    assert member.id is not None
    return JoinRequest(
        id=ref, member_id=member.id, community_id=member.community_id, created_at=act.now
    )


def ask_for_all(act: Act) -> int:
    """Open and send on the requests of pending members who have none; how many.

    For members who were registered in bulk.
    """
    asked = select(JoinRequest.id).where(JoinRequest.member_id == col(Member.id))
    silent = act.session.exec(
        select(Member)
        .where(Member.state == MemberState.PENDING, ~asked.exists())
        .order_by(col(Member.id))
    ).all()
    refs = references.several(act.session, "request", len(silent))
    opened = [_request(act, member, ref) for member, ref in zip(silent, refs, strict=True)]
    act.session.add_all(opened)
    act.session.flush()
    movements.requested(act.session, opened)
    asked_of = _with_deciders(act, {member.community_id for member in silent})
    for request, member in zip(opened, silent, strict=True):
        if member.community_id in asked_of:
            send_on(act, request, member)
    return len(silent)


def _with_deciders(act: Act, communities: set[int | None]) -> set[int | None]:
    found = (act.session.get(Community, id_) for id_ in communities if id_ is not None)
    return {home.id for home in found if home is not None and _deciders(act, home)}


def send_on(act: Act, request: JoinRequest, member: Member) -> None:
    """To whoever vouches for homes in the request's community; to nobody where that is the team."""
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
        link = vouching.address(act.settings, request.id, person)
        about = notices.Subject("request_ask", variables | {"link": link}, request_id=request.id)
        for to in _ways(act, person):
            notices.tell(act, to, about)


def _ways(act: Act, person: Member | Agent) -> list[notices.Addressee]:
    """By SMS, which is answered by SMS, and by mail, which has a link: either will do."""
    first, mail = notices.reach(act.session, person, act.now), notices.by_mail(act.session, person)
    if first is None or mail is None or first.channel is Channel.EMAIL:
        return [to for to in (first or mail,) if to is not None]
    return [first, mail]


def _deciders(act: Act, community: Community) -> list[Member | Agent]:
    assert community.id is not None
    if community.mode == Mode.REFERENT:
        return list(membership.referents(act.session, community.id))
    town = act.session.get(Town, community.town_insee)
    if community.mode == Mode.TOWN and town is not None and town.subscribed:
        agents = act.session.exec(select(Agent).where(Agent.town_insee == town.insee))
        return [*agents]
    return []


def decider(act: Act, community: Community | None) -> Mode:
    """Who decides in fact: the team, where a community's référents or agents are none."""
    if community is None or not _deciders(act, community):
        return Mode.TEAM
    return Mode(community.mode)


def may_decide(act: Act, request: JoinRequest, *people: Member | Agent | None) -> bool:
    """Whether the request is sent to one of these: nobody else decides it, but the team."""
    if request.community_id is None:
        return False
    community = act.session.get(Community, request.community_id)
    if community is None:
        return False
    asked = {(type(one), one.id) for one in _deciders(act, community)}
    return any((type(one), one.id) in asked for one in people if one is not None)


def waiting_for(act: Act, *people: Member | Agent | None) -> list[tuple[JoinRequest, Member]]:
    """The open requests that one of these may decide, eldest first."""
    homes: list[ColumnElement[bool]] = [
        (col(Community.id) == one.community_id) & (col(Community.mode) == Mode.REFERENT.value)
        if isinstance(one, Member)
        else (col(Community.town_insee) == one.town_insee)
        & (col(Community.mode) == Mode.TOWN.value)
        for one in people
        if one is not None
    ]
    rows = act.session.exec(
        select(JoinRequest, Member)
        .join(Member, col(Member.id) == col(JoinRequest.member_id))
        .join(Community, col(Community.id) == col(JoinRequest.community_id))
        .where(
            JoinRequest.state == RequestState.OPEN,
            Member.state == MemberState.PENDING,
            or_(false(), *homes),
        )
        .order_by(col(JoinRequest.created_at), col(JoinRequest.id))
    ).all()
    sample = {request.community_id: request for request, _ in rows}  # who decides is the same
    mine = {home for home, request in sample.items() if may_decide(act, request, *people)}
    return [row for row in rows if row[0].community_id in mine]


def decide(act: Act, request: JoinRequest, *, accept: bool, by: str, reason: str = "") -> bool:
    """Accept or refuse, and tell the person; False when it was decided before."""
    act.session.refresh(request, with_for_update=True)
    member = act.session.get(Member, request.member_id)
    if request.state != RequestState.OPEN or member is None:
        return False
    if member.state != MemberState.PENDING:
        return False
    _close(act, request, RequestState.ACCEPTED if accept else RequestState.REFUSED, by)
    request.reason = " ".join(reason.split())
    if accept:
        membership.activate(act.session, member)
        act.session.flush()
        welcome(act, member)
    else:
        _tell_refused(act, member)
        _let_go(act, request, member)
    return True


def _let_go(act: Act, request: JoinRequest, member: Member) -> None:
    """An account that was active before is only not of that community, and may ask another; its
    new request is of none. Others close.
    """
    if member.activated_at is None or request.community_id is None:
        home = member.community_id
        membership.refuse(act.session, member)
        communities.leave_with(act.session, member, home)
        return
    membership.move(act.session, member, None)
    act.session.flush()
    ask(act, member)


def decide_for(act: Act, member: Member, *, accept: bool, by: str, reason: str = "") -> bool:
    """As `decide`, for a pending member, whether or not a request was ever opened."""
    request = open_of(act, member) or _open(act, member)
    return decide(act, request, accept=accept, by=by, reason=reason)


def close(act: Act, member: Member, *, by: str) -> None:
    """A member became active in another way: nobody need decide any more."""
    assert member.id is not None
    proofs.destroy(act, member.id, "decided")
    request = open_of(act, member)
    if request is not None:
        _close(act, request, RequestState.ACCEPTED, by)


def withdraw(act: Act, member: Member) -> None:
    """Whoever asked leaves: nobody need decide any more."""
    request = open_of(act, member)
    if request is not None:
        _close(act, request, RequestState.REFUSED, "member")


def _close(act: Act, request: JoinRequest, state: RequestState, by: str) -> None:
    request.state = state
    request.decided_by, request.decided_at = by, act.now
    act.session.add(request)
    act.session.flush()
    proofs.destroy(act, request.member_id, "decided")
    outbox.cancel_asking(act.session, request.id, act.now)


def welcome(act: Act, member: Member, incoming: Incoming | None = None) -> None:
    """Tell a member that their account is active (S33), in answer to a text if they wrote one:
    by SMS to those who have a mobile, and by e-mail, which has room for more, to all who have
    an address.
    """
    community = act.session.get(Community, member.community_id) if member.community_id else None
    name = community.name if community else ""
    count, number = _neighbours(act, member), senders.answerable(act.session)
    kind = WELCOMES.get(count, "welcome") if community else "welcome_nowhere"
    variables = {"community": name, "count": count, "number": number}
    if incoming is not None:
        incoming.answer(kind, community=name, count=count, number=number)
        to = None
    elif (to := notices.reach(act.session, member, act.now)) is not None:
        notices.tell(act, to, notices.Subject(kind, variables))
    mail = notices.by_mail(act.session, member)
    if mail is not None and (to is None or to.channel is not Channel.EMAIL):
        notices.tell(act, mail, notices.Subject(kind, variables))


def _neighbours(act: Act, member: Member) -> int:
    return act.session.exec(
        select(func.count())
        .select_from(Member)
        .where(
            Member.community_id == member.community_id,
            Member.state == MemberState.ACTIVE,
            col(Member.id) != member.id,
        )
    ).one()


def _tell_refused(act: Act, member: Member) -> None:
    """To the number alone: what is addressed to the account is erased with it."""
    to = notices.reach(act.session, member, act.now)
    if to is not None:
        notices.tell(act, replace(to, member_id=None), notices.Subject("request_refused", {}))
