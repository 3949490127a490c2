"""The code and the link leave; what could not be sent is said on the page that asks for them."""

from __future__ import annotations

from flask import session
from sqlmodel import Session

from community_store.errors import RuleError
from community_store.models import Registration
from dispatch import codes, confirming, senders, wake
from dispatch.act import Act
from dispatch.registering import number_of
from web import identity
from web.registering.room import mine

REFUSED = "registration_refused"  # in the browser's signed cookie: why something was not sent
SENT = "registration_sent"  # there too: when a code left, for as long as it is good


def calls(db: Session) -> bool:
    """Whether a landline can be called at all here."""
    return bool(senders.callers(db).numbers)


def just_sent() -> bool:
    """Whether this browser asked for a code that is still good."""
    age = identity.runtime().clock().timestamp() - float(session.get(SENT, 0))
    return 0 <= age < codes.LIVE.total_seconds()


def missing(*, moved: bool) -> None:
    """Send what there is to be proved, but for what went out already: codes and links are few,
    and who corrects a name must not use them up. `moved`: the number is another than before,
    and whether somebody else just asked for a code to it must not be seen here.
    """
    session[REFUSED] = {}
    with identity.runtime().store.read() as db:
        row = mine(db)
        there = confirming.sent(identity.act(db), row) if row is not None else set()
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
        if what == "number":
            session[SENT] = int(runtime.clock().timestamp())
    session[REFUSED] = refused


def _one(what: str, row: Registration, doing: Act) -> None:
    if what == "number" and number_of(row):
        confirming.send_code(doing, row, origin=identity.origin())
    elif what == "email" and row.email:
        confirming.send_link(doing, row, origin=identity.origin())
