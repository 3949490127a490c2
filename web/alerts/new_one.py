"""/alerts/new: Lancer une alerte (S44): say it, read it again as neighbours will, send it."""

from __future__ import annotations

import math
from dataclasses import replace

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from community_store.errors import RuleError
from community_store.geometry import in_france
from community_store.models import Category, Community, Member
from dispatch import alerts, previewing, refusals, wake
from dispatch.alerts import Told
from web import forms, i18n, identity, maps
from web.access import Policy, access
from web.alerts.room import room
from web.community.page import place as home_of
from web.forms import Field, Form
from web.throttle import throttled

CATEGORIES = tuple((one.value, f"alerts.category.{one}") for one in Category)
TEXT = Field("text", "alerts.text", hint="alerts.text.hint", kind="textarea", longest=1000,
             missing="alerts.text.missing")  # fmt: skip
CATEGORY = Field("category", "alerts.category", kind="select", required=False,
                 choices=(("", "alerts.category.none"), *CATEGORIES))  # fmt: skip
PLACED = Field("placed", "alerts.placed", hint="alerts.placed.hint", kind="checkbox",
               required=False)  # fmt: skip


@room.get("/new")
@access(Policy.MEMBER)
def new() -> ResponseReturnValue:
    """The form, with how many there are to tell."""
    with identity.runtime().store.read() as db:
        member = identity.member(db)
        return _form(db, member, forms.blank(_fields(member)))


@room.post("/new")
@access(Policy.MEMBER)
@throttled("60 per hour")
def review() -> ResponseReturnValue:
    """What neighbours will read, and who they are; with `sure`, send it."""
    with identity.runtime().store.read() as db:
        member = identity.member(db)
        form = _read(db, member)
        if not form.ok or "again" in request.form:
            return _form(db, member, form), 200 if form.ok else 422
        if "sure" in request.form:
            return _send(form)
        return _review(db, member, form)


def _fields(member: Member) -> tuple[Field, ...]:
    """Where the marker is at first is said: at home, or in the middle of the community."""
    if home_of(member) is not None:
        return TEXT, CATEGORY, PLACED
    return TEXT, CATEGORY, replace(PLACED, hint="alerts.placed.hint.middle")


def _read(db: Session, member: Member) -> Form:
    form = forms.read(_fields(member))
    if form["text"] and not any(letter.isalnum() for letter in form["text"]):
        form.wrong("text", "alerts.text.missing")
    place = _place(form)
    if form["placed"] and place is None:
        form.wrong("placed", "alerts.placed.wrong")
    elif place is not None and home_of(member) is None and place == _middle(db, member):
        form.wrong("placed", "alerts.placed.unmoved")  # it is nobody's word that it is there
    return form


def _middle(db: Session, member: Member) -> tuple[float, float]:
    """A point inside the community, as exact as the marker: (lat, lon)."""
    inside = _community(db, member).boundary.representative_point()
    return round(inside.y, 6), round(inside.x, 6)


def _community(db: Session, member: Member) -> Community:
    return db.get_one(Community, member.community_id)


def _place(form: Form) -> tuple[float, float] | None:
    """Where it happens, if that was shown: (lat, lon)."""
    if not form["placed"]:
        return None
    try:
        lat, lon = (float(request.form.get(name, "")) for name in ("lat", "lon"))
    except ValueError:
        return None
    known = math.isfinite(lat) and math.isfinite(lon) and in_france(lon, lat)
    return (lat, lon) if known else None


def _told(form: Form) -> Told:
    return Told(form["text"], Category(form["category"] or Category.OTHER), place=_place(form))


def _form(db: Session, member: Member, form: Form) -> str:
    act, language = identity.act(db), i18n.asked().language
    return render_template(
        "alerts/new.html",
        form=form,
        people=previewing.people(act, member),
        most_segments=act.settings.dispatch.max_segments,
        frame=previewing.frame(act, member, language),
        start=_place(form) or home_of(member) or _middle(db, member),
        zones=[maps.zone(_community(db, member), "own")],
    )


def _review(db: Session, member: Member, form: Form) -> ResponseReturnValue:
    told, language = _told(form), i18n.asked().language
    try:
        seen = previewing.preview(identity.act(db), member, told, language)
    except RuleError as error:
        return _refused(db, member, form, error)
    return render_template(
        "alerts/review.html",
        form=form,
        seen=seen,
        place=told.place,
        category=told.category,
        zones=[maps.zone(_community(db, member), "own")],
    )


def _refused(db: Session, member: Member, form: Form, error: RuleError) -> ResponseReturnValue:
    said = refusals.in_words(i18n.asked().language, error, about="alert")
    form.wrong("", "alerts.refused", why=said)
    return _form(db, member, form), 409


def _send(form: Form) -> ResponseReturnValue:
    """The same text twice is one alert, so a second press does nothing."""
    runtime = identity.runtime()
    try:
        with runtime.store.begin() as db:
            raised = alerts.raise_resident(identity.act(db), identity.member(db), _told(form))
            ref, state = raised.alert.id, raised.alert.state
    except RuleError as error:
        with runtime.store.read() as db:
            return _refused(db, identity.member(db), form, error)
    wake.pump(runtime)
    flash("alerts.repeated" if raised.repeated else f"alerts.sent.{state}")
    return redirect(url_for("alerts.one", ref=ref), 303)
