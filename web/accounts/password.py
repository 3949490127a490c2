"""Choosing a password: by a link that came by mail, or that the operator gave."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue

from community_store import account_links, accounts, passwords
from community_store.accounts import Person
from community_store.errors import RuleError
from community_store.models import Account
from dispatch import signing_in, wake
from web import errors, forms, identity
from web.access import Policy, access
from web.accounts.room import hasher
from web.accounts.sign_in import EMAIL, HOME, signed_in
from web.forms import Field, Form
from web.throttle import throttled

password = Blueprint("password", __name__)

NEW = Field("new", "password.new", hint="password.new.hint", kind="password",
            autocomplete="new-password", longest=512, missing="password.new.missing")  # fmt: skip
AGAIN = Field("again", "password.again", kind="password", autocomplete="new-password",
              longest=512, missing="password.again.missing")  # fmt: skip
OVER = "password.over"  # what is said of a link that lets nobody choose any more


def chosen(form: Form, person: Person | None) -> bool:
    """Whether the form's two passwords are one that may be; else it says what is wrong."""
    if form.ok and form["new"] != form["again"]:
        form.wrong("again", "password.differ")
    try:
        if form.ok:
            passwords.check(form["new"], about=_about(person))
    except RuleError as refused:
        form.wrong("new", f"password.{refused.code}")
    return form.ok


def _about(person: Person | None) -> list[str]:
    """What somebody who knows this person would try."""
    known = [identity.runtime().settings.service.name]
    if person is not None:
        email = person.account.email or ""
        known += [email, email.partition("@")[0], person.name, person.name.replace(" ", "")]
        known += person.name.split()
    return known


@password.get("/password/forgotten")
@access(Policy.ANYONE)
def forgotten() -> ResponseReturnValue:
    return render_template("accounts/forgotten.html", form=forms.blank((EMAIL,)))


@password.post("/password/forgotten")
@access(Policy.ANYONE)
@throttled("10 per minute; 30 per hour")
def send_link() -> ResponseReturnValue:
    """Mail a link if the address is somebody's; say the same in any case."""
    form, runtime = forms.read((EMAIL,)), identity.runtime()
    try:
        if form.ok:
            with runtime.store.begin() as db:
                act = identity.act(db)
                signing_in.ask_link(act, form["email"], origin=identity.origin())
            wake.pump(runtime)
    except RuleError as refused:
        form.wrong("email", f"code.{refused.code}")
    if not form.ok:
        return render_template("accounts/forgotten.html", form=form), 422
    return render_template("accounts/link_sent.html", address=form["email"])


@password.get(f"{signing_in.PATH}<token>")
@access(Policy.PROVED)
def choose(token: str) -> ResponseReturnValue:
    """A GET changes nothing: programs that look into mail open links too."""
    account = _opened(token)
    return (
        errors.expired(OVER)
        if account is None
        else _page(forms.blank((NEW, AGAIN)), account, token)
    )


@password.post(f"{signing_in.PATH}<token>")
@access(Policy.PROVED)
@throttled("10 per minute; 30 per hour")
def keep(token: str) -> ResponseReturnValue:
    """The link is used up, every session ended, and a new one begun here."""
    account, runtime = _opened(token), identity.runtime()
    if account is None:
        return errors.expired(OVER)
    form = forms.read((NEW, AGAIN))
    with runtime.store.read() as db:
        person = accounts.person(db, account)
    if not chosen(form, person):
        return _page(form, account, token), 422
    hashed = hasher().hash(form["new"])
    with runtime.store.begin() as db:
        used = account_links.use(db, token, runtime.clock())
        if used is not None:
            accounts.proved_email(db, used)
            accounts.set_password(db, used, hashed)
    if used is None:
        return errors.expired(OVER)
    answer = signed_in(used, HOME)
    flash("password.done")
    return answer


def _opened(token: str) -> Account | None:
    runtime = identity.runtime()
    with runtime.store.read() as db:
        return account_links.opened(db, token, runtime.clock())


def _page(form: Form, account: Account, token: str) -> str:
    return render_template(
        "accounts/new_password.html",
        form=form,
        email=account.email or "",
        action=url_for("password.keep", token=token),
    )
