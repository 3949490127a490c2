"""My account: its password, and where it is signed in."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from community_store import accounts, second_factor, sessions
from community_store.models import Account
from community_store.sessions import SignedIn
from web import forms, identity
from web.access import Policy, access, mine
from web.accounts.password import AGAIN, NEW, chosen
from web.accounts.room import hasher
from web.forms import Field, Form
from web.throttle import throttled

account = Blueprint("account", __name__, url_prefix="/account")

CURRENT = Field("current", "password.current", kind="password", autocomplete="current-password",
                longest=512, missing="password.current.missing")  # fmt: skip


@account.get("")
@access(Policy.SIGNED_IN)
def show() -> ResponseReturnValue:
    return _page(forms.blank(_fields(_who())))


@account.post("/password")
@access(Policy.SIGNED_IN)
@throttled("5 per minute; 20 per hour")
def change_password() -> ResponseReturnValue:
    """Other browsers are signed out; this one gets a new session (S79)."""
    who = _who()
    form, mine_ = forms.read(_fields(who)), who.person.account
    if form.ok and mine_.password and not hasher().matches(form["current"], mine_.password):
        form.wrong("current", "password.current.wrong")
    if not chosen(form, who.person):
        return _page(form), 422
    hashed = hasher().hash(form["new"])
    with identity.runtime().store.begin() as db:
        kept = db.get_one(Account, mine_.id)
        accounts.set_password(db, kept, hashed)
        token = sessions.renew(db, who, identity.runtime().clock())
    answer = identity.give(_back(), token)
    flash("password.done")
    return answer


@account.post("/sessions/<int:session_id>/end")
@access(Policy.SIGNED_IN)
def end(session_id: int) -> ResponseReturnValue:
    """Sign out one browser of mine; another's does not exist."""
    with identity.runtime().store.begin() as db:
        ended = sessions.end(db, session_id, account_id=_who().person.account.id)
    mine(ended)
    flash("account.ended")
    return _back()


@account.post("/sessions/end")
@access(Policy.SIGNED_IN)
def end_others() -> ResponseReturnValue:
    """Sign out everywhere else."""
    who = _who()
    with identity.runtime().store.begin() as db:
        sessions.end_all(db, who.person.account.id, but=who.row.id)
    flash("account.ended_others")
    return _back()


@account.post("/paper")
@access(Policy.SIGNED_IN)
@throttled("5 per hour")
def new_paper() -> ResponseReturnValue:
    """New codes for the paper, shown once."""
    who = _who()
    mine(who.person.staff)
    with identity.runtime().store.begin() as db:
        paper = second_factor.write_paper(db, db.get_one(Account, who.person.account.id))
    return render_template("accounts/paper.html", paper=paper, next=url_for("account.show"))


def _who() -> SignedIn:
    found = identity.who()
    assert found is not None
    return found


def _fields(who: SignedIn) -> tuple[Field, ...]:
    """Whoever has no password yet has none to give."""
    return (CURRENT, NEW, AGAIN) if who.person.account.password else (NEW, AGAIN)


def _back() -> Response:
    answer = redirect(url_for("account.show"), 303)
    assert isinstance(answer, Response)
    return answer


def _page(form: Form) -> str:
    who = _who()
    with identity.runtime().store.read() as db:
        open_ = sessions.of(db, who.person.account.id, identity.runtime().clock())
    return render_template("accounts/account.html", form=form, person=who.person, sessions=open_,
                           here_id=who.row.id)  # fmt: skip
