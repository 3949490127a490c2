"""Whose mobile is this? Its account goes by another name than was typed (dispatch/shared_mobile.py).

Nobody reads it who has not given the code, and only for as long as that was good.
"""

from __future__ import annotations

from typing import cast

from flask import Response, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from community_store.models import Registration
from dispatch import codes, shared_mobile
from gateway import numbers
from web import identity
from web.access import Policy, access
from web.accounts.sign_in import HOME
from web.registering import sending
from web.registering.entering import enter
from web.registering.room import SHARED, WITHOUT, mine, registering
from web.throttle import throttled

MINE, OTHER = "mine", "other"


def asked(number: str) -> Response:
    """Remember in this browser that the number was proved, and ask."""
    session[SHARED] = [number, int(identity.runtime().clock().timestamp())]
    return _to("registering.whose")


def waits(row: Registration) -> bool:
    """Whether this browser has proved the number of a registration, and has not said yet."""
    number, at = cast("tuple[str, int]", session.get(SHARED, ("", 0)))
    age = identity.runtime().clock().timestamp() - at
    fresh = row.member_id is None and age <= codes.LIVE.total_seconds()
    return bool(number) and number == row.mobile and fresh


@registering.get("/whose")
@access(Policy.PROVED)
def whose() -> ResponseReturnValue:
    """Open the account that is there, or go on without the number?"""
    with identity.runtime().store.read() as db:
        row = mine(db)
        if row is None or not waits(row):
            return _to("registering.proofs")
        initial = shared_mobile.initial(db, row.mobile)
    number = numbers.national(row.mobile)
    return render_template("registering/whose.html", row=row, number=number, initial=initial)


@registering.post("/whose")
@access(Policy.PROVED)
@throttled("20 per minute; 60 per hour")
def say_whose() -> ResponseReturnValue:
    """Theirs: opened, and what was typed is dropped. Not theirs: the rest of it goes on."""
    said = request.form.get("whose", "")
    with identity.runtime().store.read() as db:
        row = mine(db)
    if row is None or not waits(row) or said not in (MINE, OTHER):
        return _to("registering.whose")
    return _opened() if said == MINE else _left_out(row.mobile)


def _opened() -> Response:
    with identity.runtime().store.begin() as db:
        row = mine(db)
        account = shared_mobile.opened(identity.act(db), row) if row is not None else None
    session.pop(SHARED, None)
    if account is None:
        return _to("registering.proofs")
    answer = enter(account, HOME)
    flash("register.opened")
    return answer


def _left_out(number: str) -> Response:
    """What else was given is proved now; who gave nothing else is asked for it."""
    with identity.runtime().store.begin() as db:
        row = mine(db)
        other = row is not None and shared_mobile.left_out(db, row)
    session.pop(SHARED, None)
    session[WITHOUT] = number
    flash("register.without")
    if not other:
        return _to("registering.form")
    sending.missing(moved=True)
    return _to("registering.proofs")


def _to(page: str) -> Response:
    answer = redirect(url_for(page), 303)
    assert isinstance(answer, Response)
    return answer
