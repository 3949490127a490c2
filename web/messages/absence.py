"""/absence: telling chosen neighbours that one is away, and ending it (S48)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import partial

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from community_store import absences
from community_store.correspondents import Person
from community_store.errors import NotFound, RuleError
from community_store.models import Absence, Member
from dispatch import confiding, wake
from dispatch.confiding import Away
from web import forms, identity
from web.access import Policy, access
from web.forms import Field, Form
from web.messages import aliases, choosing
from web.messages.room import OFTEN, unheard
from web.throttle import throttled

absence = Blueprint("absence", __name__, url_prefix="/absence")

STARTS = Field("starts", "absence.starts", kind="date", missing="absence.date.missing")
ENDS = Field("ends", "absence.ends", hint="absence.ends.hint", kind="date",
             missing="absence.date.missing")  # fmt: skip
NOTE = Field("note", "absence.note", hint="absence.note.hint", kind="textarea", longest=500,
             required=False)  # fmt: skip
FIELDS = (STARTS, ENDS, NOTE)
ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
FRENCH = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")  # typed where there is no calendar
WRONG = {"backwards": "ends", "past": "ends", "far": "ends"}


@absence.get("/")
@access(Policy.MEMBER)
def show() -> ResponseReturnValue:
    """One's own absences, and those that neighbours confided."""
    with identity.runtime().store.read() as db:
        me, today = identity.member(db), confiding.today(identity.act(db))
        return render_template(
            "messages/absences.html",
            own=absences.mine(db, me, today),
            confided=absences.confided(db, me, today),
        )


@absence.get("/choose")
@access(Policy.MEMBER)
def choose() -> ResponseReturnValue:
    """Whom to tell: neighbours alone."""
    with identity.runtime().store.read() as db:
        return _list(db, identity.member(db))


def _list(db: Session, me: Member, refused: str = "") -> str:
    return render_template(
        "messages/watchers.html",
        choosing=choosing.choosing(db, me, twins=False),
        refused=refused,
        most=confiding.MOST_WATCHERS,
        ref=partial(aliases.ref, me),
    )


@absence.get("/new")
@access(Policy.MEMBER)
def new() -> ResponseReturnValue:
    """From when to when, for those who were chosen."""
    with identity.runtime().store.read() as db:
        me = identity.member(db)
        people = _watchers(db, me)
        refused = _refused(people)
        if refused:
            return _list(db, me, refused), 409
        return _form(db, people, forms.blank(FIELDS))


@absence.post("/new")
@access(Policy.MEMBER)
@throttled(OFTEN)
def confide() -> ResponseReturnValue:
    """Tell them; the same twice is once."""
    runtime = identity.runtime()
    form, away = _read()
    with runtime.store.read() as db:
        me = identity.member(db)
        people = _watchers(db, me)
        if refused := _refused(people):
            return _list(db, me, refused), 409
        if away is None:
            return _form(db, people, form), 422
    try:
        with runtime.store.begin() as db:
            ids = [one.id for one in people]
            confiding.confide(identity.act(db), identity.member(db), ids, away)
    except NotFound:
        abort(404)
    except RuleError as error:
        form.wrong(WRONG.get(error.code, ""), f"absence.not.{error.code}")
        with runtime.store.read() as db:
            return _form(db, people, form), 422
    wake.pump(runtime)
    flash("absence.done")
    return redirect(url_for("absence.show"), 303)


def _watchers(db: Session, me: Member) -> list[Person]:
    """404 for a twin, or anybody else who is no neighbour."""
    people = choosing.chosen(db, me)
    if any(one.place for one in people):
        abort(404)
    return people


def _refused(people: Sequence[Person]) -> str:
    if not people:
        return "absence.not.nobody"
    return "absence.not.crowd" if len(people) > confiding.MOST_WATCHERS else ""


def _read() -> tuple[Form, Away | None]:
    form = forms.read(FIELDS)
    starts, ends = _date(form["starts"]), _date(form["ends"])
    for name, found in (("starts", starts), ("ends", ends)):
        if found is None:
            form.wrong(name, "absence.date.missing")
    if starts is None or ends is None or not form.ok:
        return form, None
    return form, Away(starts, ends, form["note"])


def _date(text: str) -> date | None:
    iso, french = ISO.fullmatch(text), FRENCH.fullmatch(text)
    parts = iso.groups() if iso else french.groups()[::-1] if french else None
    try:
        return date(*map(int, parts)) if parts else None
    except ValueError:
        return None


def _form(db: Session, people: Sequence[Person], form: Form) -> str:
    return render_template(
        "messages/absence.html", people=people, form=form, unheard=unheard(db, people)
    )


@absence.get("/<int:ref>/end")
@access(Policy.MEMBER)
def ask_end(ref: int) -> ResponseReturnValue:
    """To be sure."""
    with identity.runtime().store.read() as db:
        return render_template("messages/absence_end.html", absence=_own(db, ref))


@absence.post("/<int:ref>/end")
@access(Policy.MEMBER)
@throttled(OFTEN)
def end(ref: int) -> ResponseReturnValue:
    """Earlier than told: it is gone from everybody's pages."""
    with identity.runtime().store.begin() as db:
        absences.end(db, _own(db, ref))
    flash("absence.ended")
    return redirect(url_for("absence.show"), 303)


def _own(db: Session, ref: int) -> Absence:
    found = absences.own(db, identity.member(db), ref, confiding.today(identity.act(db)))
    if found is None:
        abort(404)
    return found
