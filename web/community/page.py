"""/community: for who is active theirs; before, the second step of joining (S12 to S17)."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from community_store import census, lookup
from community_store.errors import RuleError
from community_store.models import Community, Member, MemberState
from dispatch import founding, refusals, wake
from web import i18n, identity, maps
from web.access import Policy, access
from web.community import around, ours
from web.community.room import here
from web.registering import room
from web.throttle import throttled

community = Blueprint("community", __name__)


@community.get("/community")
@access(Policy.PENDING)
def show() -> ResponseReturnValue:
    """One's community; else those around, or that there is none yet."""
    return page()


def page(refused: str = "") -> str:
    """The page as it stands, with what a rule said to the last try."""
    with identity.runtime().store.read() as db:
        member = identity.member(db)
        if member.community_id is not None and member.state == MemberState.ACTIVE:
            return ours.page(here(db), refused)
        if member.community_id is not None:
            return _mine(db, member, db.get_one(Community, member.community_id), refused)
        choices = around.around(db, member)
        zones = [maps.zone(one.community, note=_distance(one)) for one in choices]
        return render_template(
            "community/around.html", member=member, choices=choices, zones=zones,
            home=place(member), refused=refused, invited=_invited(db, member),
        )  # fmt: skip


def _invited(db: Session, member: Member) -> around.Choice | None:
    return around.invited(db, member, room.invited(db))


def _mine(db: Session, member: Member, home: Community, refused: str) -> str:
    inside = lookup.lives_in(member, home)
    return render_template(
        "community/mine.html", member=member, community=home, inside=inside,
        neighbours=census.neighbours(db, home), zones=[maps.zone(home, "own")],
        home=place(member), refused=refused,
        invited=_invited(db, member) if member.state == MemberState.PENDING else None,
    )  # fmt: skip


@community.get("/community/list")
@access(Policy.PENDING)
def list_() -> ResponseReturnValue:
    """S15: those of the towns around, searched in ?q=, a page at a time."""
    wanted = " ".join(request.args.get("q", "")[:100].split())
    number = request.args.get("page", 1, type=int)
    with identity.runtime().store.read() as db:
        member = identity.member(db)
        return render_template(
            "community/list.html", member=member, wanted=wanted, home=_lives_in(db, member),
            listed=around.listed(db, member, wanted, number),
        )  # fmt: skip


def _lives_in(db: Session, member: Member) -> Community | None:
    """Where somebody is in already; nothing there asks them to join."""
    active = member.state == MemberState.ACTIVE and member.community_id is not None
    return db.get(Community, member.community_id) if active else None


@community.post("/community/join")
@access(Policy.PENDING)
@throttled("20 per hour")
def join() -> ResponseReturnValue:
    """S16: ask the community that was chosen; who lives inside it and is vouched for is in. 404
    for one that is not there, 409 with a rule's words for one that may not be asked.
    """
    runtime = identity.runtime()
    try:
        with runtime.store.begin() as db:
            act = identity.act(db)
            asked = founding.apply_to(act, identity.member(db), _wanted(db))
    except RuleError as error:
        return page(refusals.in_words(i18n.asked().language, error)), 409
    wake.pump(runtime)
    if asked is None:  # S13: who is vouched for and lives inside is in at once
        flash("quarter.joined")
    return redirect("/activation" if asked else "/community", 303)


def _wanted(db: Session) -> Community:
    id_ = request.form.get("community", "")
    known = id_.isascii() and id_.isdecimal() and len(id_) < 10
    found = db.get(Community, int(id_)) if known else None
    if found is None:
        abort(404)
    return found


def place(member: Member) -> tuple[float, float] | None:
    """A member's home as maps have it: (lat, lon)."""
    home = around.home_of(member)
    return (home[1], home[0]) if home else None


def _distance(choice: around.Choice) -> str:
    t = i18n.asked()
    return t.distance(choice.metres) if choice.metres else t("around.here")
