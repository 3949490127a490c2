"""A landline that several share: whoever gave the code that rang there says who they are."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from dispatch import codes, signing_in
from dispatch.signing_in import Holder
from web import identity
from web.access import Policy, access
from web.accounts.sign_in import HOME, PROVED, let_in
from web.going_on import after
from web.throttle import throttled

sharing = Blueprint("sharing", __name__)


@sharing.get("/sign-in/code/who")
@access(Policy.PROVED)
def ask() -> ResponseReturnValue:
    """The first names of those who share the number: nobody reads them who has not answered it."""
    holders = _holders()
    if not holders:
        return redirect(url_for("sign_in.ask_code"), 303)
    return render_template("accounts/who.html", holders=holders, next=_next())


@sharing.post("/sign-in/code/who")
@access(Policy.PROVED)
@throttled("20 per minute; 60 per hour")
def choose() -> ResponseReturnValue:
    """One of them; who acts for a town or the team is asked for their password."""
    chosen = request.form.get("who", "")
    found = next((one for one in _holders() if str(one.account.id) == chosen), None)
    if found is None:
        return redirect(url_for("sharing.ask", next=_next()), 303)
    session.pop(PROVED)
    return let_in(found.account, _next())


def _holders() -> list[Holder]:
    """Those who share the number that this browser proved a moment ago."""
    address, at = cast("tuple[str, int]", session.get(PROVED, ("", 0)))
    now = identity.runtime().clock().timestamp()
    if not address or now - at > codes.LIVE.total_seconds():
        return []
    with identity.runtime().store.begin() as db:  # an account is made for who has none yet
        return signing_in.holders(identity.act(db), address)


def _next() -> str:
    return after(request.values.get("next", ""), HOME)
