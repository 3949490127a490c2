"""Where do you live? (S05, S06): the address, and the places that it may mean.

Asked of who registers, and of a member whose home has no place yet.
"""

from __future__ import annotations

import asyncio

import structlog
from flask import jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import select

from community_store import registrations
from community_store.errors import RuleError
from community_store.membership import read_email
from community_store.models import Town
from dispatch import matching
from dispatch.matching import Match
from gateway.geocoder import GeocoderAway, PlaceKind
from web import forms, identity
from web.access import Policy, access
from web.forms import Field, Form
from web.front import WHERE, number_to_text
from web.registering import finding
from web.registering.room import TOKEN, begun, invited, registering, typed, unplaced
from web.throttle import throttled

log = structlog.get_logger(__name__)

TOWNS_MAX = 3  # where there are more, an address must name its own
SUGGESTED = 6


@registering.get("")
@access(Policy.ANYONE)
def ask() -> ResponseReturnValue:
    """The question, with what was typed before."""
    with identity.runtime().store.read() as db:
        known = typed(db)
    going = known is not None and bool(known.address) and known.member_id is None
    kept = {"address": known.address, "email": known.email} if known and going else {}
    mine = unplaced()
    if mine is not None:
        going, kept = False, {"address": mine.address}
    return _asked(forms.blank(_fields(), **kept), going=going)


@registering.post("")
@access(Policy.ANYONE)
@throttled("20 per minute; 200 per hour")
def find() -> ResponseReturnValue:
    """One place: on to the map. Several: which one? 422 where the address leads nowhere,
    503 while nobody can say where it is; both keep what was typed.
    """
    form, found = forms.read(_fields()), Match()
    _check_email(form)
    if form.ok:
        try:
            found = _meant(form)
        except GeocoderAway as error:
            log.warning("geocoder_away", error=str(error))
            form.wrong("address", "join.away")
            return _asked(form, away=True), 503
    if not form.ok:
        return _asked(form), 422
    _keep(form, found)
    return redirect(url_for("registering.place" if found.certain else "registering.which"), 303)


def _fields() -> tuple[Field, ...]:
    """A member is asked for no e-mail."""
    return tuple(one for one in WHERE if one.name == "address" or unplaced() is None)


def _asked(form: Form, *, going: bool = False, away: bool = False) -> str:
    with identity.runtime().store.read() as db:
        home = invited(db)
    return render_template(
        "registering/address.html", form=form, number=number_to_text(), going=going, away=away,
        invited=home.name if home else "",
    )  # fmt: skip


def _check_email(form: Form) -> None:
    try:
        if form.values.get("email"):
            form.values["email"] = read_email(form["email"])
    except RuleError:
        form.wrong("email", "register.email.wrong")


def _meant(form: Form) -> Match:
    """The homes that are meant; the form says what is wrong where there are none."""
    places = asyncio.run(finding.server().search(form["address"]))
    with identity.runtime().store.read() as db:
        towns = db.exec(select(Town.insee).order_by(Town.insee).limit(TOWNS_MAX + 1)).all()
    ours = towns if len(towns) <= TOWNS_MAX else ()
    found = matching.match(form["address"], places, ours)
    if places and places[0].kind is PlaceKind.TOWN:
        found = Match()
    if not (found.certain or found.choices):
        form.wrong("address", "join.town_only" if places else "join.unknown")
    return found


def _keep(form: Form, found: Match) -> None:
    places = [found.certain] if found.certain else list(found.choices)
    with identity.runtime().store.begin() as db:
        row = begun(db)
        row.email = form.values.get("email") or row.email
        row.choices = finding.choices(form["address"], places)
        if found.certain:
            finding.choose(row, row.choices[0])
        db.add(row)


@registering.get("/which")
@access(Policy.ANYONE)
def which() -> ResponseReturnValue:
    """Which of them is yours?"""
    with identity.runtime().store.read() as db:
        known = typed(db)
    if known is None or not known.choices or known.member_id is not None:
        return redirect(url_for("registering.ask"), 303)
    return render_template("registering/which.html", choices=known.choices)


@registering.post("/which")
@access(Policy.ANYONE)
@throttled("30 per minute; 200 per hour")
def take() -> ResponseReturnValue:
    """This one; or none of them, and the address is asked again."""
    with identity.runtime().store.begin() as db:
        known = typed(db)
        number = request.form.get("choice", "")
        offered = known.choices if known and known.member_id is None else []
        if known is None or number not in map(str, range(len(offered))):
            return redirect(url_for("registering.which"), 303)
        finding.choose(known, offered[int(number)])
        db.add(known)
    return redirect(url_for("registering.place"), 303)


@registering.post("/suggest")
@access(Policy.ANYONE)
@throttled("120 per minute; 1500 per hour")
def suggest() -> ResponseReturnValue:
    """Addresses that begin like this, for a list under the field; none while nobody knows.

    A POST, since what somebody types of their address belongs in no log of addresses.
    """
    text = " ".join(request.form.get("q", "").split())[:200]
    try:
        places = asyncio.run(finding.server().suggest(text, limit=SUGGESTED))
    except GeocoderAway as error:
        log.info("geocoder_away", error=str(error))
        places = []
    return jsonify([place.label for place in places if place.kind is not PlaceKind.TOWN])


@registering.post("/forget")
@access(Policy.ANYONE)
def forget() -> ResponseReturnValue:
    """Forget all that was typed here: for a computer that others use."""
    with identity.runtime().store.begin() as db:
        known = typed(db)
        if known is not None and known.member_id is None:
            registrations.drop(db, known)
    session.pop(TOKEN, None)
    return redirect(url_for("front.welcome"), 303)
