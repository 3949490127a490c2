"""The language of a page: the person's own, else the one chosen here, else the browser's."""

from __future__ import annotations

from flask import Blueprint, Response, abort, redirect, request
from flask.typing import ResponseReturnValue

from community_store import accounts
from web import i18n, identity
from web.access import Policy, access
from web.going_on import after

language = Blueprint("language", __name__)

YEAR = 365 * 24 * 3600


@language.post("/language")
@access(Policy.ANYONE)
def choose() -> ResponseReturnValue:
    """Remember the language in the browser, and in the account of who is signed in."""
    chosen = request.form.get("language", "")
    if chosen not in i18n.known():
        abort(400)
    answer = redirect(after(request.form.get("next", "")), 303)
    assert isinstance(answer, Response)
    settings = identity.runtime().settings
    answer.set_cookie(
        i18n.COOKIE, chosen, max_age=YEAR, secure=identity.https(settings), httponly=True,
        samesite="Lax",
    )  # fmt: skip
    found = identity.who()
    if found is not None:
        with identity.runtime().store.begin() as session:
            accounts.speak(session, found.person, chosen)
    return answer
