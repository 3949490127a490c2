"""What the pages of registering share: the blueprint, and what this browser has typed.

Those that ask for an address and put it on the map also serve a member whose home has no
place yet: `unplaced`.

The browser keeps a token for as long as it is open, so that the next person at a library's
computer finds nothing; the link in the e-mail goes on elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from flask import Blueprint, flash, redirect, session, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from community_store import invitations, registrations
from community_store.models import Community, Member, Registration
from dispatch import placing
from web import i18n, identity

registering = Blueprint("registering", __name__, url_prefix="/join")

TOKEN = "registration"  # noqa: S105  # the name of a key in the browser's signed cookie
SHARED = (
    "mobile_shared"  # in the same cookie: the number of another's account, and when it was proved
)
WITHOUT = "mobile_left_out"  # there too: the number that they go on without

INVITED = "invited"  # in the same cookie: the code of a neighbour's link (web/invite)


def invited(db: Session) -> Community | None:
    """The community whose link this browser followed, as long as the link leads there."""
    return invitations.community(db, str(session.get(INVITED, "")))


def unplaced() -> Member | None:
    """The member who is signed in, if it is for them to put their home on the map."""
    who = identity.whole()
    member = who.person.member if who is not None else None
    return member if member is not None and placing.may_place(member) else None


@registering.context_processor
def _whose() -> dict[str, Any]:
    """For the steps at the top, and the words."""
    return {"mine": unplaced()}


def typed(db: Session) -> Registration | None:
    """What this browser has typed, or what the member who is signed in typed before."""
    now, who = identity.runtime().clock(), identity.whole()
    found = registrations.find(db, str(session.get(TOKEN, "")), now)
    if found is None and who is not None and who.person.member is not None:
        found = registrations.of_member(db, cast("int", who.person.member.id), now)
    return found


def mine(db: Session) -> Registration | None:
    """As `typed`, but for what became an account elsewhere: who typed it here has not shown that
    the account is theirs, since the e-mail in it may be another's.
    """
    found, who = typed(db), identity.whole()
    member = who.person.member if who is not None else None
    if found is None or found.member_id is None:
        return found
    return found if member is not None and found.member_id == member.id else None


def elsewhere(db: Session) -> bool:
    """Whether what was typed here became an account on another device."""
    return typed(db) is not None and mine(db) is None


def begun(db: Session) -> Registration:
    """What this browser has typed; something new when it has none, or that is an account."""
    found = typed(db)
    if found is None or found.member_id is not None:
        language = i18n.asked().language
        found, token = registrations.begin(db, identity.runtime().clock(), language=language)
        session[TOKEN] = token
    remember(db, found)
    return found


def remember(db: Session, row: Registration) -> None:
    """Keep by whose link they came: the link in the e-mail may go on in another browser."""
    home = invited(db)
    row.invited_to = home.id if home else row.invited_to
    db.add(row)


def going_on(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """A page that needs an address, and no account yet; else back to where one is."""

    @wraps(view)
    def checked(**named: Any) -> ResponseReturnValue:
        with identity.runtime().store.read() as db:
            found = typed(db)
        if found is None or not found.address:
            flash("register.begin")
            return redirect(url_for("registering.ask"), 303)
        if found.member_id is not None:
            onward = "registering.ask" if unplaced() else "registering.proofs"
            return redirect(url_for(onward), 303)
        return view(found, **named)

    return checked
