"""/directory: the neighbours of my community, how to reach them, and a page to print (S64)."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from community_store.models import Community
from web import identity
from web.access import Policy, access
from web.directory import listing

directory = Blueprint("directory", __name__, url_prefix="/directory")


@directory.get("")
@access(Policy.MEMBER)
def show() -> ResponseReturnValue:
    """A page of them, searched in ?q=."""
    wanted = " ".join(request.args.get("q", "")[:100].split())
    page = request.args.get("page", 1, type=int)
    with identity.runtime().store.read() as db:
        me = identity.member(db)
        return render_template(
            "directory/list.html", wanted=wanted, listed=listing.listed(db, me, wanted, page),
            community=db.get_one(Community, me.community_id),
        )  # fmt: skip


@directory.get("/<int:member_id>")
@access(Policy.MEMBER)
def one(member_id: int) -> ResponseReturnValue:
    """A neighbour's card; 404 for anybody else's."""
    with identity.runtime().store.read() as db:
        card = listing.neighbour(db, identity.member(db), member_id)
    if card is None:
        abort(404)
    return render_template("directory/card.html", card=card)


@directory.get("/print")
@access(Policy.MEMBER)
def paper() -> ResponseReturnValue:
    """All of them on A4, for the kitchen wall."""
    with identity.runtime().store.read() as db:
        me = identity.member(db)
        return render_template(
            "directory/paper.html", cards=listing.everybody(db, me), day=identity.runtime().clock(),
            community=db.get_one(Community, me.community_id),
        )  # fmt: skip
