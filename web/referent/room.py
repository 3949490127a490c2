"""What the référent's pages share: who reads, and the community that they look after."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint
from sqlmodel import Session

from community_store.models import Community, Member
from dispatch.act import Act
from web import identity

room = Blueprint("referent", __name__, url_prefix="/referent")


@dataclass(frozen=True, slots=True)
class Me:
    """The référent, and their community, as rows of this transaction."""

    act: Act
    member: Member
    community: Community


def me(db: Session) -> Me:
    member = identity.member(db)
    return Me(identity.act(db), member, db.get_one(Community, member.community_id))
