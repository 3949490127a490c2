"""The code that came by SMS or call makes the account, or the link that came by e-mail does."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from community_store.models import Member, Registration
from dispatch import registering as rules
from dispatch.act import Act
from gateway import numbers
from web import forms, identity
from web.access import Policy, access
from web.forms import Field, Form
from web.front import number_to_text
from web.registering import sending, whose
from web.registering.entering import ON, goes_on
from web.registering.room import elsewhere, mine, registering
from web.throttle import throttled

CODE = Field("code", "code.code", hint="code.code.hint", autocomplete="one-time-code",
             inputmode="numeric", longest=20, missing="code.code.missing")  # fmt: skip


@registering.get("/proofs")
@access(Policy.ANYONE)
def proofs() -> ResponseReturnValue:
    """What was sent where, and what is proved."""
    return _page(forms.blank((CODE,)))


def _page(form: Form, status: int = 200) -> ResponseReturnValue:
    with identity.runtime().store.read() as db:
        row = mine(db)
        member = db.get(Member, row.member_id) if row and row.member_id else None
        calls = sending.calls(db)
    if row is None or not (row.mobile or row.landline or row.email):
        return _nothing_here()
    if whose.waits(row):
        return redirect(url_for("registering.whose"), 303)
    number = rules.number_of(row)
    page = render_template(
        "registering/proofs.html",
        form=form,
        row=row,
        member=member,
        waiting=rules.unproved(row, member),
        number=numbers.national(number) if number else "",
        landline=numbers.national(row.landline) if row.landline and row.mobile else "",
        by_call=bool(number) and not row.mobile,
        calls=calls,
        just_sent=sending.just_sent(),
        refused=session.get(sending.REFUSED, {}),
        texted=number_to_text(),
    )
    return page, status


def _nothing_here() -> ResponseReturnValue:
    """To the beginning; where what was typed here is an account already, proved on another device
    or by a first press of the same button, to sign in.
    """
    with identity.runtime().store.read() as db:
        moved = elsewhere(db)
    if moved:
        flash("register.elsewhere")
        return redirect(url_for("sign_in.ask", next=ON), 303)
    return redirect(url_for("registering.ask"), 303)


@registering.post("/proofs")
@access(Policy.ANYONE)
@throttled("20 per minute; 60 per hour")
def prove() -> ResponseReturnValue:
    """The right code; five wrong ones use it up."""
    form, runtime = forms.read((CODE,)), identity.runtime()
    proved, number = None, ""
    if form.ok:
        with runtime.store.begin() as db:
            row = mine(db)
            number = row.mobile if row else ""
            proved = _proved(identity.act(db), row, form["code"]) if row else None
        if proved is None:
            form.wrong("code", "code.wrong")
    if proved is None:
        return _page(form, 422)
    return whose.asked(number) if proved.asks else goes_on(proved)


def _proved(act: Act, row: Registration, code: str) -> rules.Proved | None:
    who = identity.whole()
    member = who.person.member if who is not None else None
    return rules.prove_number(act, row, code, me=member.id if member is not None else None)


@registering.post("/again")
@access(Policy.ANYONE)
@throttled("10 per minute; 30 per hour")
def again() -> ResponseReturnValue:
    """Once more: the code, or the link."""
    which = request.form.get("what", "")
    with identity.runtime().store.read() as db:
        row = mine(db)
    if row is None:
        return _nothing_here()
    if which == "number":
        sending.number()
    elif which == "email":
        sending.email()
    if which not in session.get(sending.REFUSED, {}):
        flash("register.sent_again")
    return redirect(url_for("registering.proofs"), 303)
