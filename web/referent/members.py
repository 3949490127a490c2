"""/referent/members: whose e-mail or mobile needs a hand, by name and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from community_store.models import Member
from community_store.visibility import viewers_of, visible
from dispatch import requests, upkeep
from web import identity
from web.access import Policy, access
from web.community.room import looked_after
from web.referent.room import room


@room.get("/members")
@access(Policy.REFERENT)
def members() -> ResponseReturnValue:
    """Who cannot be reached as they think, who has something to prove; how many wait."""
    with identity.runtime().store.read() as db:
        mine = looked_after(db)
        failing = upkeep.failing(mine.act, mine.community)
        unproved = upkeep.unproved(mine.act, mine.community)
        page, pages = _page(len(failing))
        shown = failing[(page - 1) * upkeep.PAGE : page * upkeep.PAGE]
        people = [one.member for one in shown] + [one.member for one in unproved]
        return render_template(
            "referent/members.html",
            failing=shown, unproved=unproved, names=_names(db, mine.member, people),
            page=page, pages=pages, count=len(failing),
            asked=len(requests.waiting_for(mine.act, mine.member)),
            pending=upkeep.pending(db, mine.community),
        )  # fmt: skip


def _page(count: int) -> tuple[int, int]:
    """Which page is asked for, of how many."""
    pages = max(1, -(-count // upkeep.PAGE))
    return min(max(request.args.get("page", 1, type=int), 1), pages), pages


def _names(db: Session, who: Member, people: Sequence[Member]) -> dict[int, str]:
    """As a référent may know them, who sees no more than neighbours do."""
    viewers = viewers_of(db, who, people)
    return {one.id or 0: visible(one, viewers[one.id or 0]).called for one in people}
