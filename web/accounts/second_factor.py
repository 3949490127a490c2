"""The second factor of agents and the team: set up once, then asked at each sign-in."""

from __future__ import annotations

import io

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from community_store import second_factor as factor
from community_store import sessions
from community_store.models import Account
from community_store.sessions import SignedIn
from web import forms, identity
from web.access import Policy, access
from web.accounts.sign_in import HOME
from web.forms import Field, Form
from web.going_on import after
from web.throttle import throttled

second_factor = Blueprint("second_factor", __name__)

CODE = Field("code", "factor.code", hint="factor.code.hint", autocomplete="one-time-code",
             longest=40, missing="factor.code.missing")  # fmt: skip
FIRST = Field("code", "factor.code", hint="factor.first.hint", autocomplete="one-time-code",
              inputmode="numeric", longest=20, missing="factor.code.missing")  # fmt: skip


@second_factor.get("/sign-in/second-factor")
@access(Policy.HALF)
def ask() -> ResponseReturnValue:
    """The telephone's code, or how to set the telephone up."""
    return _page(forms.blank((CODE if _confirmed() else FIRST,)))


@second_factor.post("/sign-in/second-factor")
@access(Policy.HALF)
@throttled("10 per minute")
def give() -> ResponseReturnValue:
    """The right code opens the session; after five wrong ones the password is asked again."""
    form = forms.read((CODE if _confirmed() else FIRST,))
    if not form.ok:
        return _page(form), 422
    who, confirmed = _who(), _confirmed()
    with identity.runtime().store.begin() as db:
        account = db.get_one(Account, who.person.account.id)
        right = _right(db, account, form["code"])
        paper = _open(db, account) if right and not confirmed else []
        now = identity.runtime().clock()
        token = sessions.complete(db, who.row, account, now) if right else ""
        left = 0 if right else sessions.wrong_factor(db, who.row)
    if right:
        return _let_in(token, paper)
    if not left:
        return redirect(url_for("sign_in.ask"), 303)
    form.wrong("code", "factor.wrong")
    return _page(form), 422


def _right(db: Session, account: Account, code: str) -> bool:
    runtime = identity.runtime()
    key = runtime.settings.secret_key()
    if factor.verify(db, account, code, key=key, now=runtime.clock()):
        return True
    return account.totp_confirmed and factor.use_paper(db, account, code)


def _open(db: Session, account: Account) -> list[str]:
    """The telephone has shown that it works."""
    factor.confirm(db, account)
    return factor.write_paper(db, account)


def _let_in(token: str, paper: list[str]) -> ResponseReturnValue:
    """On to the page that was wanted; the first time, past the codes for the paper."""
    wanted = after(request.values.get("next", ""), HOME)
    if paper:
        page = render_template("accounts/paper.html", paper=paper, next=wanted)
        return identity.give(make_response(page), token)
    answer = redirect(wanted, 303)
    assert isinstance(answer, Response)
    return identity.give(answer, token)


def _who() -> SignedIn:
    found = identity.who()
    assert found is not None
    return found


def _confirmed() -> bool:
    return _who().person.account.totp_confirmed


def _page(form: Form) -> str:
    wanted = after(request.values.get("next", ""), "")
    if _confirmed():
        return render_template("accounts/second_factor.html", form=form, next=wanted)
    settings, account = identity.runtime().settings, _who().person.account
    key = settings.secret_key()
    address = factor.address(key, account, settings.service.name)
    letters = factor.secret(key, account)
    return render_template(
        "accounts/enrol.html",
        form=form,
        next=wanted,
        address=address,
        secret=" ".join(letters[i : i + 4] for i in range(0, len(letters), 4)),
        **drawn(address),
    )


def drawn(text: str) -> dict[str, object]:
    """A QR code as the path of an SVG: its side in modules, and what is black."""
    import segno  # for the few who set a telephone up

    code = segno.make(text, error="m", micro=False)
    rows = [list(row) for row in code.matrix]
    path = io.StringIO()
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                path.write(f"M{x} {y}h1v1h-1z")
    return {"side": len(rows), "path": path.getvalue()}
