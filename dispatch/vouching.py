"""The link with which somebody who is asked to vouch for a home opens that one request.

It says which request and who was asked, and is signed; whether they may still decide is
asked again whenever it is used.
"""

from __future__ import annotations

from dataclasses import dataclass

from itsdangerous import BadData, URLSafeSerializer
from sqlmodel import col, select

from community_store.models import (
    Agent,
    Community,
    JoinRequest,
    Member,
    MemberState,
    Movement,
    MovementKind,
    RequestState,
)
from config import Settings
from dispatch.act import Act

PATH = "/decide/"  # where web/ shows the page; a test holds them together
SALT = "tocsin vouching"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and who was asked."""

    request: JoinRequest
    decider: Member | Agent


def address(settings: Settings, ref: int, person: Member | Agent) -> str:
    """The page of a request, for one person."""
    kind = "member" if isinstance(person, Member) else "agent"
    token = _signer(settings).dumps([ref, kind, person.id, _since(person)])
    return f"{settings.service.site}{PATH}{token}"


def _since(person: Member | Agent) -> int:
    """SQLite gives the number of an agent who is gone to the next: their links must not be one's."""
    return int(person.created_at.timestamp())


def opened(act: Act, token: str) -> Asked | None:
    """What a link is of, decided or not; None for a forged one."""
    try:
        ref, kind, id_, since = _signer(act.settings).loads(token)
    except (BadData, ValueError, TypeError):
        return None
    request = act.session.get(JoinRequest, ref)
    decider: Member | Agent | None = (
        act.session.get(Member, id_) if kind == "member" else act.session.get(Agent, id_)
    )
    if request is None or decider is None or _since(decider) != since:
        return None
    return Asked(request, decider)


def waiting(act: Act, request: JoinRequest) -> Member | None:
    """Who waits to be vouched for; None once that is decided, or they wait no more: from then on
    whoever was asked may know nothing of them by it.
    """
    member = act.session.get(Member, request.member_id)
    if request.state != RequestState.OPEN or member is None:
        return None
    return member if member.state == MemberState.PENDING else None


def moved_on(act: Act, request: JoinRequest, *people: Member | Agent | None) -> bool:
    """Whether a request was one of these people's neighbourhood's, or town's, and is no longer:
    whoever asks has turned to another.
    """
    query = (
        select(Community)
        .join(Movement, col(Movement.community_id) == col(Community.id))
        .where(Movement.kind == MovementKind.REQUEST, Movement.request_id == request.id)
    )
    asked = [home for home in act.session.exec(query) if any(_home_of(one, home) for one in people)]
    return bool(asked) and all(home.id != request.community_id for home in asked)


def _home_of(person: Member | Agent | None, community: Community) -> bool:
    if isinstance(person, Agent):
        return person.town_insee == community.town_insee
    if person is None or person.state != MemberState.ACTIVE:
        return False
    return person.referent and person.community_id == community.id


def _signer(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(settings.secret_key(), salt=SALT)
