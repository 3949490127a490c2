"""Show once more that it is you: before what an open browser alone must not change.

Signing in counts for a quarter of an hour; then a password, or a code to an address that
is yours already.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from community_store import sessions
from community_store.errors import RuleError
from community_store.models import Member
from community_store.sessions import SignedIn
from dispatch import codes, wake
from gateway import numbers
from gateway.contract import Channel
from web import forms, identity
from web.access import Policy, access
from web.accounts.room import hasher
from web.accounts.sign_in import CODE
from web.forms import Field, Form
from web.going_on import after
from web.profile.room import settings_room
from web.throttle import throttled

View = Callable[..., ResponseReturnValue]
PASSWORD = Field("password", "settings.sure.password", kind="password", longest=512,
                 autocomplete="current-password", missing="settings.sure.password.missing")  # fmt: skip
TO = "sure_code_to"  # in the browser's signed cookie: which of my addresses the code went to
WAYS = ("mobile", "email", "landline")


def surely(*, entering: bool = True) -> Callable[[View], View]:
    """A view for who has just shown that it is them; others do so first, and come back.

    Without `entering` it is not enough to have signed in. What was sent is sent again: its
    page has the same address.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def checked(**named: Any) -> ResponseReturnValue:
            if sessions.sure(_who().row, identity.runtime().clock(), entering=entering):
                return view(**named)
            return redirect(url_for("settings.ask_sure", next=request.path), 303)

        return checked

    return guard


@settings_room.get("/sure")
@access(Policy.OWN)
def ask_sure() -> ResponseReturnValue:
    """The password, or where a code may go."""
    return _page(forms.blank((PASSWORD,)))


@settings_room.post("/sure")
@access(Policy.OWN)
@throttled("5 per minute; 20 per hour")
def prove_sure() -> ResponseReturnValue:
    form, kept = forms.read((PASSWORD,)), _who().person.account.password
    if form.ok and not hasher().matches(form["password"], kept):
        form.wrong("password", "settings.sure.password.wrong")
    return _goes_on() if form.ok else (_page(form), 422)


@settings_room.post("/sure/code")
@access(Policy.OWN)
@throttled("10 per hour")
def send_sure_code() -> ResponseReturnValue:
    """A code to one of my own addresses."""
    form, runtime, way = forms.blank((PASSWORD,)), identity.runtime(), request.form.get("way", "")
    try:
        with runtime.store.begin() as db:
            act, me = identity.act(db), identity.member(db)
            address = _ways(me).get(way)
            if address is None:
                return redirect(url_for("settings.ask_sure", next=_next()), 303)
            codes.send(act, address, origin=identity.origin(), language=me.language)
    except RuleError as refused:
        form.wrong("", f"code.{refused.code}")
        return _page(form), 422
    wake.pump(runtime)
    session[TO] = way
    return redirect(url_for("settings.enter_sure_code", next=_next()), 303)


@settings_room.get("/sure/code")
@access(Policy.OWN)
def enter_sure_code() -> ResponseReturnValue:
    return _code_page(forms.blank((CODE,)))


@settings_room.post("/sure/code/enter")
@access(Policy.OWN)
@throttled("20 per minute; 60 per hour")
def prove_sure_code() -> ResponseReturnValue:
    """The right code; five wrong ones use it up."""
    form = forms.read((CODE,))
    if form.ok:
        with identity.runtime().store.begin() as db:
            address = _ways(identity.member(db)).get(session.get(TO, ""))
            right = address is not None and codes.verify(identity.act(db), address, form["code"])
        if right:
            return _goes_on()
        form.wrong("code", "code.wrong")
    return _code_page(form, 422)


def _code_page(form: Form, status: int = 200) -> ResponseReturnValue:
    with identity.runtime().store.read() as db:
        address = _ways(identity.member(db)).get(session.get(TO, ""))
    if address is None:
        return redirect(url_for("settings.ask_sure", next=_next()), 303)
    page = render_template(
        "profile/code.html", form=form, next=_next(), address=shown(address),
        channel=codes.read(address)[1], action=url_for("settings.prove_sure_code"),
        again=url_for("settings.ask_sure", next=_next()),
    )  # fmt: skip
    return page, status


def shown(address: str) -> str:
    """An address as people write it; a number in one piece."""
    if codes.read(address)[1] is Channel.EMAIL:
        return address
    return numbers.national(address).replace(" ", "\u00a0")


def _ways(me: Member) -> dict[str, str]:
    """Where a code may go; nowhere for staff, whose password it would be less than."""
    if _who().person.staff:
        return {}
    found = {way: getattr(me, way) for way in WAYS}
    return {way: address for way, address in found.items() if address}


def _goes_on() -> Response:
    """The same session under a new token, and on to what was wanted."""
    answer = redirect(_next(), 303)
    assert isinstance(answer, Response)
    with identity.runtime().store.begin() as db:
        token = sessions.renew(db, _who(), identity.runtime().clock(), sure=True)
    return identity.give(answer, token)


def _next() -> str:
    return after(request.values.get("next", ""), url_for("settings.show"))


def _who() -> SignedIn:
    found = identity.who()
    assert found is not None
    return found


def _page(form: Form) -> str:
    with identity.runtime().store.read() as db:
        ways = {way: shown(address) for way, address in _ways(identity.member(db)).items()}
    return render_template(
        "profile/sure.html", form=form, ways=ways, next=_next(), account=_who().person.account
    )
