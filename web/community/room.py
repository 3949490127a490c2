"""What the pages of one's own community share: who reads, and the forms of référents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session, col, select

from community_store.errors import RuleError
from community_store.models import Community, Member
from community_store.visibility import viewer_of, visible
from dispatch import refusals, wake
from dispatch.act import Act
from web import i18n, identity

room = Blueprint("neighbourhood", __name__, url_prefix="/community")

OFTEN = "120 per hour"


@dataclass(frozen=True, slots=True)
class Here:
    """A member and their community, as rows of this transaction."""

    act: Act
    member: Member
    community: Community


def here(db: Session) -> Here:
    """For routes of members and référents; 404 for who has just moved out."""
    member = identity.member(db)
    home = db.get(Community, member.community_id) if member.community_id else None
    if home is None:
        abort(404)
    return Here(identity.act(db), member, home)


def looked_after(db: Session) -> Here:
    """As `here`, for a référent; 404 for who has just ceased to be one."""
    mine = here(db)
    if not mine.member.referent:
        abort(404)
    return mine


def said(error: RuleError, *, about: str = "community") -> str:
    """A rule's refusal, in the reader's words."""
    return refusals.in_words(i18n.asked().language, error, about=about)


def done(do: Callable[[Here], str], back: str) -> ResponseReturnValue:
    """Do what a référent asked for, say so, and go back. Raises RuleError."""
    runtime = identity.runtime()
    with runtime.store.begin() as db:
        told = do(looked_after(db))
    wake.pump(runtime)
    flash(told)
    return redirect(url_for(back), 303)


@dataclass(frozen=True, slots=True)
class Somebody:
    """A neighbour as this reader sees them; no name for who is not active."""

    id: int
    name: str
    street: str


def people(mine: Here, ids: Sequence[int]) -> list[Somebody]:
    """Some members of one's community, by name; one query however many they are."""
    query = select(Member).where(col(Member.id).in_(ids), Member.community_id == mine.community.id)
    found = [
        Somebody(one.id or 0, seen.name, seen.address)
        for one in mine.act.session.exec(query)
        for seen in [visible(one, viewer_of(mine.act.session, mine.member, one))]
    ]
    return sorted(found, key=lambda one: (not one.name, one.name.casefold(), one.id))
