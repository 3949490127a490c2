"""What one does on an alert's page: confirm, answer, end, withdraw, release."""

from __future__ import annotations

from collections.abc import Callable

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from community_store.errors import RuleError
from community_store.models import AlertState
from dispatch import alerts, answering, holding, previewing, tally, wake
from web import forms, i18n, identity
from web.access import Policy, access
from web.alerts.offered import ENDING, MORE, REPLY, blank
from web.alerts.one import page
from web.alerts.room import Opened, opened, room
from web.throttle import throttled

OFTEN = "120 per hour"


def _done(ref: int, do: Callable[[Opened], str]) -> ResponseReturnValue:
    """Do it, say so, and go back to the alert; a rule's refusal is said there too."""
    runtime = identity.runtime()
    try:
        with runtime.store.begin() as db:
            said = do(opened(db, ref))
    except RuleError as error:
        said = f"alerts.not.{error.code}"
        if not i18n.asked().has(said):
            raise
        flash(said, "warn")
    else:
        wake.pump(runtime)
        flash(said, "good")
    return redirect(url_for("alerts.one", ref=ref), 303)


@room.post("/<int:ref>/seen")
@access(Policy.READER)
@throttled(OFTEN)
def seen(ref: int) -> ResponseReturnValue:
    """I have read it: counted once, told to nobody (A6)."""

    def do(found: Opened) -> str:
        by = found.me.speaker
        if not answering.has_acknowledged(found.act, found.alert, by):
            answering.acknowledge(found.act, found.alert, by)
        return "alerts.seen.done"

    return _done(ref, do)


@room.post("/<int:ref>/reply")
@access(Policy.READER)
@throttled("60 per hour")
def reply(ref: int) -> ResponseReturnValue:
    """Answer the author and the référents; with `all`, everybody who was told, once it is
    known how many they are. What the author has to add is for everybody.
    """
    field = MORE if "more" in request.form else REPLY
    to_all = field is MORE or "all" in request.form
    form = forms.read((field,))
    if not form.ok or "again" in request.form:
        return _again(ref, form)
    text = form[field.name]
    if to_all and "sure" not in request.form and (asked := _ask_all(ref, field.name, text)):
        return asked

    def do(found: Opened) -> str:
        if found.alert.state == AlertState.HELD:
            abort(404)
        if to_all:
            _require(found.may_tell_all)
            answering.tell_all(found.act, found.alert, found.me.speaker, text)
            return "alerts.reply.all_done"
        answering.route(found.act, found.alert, found.me.speaker, text)
        return "alerts.reply.done"

    return _done(ref, do)


def _ask_all(ref: int, name: str, text: str) -> str | None:
    """To be sure; None for what is over already, which doing it says."""
    with identity.runtime().store.read() as db:
        found = opened(db, ref)
        _require(found.may_tell_all and found.alert.state != AlertState.HELD)
        if found.alert.state in answering.OVER:
            return None
        said = text, i18n.asked().language
        more = previewing.more(found.act, found.alert, found.me.speaker.person, said)
        sent = {name: text, "all": "1"}
        return render_template("alerts/all.html", alert=found.alert, more=more, sent=sent)


def _again(ref: int, form: forms.Form) -> ResponseReturnValue:
    with identity.runtime().store.read() as db:
        found = opened(db, ref)
        whole = blank(found, **form.values)
        whole.errors.update(form.errors)
        return page(found, whole), 200 if form.ok else 422


@room.post("/<int:ref>/called")
@access(Policy.READER)
@throttled(OFTEN)
def called(ref: int) -> ResponseReturnValue:
    """The author called 17: said to whoever is not told yet."""

    def do(found: Opened) -> str:
        if not found.reader.author:
            abort(404)
        alerts.called(found.act, found.alert)
        return "alerts.called.done"

    return _done(ref, do)


@room.post("/<int:ref>/end")
@access(Policy.READER)
@throttled(OFTEN)
def end(ref: int) -> ResponseReturnValue:
    """All clear, to exactly those who were told (A7), once it is known how many they are."""
    form = forms.read((ENDING,))
    if not form.ok or "again" in request.form:
        return _again(ref, form)
    if "sure" not in request.form and (asked := _ask_end(ref, form["ending"])) is not None:
        return asked

    def do(found: Opened) -> str:
        _require(found.may_close)
        answering.end(found.act, found.alert, found.me.speaker, form["ending"])
        return "alerts.exercise.end_done" if found.alert.exercise else "alerts.end.done"

    return _done(ref, do)


def _ask_end(ref: int, ending: str) -> str | None:
    """To be sure; None for what is over already, which doing it says."""
    with identity.runtime().store.read() as db:
        found = opened(db, ref)
        _require(found.may_close)
        if found.alert.state not in (AlertState.OPEN, AlertState.EXPIRED):
            return None
        told = tally.total(db, ref)["told"]
        return render_template("alerts/end.html", alert=found.alert, told=told, ending=ending)


@room.get("/<int:ref>/withdraw")
@access(Policy.READER)
def ask_withdraw(ref: int) -> ResponseReturnValue:
    """To be sure: neighbours will be told that it was a false alarm."""
    with identity.runtime().store.read() as db:
        found = opened(db, ref)
        _require(found.may_close and not found.alert.exercise)
        return render_template("alerts/withdraw.html", alert=found.alert)


@room.post("/<int:ref>/withdraw")
@access(Policy.READER)
@throttled(OFTEN)
def withdraw(ref: int) -> ResponseReturnValue:
    """A false alarm: nothing more goes out, those told are told."""

    def do(found: Opened) -> str:
        _require(found.may_close and not found.alert.exercise)
        alerts.withdraw(found.act, found.alert)
        return "alerts.withdraw.done"

    return _done(ref, do)


@room.post("/<int:ref>/release")
@access(Policy.READER)
@throttled(OFTEN)
def release(ref: int) -> ResponseReturnValue:
    """Let a held alert go, or not (A8)."""
    answer = request.form.get("answer")
    if answer not in ("yes", "no"):
        abort(400)
    if answer == "no" and "sure" not in request.form:
        return _ask_drop(ref)

    def do(found: Opened) -> str:
        _require(found.may_release)
        if answer == "no":
            holding.drop(found.act, found.alert)
            return "alerts.release.dropped"
        holding.release(found.act, found.alert)
        return "alerts.release.done"

    return _done(ref, do)


def _ask_drop(ref: int) -> str:
    """To be sure: nobody will be told of it."""
    with identity.runtime().store.read() as db:
        found = opened(db, ref)
        _require(found.may_release)
        return render_template(
            "alerts/drop.html", alert=found.alert, text=found.told(found.alert.text)
        )


def _require(may: bool) -> None:
    """What one may not do is not there."""
    if not may:
        abort(404)
