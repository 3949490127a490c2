"""The link with which somebody who is asked to vouch for a home opens that one request.

It says which request and who was asked, and is signed; whether they may still decide is
asked again whenever it is used.
"""

from __future__ import annotations

from dataclasses import dataclass

from itsdangerous import BadData, URLSafeSerializer

from community_store.models import Agent, JoinRequest, Member, MemberState, RequestState
from config import Settings
from dispatch.act import Act

PATH = "/decide/"  # where web/ shows the page; a test holds them together
SALT = "tocsin vouching"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, for whom it is, and who was asked."""

    request: JoinRequest
    member: Member
    decider: Member | Agent


def address(settings: Settings, ref: int, person: Member | Agent) -> str:
    """The page of a request, for one person."""
    kind = "member" if isinstance(person, Member) else "agent"
    token = _signer(settings).dumps([ref, kind, person.id])
    return f"{settings.service.site}{PATH}{token}"


def opened(act: Act, token: str) -> Asked | None:
    """What a link opens; None for a forged one, or when nobody waits there any more."""
    try:
        ref, kind, id_ = _signer(act.settings).loads(token)
    except (BadData, ValueError, TypeError):
        return None
    request = act.session.get(JoinRequest, ref)
    decider: Member | Agent | None = (
        act.session.get(Member, id_) if kind == "member" else act.session.get(Agent, id_)
    )
    if request is None or decider is None or request.state != RequestState.OPEN:
        return None
    member = act.session.get(Member, request.member_id)
    if member is None or member.state != MemberState.PENDING:
        return None
    return Asked(request, member, decider)


def _signer(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(settings.secret_key(), salt=SALT)
