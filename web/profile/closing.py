"""/settings/close: the end of an account (S84), confirmed, and what it means said before."""

from __future__ import annotations

from flask import Response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from community_store import sessions
from community_store.errors import RuleError
from dispatch import farewell
from web import forms, identity
from web.access import Policy, access
from web.forms import Form
from web.profile.room import settings_room
from web.profile.sure import surely
from web.throttle import throttled


@settings_room.get("/close")
@access(Policy.OWN)
@surely(entering=False)
def ask_close() -> ResponseReturnValue:
    """What is erased, what stays, and who would be without a référent."""
    return _page(forms.blank(()))


@settings_room.post("/close")
@access(Policy.OWN)
@throttled("10 per hour")
@surely(entering=False)
def close() -> ResponseReturnValue:
    """Erase everything, and sign out. Refused while an alert of theirs is going out."""
    form, who = forms.blank(()), identity.who()
    assert who is not None
    try:
        with identity.runtime().store.begin() as db:
            farewell.close(identity.act(db), identity.member(db))
            sessions.end(db, who.row.id)
    except RuleError as refused:
        alert = "ref" in refused.facts
        form.wrong("", f"settings.close.{'alert' if alert else 'letter'}.going", **refused.facts)
        return _page(form, refused.facts.get("ref")), 409
    answer = redirect(url_for("settings.closed"), 303)
    assert isinstance(answer, Response)
    return identity.sign_out(answer)


@settings_room.get("/closed")
@access(Policy.ANYONE)
def closed() -> ResponseReturnValue:
    """It is done."""
    return render_template("profile/closed.html")


def _page(form: Form, going_out: int | None = None) -> str:
    with identity.runtime().store.read() as db:
        act, me = identity.act(db), identity.member(db)
        means = farewell.consequences(act, me)
    return render_template("profile/close.html", form=form, means=means, going_out=going_out)
