"""The link with which a référent answers a proposed twinning from their mail.

It says which proposal and who was asked, and is signed. It serves once: whether the proposal
waits, and whether its holder may still answer, is asked again whenever it is used.
"""

from __future__ import annotations

from dataclasses import dataclass

from itsdangerous import BadData, URLSafeSerializer

from community_store.models import Member, TwinningProposal
from config import Settings
from dispatch.act import Act

PATH = "/twinning/"  # where web/ shows the page; a test holds them together
SALT = "tocsin twinning"


@dataclass(frozen=True, slots=True)
class Asked:
    """A proposal, and the référent who was asked."""

    proposal: TwinningProposal
    referent: Member


def address(settings: Settings, proposal: TwinningProposal, referent: Member) -> str:
    """The page of a proposal, for one person."""
    token = _signer(settings).dumps([proposal.id, referent.id])
    return f"{settings.service.site}{PATH}{token}"


def opened(act: Act, token: str) -> Asked | None:
    """What a link opens; None for a forged one. `pairing.may_answer` says what it is worth."""
    try:
        proposal_id, member_id = _signer(act.settings).loads(token)
    except (BadData, ValueError, TypeError):
        return None
    proposal = act.session.get(TwinningProposal, proposal_id)
    member = act.session.get(Member, member_id)
    return Asked(proposal, member) if proposal and member else None


def _signer(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(settings.secret_key(), salt=SALT)
