"""/settings/numbers: my mobile and my landline, proved, and hidden if I like (S74 to S76)."""

from __future__ import annotations

from flask import abort, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue

from community_store import profiles
from community_store.models import Member
from dispatch import number_change, wake
from dispatch.act import Act
from gateway.numbers import Kind, NumberError
from web import forms, identity
from web.access import Policy, access
from web.accounts.sign_in import CODE
from web.forms import Field, Form
from web.profile.room import OFTEN, changed, done, settings_room
from web.profile.sure import shown, surely
from web.throttle import throttled

HIDDEN = (
    Field("hide_mobile", "settings.hide.mobile", kind="checkbox", required=False),
    Field("hide_landline", "settings.hide.landline", kind="checkbox", required=False),
)
NUMBER = Field("number", "settings.number.new", hint="settings.number.new.hint", kind="tel",
               autocomplete="tel", inputmode="tel", longest=30,
               missing="settings.number.missing")  # fmt: skip
AT_NUMBER = dict.fromkeys(("same", "too_many", "night", "no_voice"), "number")
ASKED = "number_asked"  # in the browser's signed cookie: the new number, which a code went to


@settings_room.get("/numbers")
@access(Policy.PENDING)
def numbers() -> ResponseReturnValue:
    """Both, and who sees them."""
    with identity.runtime().store.read() as db:
        me = identity.member(db)
        form = forms.blank(HIDDEN, hide_mobile="yes" if me.hide_mobile else "",
                           hide_landline="yes" if me.hide_landline else "")  # fmt: skip
        return render_template("profile/numbers.html", form=form, me=me)


@settings_room.post("/numbers/hidden")
@access(Policy.PENDING)
@throttled(OFTEN)
def hide() -> ResponseReturnValue:
    """Neighbours see them no more, from now on."""
    form = forms.read(HIDDEN)
    mobile, landline = bool(form["hide_mobile"]), bool(form["hide_landline"])
    changed(form, lambda act, me: profiles.hide(act.session, me, mobile=mobile, landline=landline))
    return done("settings.hide.done", "settings.numbers")


@settings_room.get("/numbers/new")
@access(Policy.PENDING)
@surely()
def new_number() -> ResponseReturnValue:
    return render_template("profile/number.html", form=forms.blank((NUMBER,)))


@settings_room.post("/numbers/new")
@access(Policy.PENDING)
@throttled("10 per hour")
@surely()
def send_code() -> ResponseReturnValue:
    """A code by SMS to a mobile, by a call to a landline."""
    form = forms.read((NUMBER,))

    def ask(act: Act, me: Member) -> None:
        session[ASKED] = number_change.ask(act, me, form["number"], origin=identity.origin())

    try:
        sent = changed(form, ask, AT_NUMBER)
    except NumberError:
        form.wrong("number", "code.number")
        sent = False
    if not sent:
        return render_template("profile/number.html", form=form), 422
    wake.pump(identity.runtime())
    return redirect(url_for("settings.enter_code"), 303)


@settings_room.get("/numbers/calls")
@access(Policy.PENDING)
def calls() -> ResponseReturnValue:
    """To be called again, by who pressed 9: the call that says a code shows who answers there."""
    return _calls_page(forms.blank(()))


@settings_room.post("/numbers/calls")
@access(Policy.PENDING)
@throttled("10 per hour")
def call_again() -> ResponseReturnValue:
    form = forms.read(())

    def ask(act: Act, me: Member) -> None:
        session[ASKED] = number_change.ask(act, me, me.landline or "", origin=identity.origin())

    if not _uncalled():
        return redirect(url_for("settings.notifications"), 303)
    if not changed(form, ask):
        return _calls_page(form), 422
    wake.pump(identity.runtime())
    return redirect(url_for("settings.enter_code"), 303)


def _uncalled() -> str:
    """My landline, where it wants no calls."""
    with identity.runtime().store.read() as db:
        me = identity.member(db)
        return (me.landline or "") if number_change.uncalled(identity.act(db), me) else ""


def _calls_page(form: Form) -> ResponseReturnValue:
    number = _uncalled()
    if not number:
        return redirect(url_for("settings.notifications"), 303)
    return render_template("profile/calls.html", form=form, number=shown(number))


@settings_room.get("/numbers/code")
@access(Policy.PENDING)
def enter_code() -> ResponseReturnValue:
    return _code_page(forms.blank((CODE,)))


@settings_room.post("/numbers/code")
@access(Policy.PENDING)
@throttled("20 per minute; 60 per hour")
def prove_code() -> ResponseReturnValue:
    """The right code puts the number in its place; five wrong ones use it up."""
    form, number = forms.read((CODE,)), session.get(ASKED, "")

    def prove(act: Act, me: Member) -> None:
        if not (number and number_change.prove(act, me, number, form["code"])):
            form.wrong("code", "code.wrong")

    if not changed(form, prove):
        return _code_page(form, 422)
    session.pop(ASKED, None)
    wake.pump(identity.runtime())
    return done("settings.number.done", "settings.numbers")


def _code_page(form: Form, status: int = 200) -> ResponseReturnValue:
    number = session.get(ASKED, "")
    if not number:
        return redirect(url_for("settings.new_number"), 303)
    page = render_template(
        "profile/code.html", form=form, next="", address=shown(number),
        channel=number_change.way(number), action=url_for("settings.prove_code"),
        again=url_for("settings.new_number"),
    )  # fmt: skip
    return page, status


@settings_room.get("/numbers/remove/<which>")
@access(Policy.PENDING)
@surely()
def ask_remove(which: str) -> ResponseReturnValue:
    """To be sure: what comes to it then."""
    return _removing(_kind(which), forms.blank(()))


@settings_room.post("/numbers/remove/<which>")
@access(Policy.PENDING)
@throttled("20 per hour")
@surely()
def remove(which: str) -> ResponseReturnValue:
    form, kind = forms.blank(()), _kind(which)
    if not changed(form, lambda act, me: number_change.remove(act, me, kind)):
        return _removing(kind, form), 409
    wake.pump(identity.runtime())
    return done("settings.number.removed", "settings.numbers")


def _kind(which: str) -> Kind:
    if which not in (Kind.MOBILE, Kind.LANDLINE):
        abort(404)
    return Kind(which)


def _removing(kind: Kind, form: Form) -> str:
    with identity.runtime().store.read() as db:
        number = getattr(identity.member(db), kind.value)
    if not number:
        abort(404)
    return render_template("profile/remove.html", form=form, kind=kind.value, number=shown(number))
