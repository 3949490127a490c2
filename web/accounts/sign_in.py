"""Signing in: with an e-mail and a password, or with a code; and signing out."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from community_store import accounts, sessions
from community_store.errors import RuleError
from community_store.membership import read_email
from community_store.models import Account
from dispatch import codes, signing_in, wake
from gateway import numbers
from gateway.contract import Channel
from gateway.numbers import NumberError
from web import forms, identity
from web.access import Policy, access
from web.accounts.room import hasher
from web.forms import Field, Form
from web.front import number_to_text
from web.going_on import after
from web.throttle import throttled

sign_in = Blueprint("sign_in", __name__)

HOME = "/home"
EMAIL = Field("email", "sign_in.email", kind="email", autocomplete="username", inputmode="email",
              missing="sign_in.email.missing")  # fmt: skip
PASSWORD = Field("password", "sign_in.password", kind="password", autocomplete="current-password",
                 longest=512, missing="sign_in.password.missing")  # fmt: skip
ADDRESS = Field("address", "code.address", hint="code.address.hint", autocomplete="username",
                missing="code.address.missing")  # fmt: skip
CODE = Field("code", "code.code", hint="code.code.hint", autocomplete="one-time-code",
             inputmode="numeric", longest=20, missing="code.code.missing")  # fmt: skip
ASKED = "code_asked"  # in the browser's signed cookie: where the code went
PROVED = "number_proved"  # there too: the number that several share, and when it was proved


@sign_in.get("/sign-in")
@access(Policy.ANYONE)
def ask() -> ResponseReturnValue:
    """The form; whoever is signed in already goes on."""
    if identity.whole():
        return redirect(_next(), 303)
    return render_template(
        "accounts/sign_in.html", form=forms.blank((EMAIL, PASSWORD)), next=_next("")
    )


@sign_in.post("/sign-in")
@access(Policy.ANYONE)
@throttled("10 per minute; 60 per hour")
@throttled("5 per minute; 20 per hour", field="email")
def enter() -> ResponseReturnValue:
    """The same answer after the same time, whether the account or the password is not one."""
    form = forms.read((EMAIL, PASSWORD))
    account = _with_password(form) if form.ok else None
    if account is not None:
        return signed_in(account, _next())
    form.wrong("", "sign_in.wrong")
    return render_template("accounts/sign_in.html", form=form, next=_next("")), 422


def _with_password(form: Form) -> Account | None:
    try:
        email = read_email(form["email"])
    except RuleError:
        email = ""
    with identity.runtime().store.read() as db:
        account = accounts.by_email(db, email)
    right = hasher().matches(form["password"], account.password if account else "")
    return account if right and account and account.password else None


def signed_in(account: Account, wanted: str) -> Response:
    """Begin the session, and go on: staff to their second factor first."""
    answer = redirect(wanted, 303)
    assert isinstance(answer, Response)
    with identity.runtime().store.read() as db:
        staff = accounts.person(db, account).staff
    if staff:
        answer.location = url_for("second_factor.ask", next=wanted)
    return identity.sign_in(answer, account)


def let_in(account: Account, wanted: str) -> Response:
    """As `signed_in`, for a proof that is less than a password: staff are asked for theirs."""
    with identity.runtime().store.read() as db:
        staff = accounts.person(db, account).staff
    if not staff:
        return signed_in(account, wanted)
    answer = redirect(url_for("sign_in.ask", next=wanted), 303)
    assert isinstance(answer, Response)
    return answer


@sign_in.get("/sign-in/code")
@access(Policy.ANYONE)
def ask_code() -> ResponseReturnValue:
    """Where should the code go?"""
    return render_template("accounts/ask_code.html", form=forms.blank((ADDRESS,)), next=_next(""))


@sign_in.post("/sign-in/code")
@access(Policy.ANYONE)
@throttled("10 per minute; 30 per hour")
def send_code() -> ResponseReturnValue:
    """Send a code if the address is a member's; say the same in any case."""
    form = forms.read((ADDRESS,))
    if form.ok and _sent(form):
        session[ASKED] = form["address"]
        return redirect(url_for("sign_in.enter_code", next=_next("") or None), 303)
    return render_template("accounts/ask_code.html", form=form, next=_next("")), 422


def _sent(form: Form) -> bool:
    runtime = identity.runtime()
    try:
        with runtime.store.begin() as db:
            act = identity.act(db)
            signing_in.ask_code(act, form["address"], origin=identity.origin())
    except NumberError:
        form.wrong("address", "code.number")
    except RuleError as refused:
        form.wrong("address", f"code.{refused.code}")
    else:
        wake.pump(runtime)
    return form.ok


@sign_in.get("/sign-in/code/enter")
@access(Policy.ANYONE)
def enter_code() -> ResponseReturnValue:
    """The code that came."""
    return _code_page(forms.blank((CODE,)))


@sign_in.post("/sign-in/code/enter")
@access(Policy.ANYONE)
@throttled("20 per minute; 60 per hour")
def prove_code() -> ResponseReturnValue:
    """The right code signs in; it is used up, and so is the fifth wrong one's patience."""
    form = forms.read((CODE,))
    runtime, address = identity.runtime(), session.get(ASKED, "")
    if form.ok and address:
        with runtime.store.begin() as db:
            act = identity.act(db)
            found = signing_in.prove_code(act, address, form["code"])
        if len(found) == 1:
            return signed_in(found[0].account, _next())
        if found:
            return _asked_who(address)
        form.wrong("code", "code.wrong")
    return _code_page(form, 422)


def _asked_who(address: str) -> ResponseReturnValue:
    """Several share the number: which of them is it? (web/accounts/sharing.py)"""
    session[PROVED] = [address, int(identity.runtime().clock().timestamp())]
    return redirect(url_for("sharing.ask", next=_next("") or None), 303)


def _code_page(form: Form, status: int = 200) -> ResponseReturnValue:
    address = session.get(ASKED, "")
    if not address:
        return redirect(url_for("sign_in.ask_code"), 303)
    typed, channel = codes.read(address)
    shown = typed if channel is Channel.EMAIL else numbers.national(typed)
    page = render_template(
        "accounts/enter_code.html", form=form, address=shown, channel=channel, next=_next(""),
        texted=number_to_text(),
    )  # fmt: skip
    return page, status


@sign_in.post("/sign-out")
@access(Policy.ANYONE)
def sign_out() -> ResponseReturnValue:
    """Twice is once."""
    found = identity.who()
    if found is not None:
        with identity.runtime().store.begin() as db:
            sessions.end(db, found.row.id)
    answer = redirect("/", 303)
    assert isinstance(answer, Response)
    return identity.sign_out(answer)


def _next(otherwise: str = HOME) -> str:
    return after(request.values.get("next", ""), otherwise)
