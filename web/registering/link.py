"""The link that came by e-mail, opened on any device; not by programs that look into mail.

Whoever opens it where nobody typed anything may be another than who typed: what was typed
there opens nothing for them, and the password is theirs to choose.
"""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from community_store import registrations
from community_store.models import Member, Registration
from dispatch import registering as rules
from web import errors, forms, identity
from web.access import Policy, access
from web.accounts.room import hasher
from web.forms import Form
from web.registering.entering import goes_on
from web.registering.form import AGAIN, NEW, check_new
from web.registering.room import mine, registering
from web.throttle import throttled

OVER = "register.over"  # what is said of a link that proves nothing any more


@registering.get("/mail/<token>")
@access(Policy.PROVED)
def open_link(token: str) -> ResponseReturnValue:
    """A GET changes nothing."""
    row = _of(token)
    return errors.expired(OVER) if row is None else _page(forms.blank((NEW, AGAIN)), row, token)


def _page(form: Form, row: Registration, token: str) -> str:
    elsewhere = not _typed_here(row)
    with identity.runtime().store.read() as db:
        member = db.get(Member, row.member_id) if row.member_id else None
    number = (member.mobile or member.landline or "") if member and elsewhere else ""
    return render_template(
        "registering/link.html", form=form, row=row, token=token, end=number[-2:],
        asks=elsewhere and member is None,
    )  # fmt: skip


@registering.post("/mail/<token>")
@access(Policy.PROVED)
@throttled("10 per minute; 60 per hour")
def use_link(token: str) -> ResponseReturnValue:
    """The e-mail is theirs. Or it was not they who registered: forget it."""
    row, form = _of(token), forms.read((NEW, AGAIN))
    if row is None:
        return errors.expired(OVER)
    if request.form.get("not_me"):
        return _disowned(token)
    here = _typed_here(row)
    if form["new"] or form["again"]:
        check_new(form, (row.email, row.first_name, row.last_name))
    if not (here or form.ok):
        return _page(form, row, token), 422
    chosen = hasher().hash(form["new"]) if form["new"] and not here else ""
    with identity.runtime().store.begin() as db:
        act = identity.act(db)
        proved = rules.prove_email(act, token, password=None if here else chosen)
    return errors.expired(OVER) if proved is None else goes_on(proved)


def _disowned(token: str) -> ResponseReturnValue:
    """The e-mail is another's: what else was typed is not for them to drop."""
    with identity.runtime().store.begin() as db:
        row = registrations.of_link(db, token, identity.runtime().clock())
        if row is not None:
            row.email, row.mail_digest, row.password = "", None, ""
            db.add(row)
    flash("register.disowned")
    return redirect(url_for("front.welcome"), 303)


def _of(token: str) -> Registration | None:
    runtime = identity.runtime()
    with runtime.store.read() as db:
        return registrations.of_link(db, token, runtime.clock())


def _typed_here(row: Registration) -> bool:
    with identity.runtime().store.read() as db:
        found = mine(db)
    return found is not None and found.id == row.id
