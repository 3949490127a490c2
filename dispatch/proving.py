"""A resident offers a proof of address to the team (S27)."""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import col, func, select

from community_store.errors import RuleError
from community_store.models import Member, MemberState, ProofDocument
from community_store.store import lock
from dispatch import proofs, requests, team
from dispatch.act import Act
from dispatch.proof_reading import Picture

DAY = timedelta(days=1)


def require_may_offer(act: Act, member: Member) -> None:
    """To be asked before an upload is read. Raises RuleError "proof_not_pending",
    "proof_not_team" (others vouch for this home), "proof_nowhere", "proof_too_many".
    """
    if member.state != MemberState.PENDING:
        raise RuleError("proof_not_pending", f"member {member.id} is {member.state}")
    if not team.has(act, member):
        raise RuleError("proof_not_team", "the référents or the town vouch for this home")
    if member.community_id is None:
        raise RuleError("proof_nowhere", f"member {member.id} has chosen no community")
    sent = act.session.exec(
        select(func.count())
        .select_from(ProofDocument)
        .where(ProofDocument.member_id == member.id, col(ProofDocument.created_at) > act.now - DAY)
    ).one()
    if sent >= act.settings.joining.proof_tries:
        raise RuleError("proof_too_many", "too many documents today")


def offer(act: Act, member: Member, picture: Picture) -> ProofDocument:
    """Keep what `proof_reading.read` drew of an upload, for the team to decide on.

    Raises RuleError as `require_may_offer` does.
    """
    lock(act.session, f"proof:{member.id}")
    act.session.refresh(member)
    require_may_offer(act, member)
    requests.ask(act, member)
    return proofs.keep(act, member, picture)
