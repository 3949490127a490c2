"""The code that came by SMS or call, the link that came by e-mail: either makes the account."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from community_store import accounts, registrations
from community_store.models import Account, Member, Registration
from dispatch import registering as rules
from dispatch import wake
from gateway import numbers
from web import errors, forms, identity
from web.access import Policy, access
from web.accounts.sign_in import let_in
from web.forms import Field, Form
from web.registering import sending
from web.registering.room import TOKEN, registering, typed
from web.throttle import throttled

CODE = Field("code", "code.code", hint="code.code.hint", autocomplete="one-time-code",
             inputmode="numeric", longest=20, missing="code.code.missing")  # fmt: skip
ON = "/community"
OVER = "register.over"  # what is said of a link that proves nothing any more
STILL_HERE = timedelta(hours=1)  # that whoever typed is taken to be still at this browser


@registering.get("/proofs")
@access(Policy.ANYONE)
def proofs() -> ResponseReturnValue:
    """What was sent where, and what is proved."""
    return _page(forms.blank((CODE,)))


def _page(form: Form, status: int = 200) -> ResponseReturnValue:
    with identity.runtime().store.read() as db:
        row = typed(db)
        member = db.get(Member, row.member_id) if row and row.member_id else None
    if row is None or not (row.mobile or row.landline or row.email):
        return redirect(url_for("registering.ask"), 303)
    number = rules.number_of(row)
    page = render_template(
        "registering/proofs.html",
        form=form,
        row=row,
        member=member,
        waiting=rules.unproved(row, member),
        number=numbers.national(number) if number else "",
        by_call=bool(number) and not row.mobile,
        refused=session.get(sending.REFUSED, {}),
    )
    return page, status


@registering.post("/proofs")
@access(Policy.ANYONE)
@throttled("20 per minute; 60 per hour")
def prove() -> ResponseReturnValue:
    """The right code; five wrong ones use it up."""
    form, runtime = forms.read((CODE,)), identity.runtime()
    proved = None
    if form.ok:
        with runtime.store.begin() as db:
            row = typed(db)
            proved = rules.prove_number(identity.act(db), row, form["code"]) if row else None
        if proved is None:
            form.wrong("code", "code.wrong")
    if proved is None:
        return _page(form, 422)
    return _goes_on(proved)


@registering.post("/again")
@access(Policy.ANYONE)
@throttled("10 per minute; 30 per hour")
def again() -> ResponseReturnValue:
    """Once more: the code, or the link."""
    which = request.form.get("what", "")
    if which == "number":
        sending.number()
    elif which == "email":
        sending.email()
    if which not in session.get(sending.REFUSED, {}):
        flash("register.sent_again")
    return redirect(url_for("registering.proofs"), 303)


@registering.get("/mail/<token>")
@access(Policy.PROVED)
def open_link(token: str) -> ResponseReturnValue:
    """A GET changes nothing: programs that look into mail open links too."""
    row = _of(token)
    if row is None:
        return errors.expired(OVER)
    return render_template("registering/link.html", row=row, token=token)


@registering.post("/mail/<token>")
@access(Policy.PROVED)
@throttled("10 per minute; 60 per hour")
def use_link(token: str) -> ResponseReturnValue:
    """The e-mail is theirs; on any device. Or it was not they who registered: forget it."""
    runtime = identity.runtime()
    if request.form.get("not_me"):
        with runtime.store.begin() as db:
            row = registrations.of_link(db, token, runtime.clock())
            if row is not None:
                _disown(row)
                db.add(row)
        flash("register.disowned")
        return redirect(url_for("front.welcome"), 303)
    with runtime.store.begin() as db:
        proved = rules.prove_email(identity.act(db), token)
    return errors.expired(OVER) if proved is None else _goes_on(proved)


def _disown(row: Registration) -> None:
    """The e-mail is another's: what else was typed is not for them to drop."""
    row.email, row.mail_digest, row.password = "", None, ""


def _of(token: str) -> Registration | None:
    runtime = identity.runtime()
    with runtime.store.read() as db:
        return registrations.of_link(db, token, runtime.clock())


@registering.post("/on")
@access(Policy.ANYONE)
@throttled("20 per minute; 100 per hour")
def on() -> ResponseReturnValue:
    """The e-mail was proved on another device: this browser, which typed it all, goes on."""
    runtime = identity.runtime()
    with runtime.store.read() as db:
        row = registrations.find(db, str(session.get(TOKEN, "")), runtime.clock())
        member = db.get(Member, row.member_id) if row and row.member_id else None
    if row is None or member is None:
        return redirect(url_for("registering.proofs"), 303)
    if runtime.clock() - row.created_at > STILL_HERE:
        return redirect(url_for("sign_in.ask", next=ON), 303)
    with runtime.store.begin() as db:
        account = accounts.of_member(db, member)
    return _enter(account, ON)


def _goes_on(proved: rules.Proved) -> Response:
    wake.pump(identity.runtime())
    if proved.taken:
        answer = _enter(proved.account, url_for("registering.proofs"))
        flash("register.taken")
    elif proved.known:
        answer = _enter(proved.account, "/home")
        flash("register.known")
    else:
        answer = _enter(proved.account, ON)
    return answer


def _enter(account: Account, wanted: str) -> Response:
    """Sign in who has proved to be the account's, unless they are."""
    who = identity.whole()
    if who is not None and who.person.account.id == account.id:
        answer = redirect(wanted, 303)
        assert isinstance(answer, Response)
        return answer
    return let_in(account, wanted)
