"""What others see of me, kind by kind (S37)."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from community_store.models import Audience, Community, Member, MemberState, Town
from community_store.visibility import Author, Seen, Viewer, author_for, visible
from web import identity
from web.access import Policy, access
from web.profile.room import profile

HEARERS = {
    Viewer.NEIGHBOUR: Audience.NEIGHBOUR,
    Viewer.TWIN: Audience.TWIN,
    Viewer.AGENT: Audience.AGENT,
}


@dataclass(frozen=True, slots=True)
class View:
    """What one kind of viewer sees, and is told with an alert of mine."""

    viewer: Viewer
    seen: Seen
    author: Author | None


@profile.get("/seen")
@access(Policy.OWN)
def seen() -> ResponseReturnValue:
    """One card for each kind of viewer, drawn by the rule that decides every page."""
    with identity.runtime().store.read() as db:
        me = identity.member(db)
        return render_template(
            "profile/seen.html",
            views=[_view(me, viewer) for viewer in (*HEARERS, Viewer.ANYONE)],
            active=me.state == MemberState.ACTIVE,
            subscribed=_subscribed(db, me),
        )


def _view(me: Member, viewer: Viewer) -> View:
    hearer = HEARERS.get(viewer)
    return View(viewer, visible(me, viewer), author_for(hearer, me) if hearer else None)


def _subscribed(db: Session, me: Member) -> bool:
    home = db.get(Community, me.community_id) if me.community_id else None
    town = db.get(Town, home.town_insee) if home else None
    return town is not None and town.subscribed
