"""Leaving a group, blocking somebody, and letting them write again."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from community_store import blocks, circles, conversations
from community_store.circles import Fellow
from community_store.conversations import Opened
from community_store.models import Member
from dispatch import messaging
from web import identity
from web.access import Policy, access
from web.messages import aliases
from web.messages.room import OFTEN, called, label, opened, room
from web.throttle import throttled


@room.get("/<int:ref>/leave")
@access(Policy.MEMBER)
def ask_leave(ref: int) -> ResponseReturnValue:
    """To be sure: nobody can let one in again."""
    with identity.runtime().store.read() as db:
        me, found = _group(db, ref)
        circle = circles.circle(db, me, found.conversation)
        title = conversations.title(found.conversation, circle)
        return render_template("messages/leave.html", ref=ref, label=label(circle, title))


@room.post("/<int:ref>/leave")
@access(Policy.MEMBER)
@throttled(OFTEN)
def leave(ref: int) -> ResponseReturnValue:
    """The others go on without; it is in one's list no more."""
    with identity.runtime().store.begin() as db:
        me, found = _group(db, ref)
        messaging.leave(identity.act(db), me, found.conversation)
    flash("messages.leave.done")
    return redirect(url_for("messages.inbox"), 303)


def _group(db: Session, ref: int) -> tuple[Member, Opened]:
    me, found = opened(db, ref)
    if not found.conversation.is_group:
        abort(404)
    return me, found


@room.get("/<int:ref>/block/<who>")
@access(Policy.MEMBER)
def ask_block(ref: int, who: str) -> ResponseReturnValue:
    """To be sure, and to say what it does."""
    with identity.runtime().store.read() as db:
        _, fellow = _fellow(db, ref, who)
        return render_template("messages/block.html", ref=ref, whom=who, name=called(fellow))


@room.post("/<int:ref>/block/<who>")
@access(Policy.MEMBER)
@throttled(OFTEN)
def block(ref: int, who: str) -> ResponseReturnValue:
    """Nothing that they write comes any more, and nobody tells them."""
    with identity.runtime().store.begin() as db:
        me, fellow = _fellow(db, ref, who)
        blocks.block(db, me, db.get_one(Member, fellow.id), identity.runtime().clock())
    flash("messages.block.done")
    return redirect(url_for("messages.one", ref=ref), 303)


def _fellow(db: Session, ref: int, who: str) -> tuple[Member, Fellow]:
    """Somebody of this conversation whom one still knows; 404 for anybody else."""
    me, found = opened(db, ref)
    fellows = circles.circle(db, me, found.conversation).fellows
    fellow = next((one for one in fellows if one.name and aliases.ref(me, one) == who), None)
    if fellow is None:
        abort(404)
    return me, fellow


@room.get("/blocked")
@access(Policy.MEMBER)
def blocked() -> ResponseReturnValue:
    """Those whom one blocked."""
    with identity.runtime().store.read() as db:
        me = identity.member(db)
        people = [(one, aliases.word_for(me, one.id)) for one in blocks.listed(db, me)]
        return render_template("messages/blocked.html", people=people)


@room.post("/blocked/<who>/end")
@access(Policy.MEMBER)
@throttled(OFTEN)
def unblock(who: str) -> ResponseReturnValue:
    """They can write again; what they wrote meanwhile stays away."""
    with identity.runtime().store.begin() as db:
        me = identity.member(db)
        known = {aliases.word_for(me, id_): id_ for id_ in circles.blocked(db, me)}
        if who not in known:
            abort(404)
        blocks.unblock(db, me, known[who])
    flash("messages.unblock.done")
    return redirect(url_for("messages.blocked"), 303)
