"""/settings/email: another address, proved by a link that goes there (S80)."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from community_store import email_changes
from community_store.models import Member
from dispatch import email_change, wake
from dispatch.act import Act
from web import errors, forms, identity
from web.access import Policy, access
from web.forms import Field, Form
from web.profile.room import changed, done, settings_room
from web.profile.sure import surely
from web.throttle import throttled

EMAIL = Field("email", "settings.email.new", hint="settings.email.new.hint", kind="email",
              autocomplete="email", inputmode="email", missing="settings.email.missing")  # fmt: skip
AT_EMAIL = dict.fromkeys(("email", "same", "too_many"), "email")


@settings_room.get("/email")
@access(Policy.PENDING)
@surely()
def email() -> ResponseReturnValue:
    return _page(forms.blank((EMAIL,)))


@settings_room.post("/email")
@access(Policy.PENDING)
@throttled("10 per hour")
@surely()
def send_link() -> ResponseReturnValue:
    """The same is said whether or not the address is somebody's."""
    form = forms.read((EMAIL,))

    def ask(act: Act, me: Member) -> None:
        email_change.ask(act, me, form["email"], origin=identity.origin())

    if not changed(form, ask, AT_EMAIL):
        return _page(form), 422
    wake.pump(identity.runtime())
    return done("settings.email.sent", "settings.email")


def _page(form: Form) -> str:
    with identity.runtime().store.read() as db:
        me = identity.member(db)
        assert me.id is not None
        waiting = email_changes.waiting(db, me.id, identity.runtime().clock())
        return render_template("profile/email.html", form=form, now=me.email, waiting=waiting)


@settings_room.get("/email/<token>")
@access(Policy.PENDING)
def open_link(token: str) -> ResponseReturnValue:
    """A GET changes nothing: programs that look into mail open links too.

    Only who asked may use it, signed in: an address that was mistyped is a stranger's.
    """
    with identity.runtime().store.read() as db:
        me = identity.member(db)
        assert me.id is not None
        change = email_changes.opened(db, token, me.id, identity.runtime().clock())
        if change is None:
            return errors.expired()
        return render_template("profile/email_link.html", change=change, token=token)


@settings_room.post("/email/<token>")
@access(Policy.PENDING)
@throttled("20 per hour")
def use_link(token: str) -> ResponseReturnValue:
    form, changed_to = forms.blank((EMAIL,)), ""

    def use(act: Act, me: Member) -> None:
        nonlocal changed_to
        changed_to = email_change.use(act, me, token) or ""

    if not changed(form, use):
        return _page(form), 409
    if not changed_to:
        return errors.expired()
    wake.pump(identity.runtime())
    return done("settings.email.done", "settings.show")
