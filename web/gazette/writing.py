"""/gazette/new, and what an author (or a référent) does with an entry."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from community_store import gazette
from community_store.errors import RuleError
from community_store.gazette import Terms
from dispatch import pictures
from web import forms, identity
from web.access import Policy, access
from web.forms import Field, Form
from web.gazette import entry_form
from web.gazette.room import Opened, read, room
from web.throttle import throttled
from web.uploads import takes_pictures

WHY = Field("why", "gazette.remove.why", hint="gazette.remove.why.hint", kind="textarea",
            longest=300, required=False)  # fmt: skip


@room.get("/new")
@access(Policy.MEMBER)
def new() -> ResponseReturnValue:
    """Ajouter une information (S47)."""
    with identity.runtime().store.read() as db:
        return entry_form.page(db, entry_form.blank())


@room.post("/new")
@access(Policy.MEMBER)
@throttled("30 per hour")
@takes_pictures
def write() -> ResponseReturnValue:
    """Into the gazette; a second press adds nothing."""
    runtime, form = identity.runtime(), entry_form.posted()
    with runtime.store.read() as db:
        _check(db, form)
    shown = entry_form.drawn(form, entry_form.sent()) if form.ok else []
    if form.ok:
        try:
            with runtime.store.begin() as db:
                said, me = entry_form.said(form), identity.member(db)
                entry, made = gazette.write(db, me, said, _terms())
                if made:
                    pictures.keep(identity.act(db), entry, shown)
        except RuleError as error:
            _refuse(form, error)
        else:
            flash("gazette.written")
            return redirect(url_for("gazette.one", entry=entry.id), 303)
    with runtime.store.read() as db:
        return entry_form.page(db, form), 422


def _check(db: Session, form: Form) -> None:
    """What can be known before anything is read of the pictures."""
    entry_form.check_room(db, form)
    try:
        gazette.require_may_write(db, identity.member(db), _terms())
    except RuleError as error:
        _refuse(form, error)


def _terms() -> Terms:
    runtime = identity.runtime()
    return Terms(runtime.clock(), runtime.settings.gazette.entries_a_day)


def _refuse(form: Form, error: RuleError) -> None:
    form.wrong("", f"gazette.not.{error.code}", **error.facts)


@room.get("/<int:entry>/edit")
@access(Policy.MEMBER)
def edit(entry: int) -> ResponseReturnValue:
    """One's own, as it stands."""
    with identity.runtime().store.read() as db:
        mine = _mine(db, entry)
        return entry_form.page(db, entry_form.of(mine.entry), mine.entry)


@room.post("/<int:entry>/edit")
@access(Policy.MEMBER)
@throttled("60 per hour")
@takes_pictures
def change(entry: int) -> ResponseReturnValue:
    """Said otherwise, read for longer, with other pictures."""
    runtime, form = identity.runtime(), entry_form.posted()
    with runtime.store.read() as db:
        entry_form.check_room(db, form, _mine(db, entry).entry)
    shown = entry_form.drawn(form, entry_form.sent()) if form.ok else []
    if form.ok:
        try:
            with runtime.store.begin() as db:
                mine = _mine(db, entry)
                gazette.edit(db, mine.entry, entry_form.said(form), mine.act.now)
                pictures.drop(mine.act, mine.entry, entry_form.dropped())
                pictures.keep(mine.act, mine.entry, shown)
        except RuleError as error:
            entry_form.refuse(form, error)
        else:
            flash("gazette.edited")
            return redirect(url_for("gazette.one", entry=entry), 303)
    with runtime.store.read() as db:
        return entry_form.page(db, form, _mine(db, entry).entry), 422


def _mine(db: Session, entry: int) -> Opened:
    """404 for what is not the reader's to change."""
    found = read(db, entry)
    if not gazette.may_edit(found.me, found.entry):
        abort(404)
    return found


@room.get("/<int:entry>/remove")
@access(Policy.MEMBER)
def ask_remove(entry: int) -> ResponseReturnValue:
    """To be sure; a référent may say why."""
    with identity.runtime().store.read() as db:
        found = _removable(db, entry)
        own = found.entry.author_id == found.me.id
        form = forms.blank((WHY,))
        return render_template("gazette/remove.html", entry=found.entry, own=own, form=form)


@room.post("/<int:entry>/remove")
@access(Policy.MEMBER)
@throttled("60 per hour")
def remove(entry: int) -> ResponseReturnValue:
    """Nobody reads it any more."""
    why = forms.read((WHY,))["why"][: WHY.longest]
    with identity.runtime().store.begin() as db:
        found = _removable(db, entry)
        gazette.remove(db, found.entry, found.me, now=found.act.now, why=why)
    flash("gazette.removed")
    return redirect(url_for("gazette.listing"), 303)


def _removable(db: Session, entry: int) -> Opened:
    """404 for what is neither the reader's own nor theirs to look after."""
    found = read(db, entry)
    if not gazette.may_remove(found.me, found.entry):
        abort(404)
    return found
