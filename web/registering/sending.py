"""The code and the link leave; what could not be sent is said on the page that asks for them."""

from __future__ import annotations

from flask import session

from community_store.errors import RuleError
from community_store.models import Registration
from dispatch import registering as rules
from dispatch import wake
from dispatch.act import Act
from web import identity
from web.registering.room import mine

REFUSED = "registration_refused"  # in the browser's signed cookie: why something was not sent


def missing(*, moved: bool) -> None:
    """Send what there is to be proved, but for what went out already: codes and links are few,
    and who corrects a name must not use them up. `moved`: the number is another than before,
    and whether somebody else just asked for a code to it must not be seen here.
    """
    session[REFUSED] = {}
    with identity.runtime().store.read() as db:
        row = mine(db)
        there = rules.sent(identity.act(db), row) if row is not None else set()
    for what in ("number", "email"):
        if what not in there or (moved and what == "number"):
            _send(what)


def number() -> None:
    _send("number")


def email() -> None:
    _send("email")


def _send(what: str) -> None:
    runtime, refused = identity.runtime(), dict(session.get(REFUSED, {}))
    refused.pop(what, None)
    try:
        with runtime.store.begin() as db:
            row = mine(db)
            if row is not None:
                _one(what, row, identity.act(db))
    except RuleError as error:
        refused[what] = error.code
    else:
        wake.pump(runtime)
    session[REFUSED] = refused


def _one(what: str, row: Registration, doing: Act) -> None:
    if what == "number" and rules.number_of(row):
        rules.send_code(doing, row, origin=identity.origin())
    elif what == "email" and row.email:
        rules.send_link(doing, row, origin=identity.origin())
