"""/messages/new: whom to write to, from a list that can be searched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from community_store import correspondents
from community_store.correspondents import Asked, Listed, Person
from community_store.errors import NotFound
from community_store.models import Member
from web import identity
from web.access import Policy, access
from web.messages import aliases
from web.messages.room import room

MOST_NAMED = 50  # in an address: more than any rule allows


@dataclass(frozen=True, slots=True)
class Choosing:
    """A page of people to choose from; `chosen` are ticked, `elsewhere` those of them who
    are not on this page.
    """

    listed: Listed
    places: dict[int, str]
    asked: Asked
    chosen: Sequence[int]
    elsewhere: Sequence[Person]


def choosing(db: Session, me: Member, *, twins: bool = True) -> Choosing:
    """As the address asks for them: ?of= a community, ?q= in a name, ?to= those ticked."""
    places = correspondents.places(db, me)
    known = places if twins else {id_: name for id_, name in places.items() if _home(me, id_)}
    place = request.args.get("of", me.community_id or 0, type=int)
    wanted = " ".join(request.args.get("q", "")[:60].split())
    asked = Asked(
        place if place in known else me.community_id or 0,
        wanted,
        request.args.get("page", 1, type=int),
    )
    listed = correspondents.listed(db, me, asked)
    people = chosen(db, me)
    shown = {one.id for one in listed.people}
    elsewhere = [one for one in people if one.id not in shown]
    return Choosing(listed, known, asked, [one.id for one in people], elsewhere)


def _home(me: Member, place: int) -> bool:
    return place == me.community_id


def chosen(db: Session, me: Member) -> list[Person]:
    """Whom the address names, ?to=3&to=8; 404 when one may not write to one of them, or when
    it names a twin by number.
    """
    refs = list(dict.fromkeys(request.args.getlist("to")))[:MOST_NAMED]
    try:
        people = correspondents.chosen(db, me, aliases.resolve(db, me, refs))
    except NotFound:
        abort(404)
    if [aliases.ref(me, one) for one in people] != refs:
        abort(404)
    return people


@room.get("/new")
@access(Policy.MEMBER)
def choose() -> ResponseReturnValue:
    """Neighbours, or the members of a twinned community."""
    with identity.runtime().store.read() as db:
        return page(db, identity.member(db))


def page(db: Session, me: Member, refused: str = "") -> str:
    """The list, with why those who were ticked cannot be written to together."""
    return render_template(
        "messages/choose.html",
        choosing=choosing(db, me),
        refused=refused,
        ref=partial(aliases.ref, me),
    )
