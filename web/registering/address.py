"""Where do you live? (S05, S06): the address, the places that it may mean, or a town."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog
from flask import jsonify, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import select

from community_store import communes, registrations
from community_store.communes import Commune
from community_store.errors import RuleError
from community_store.membership import read_email
from community_store.models import Registration, Town
from dispatch import matching
from dispatch.matching import Match
from gateway import geocoder
from gateway.geocoder import Geocoder, GeocoderAway, Place, PlaceKind
from web import forms, identity
from web.access import Policy, access
from web.forms import Field, Form
from web.front import WHERE, number_to_text
from web.registering.room import TOKEN, begun, registering, typed
from web.throttle import throttled

log = structlog.get_logger(__name__)

POSTCODE = Field("postcode", "register.postcode", hint="register.postcode.hint",
                 autocomplete="postal-code", inputmode="numeric", longest=10,
                 missing="register.postcode.missing")  # fmt: skip
STREET = Field("street", "register.street", hint="register.street.hint",
               autocomplete="address-line1", missing="register.street.missing")  # fmt: skip
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
    return _asked(forms.blank(WHERE, **kept), going=going)


@registering.post("")
@access(Policy.ANYONE)
@throttled("20 per minute; 200 per hour")
def find() -> ResponseReturnValue:
    """One place: on to the map. Several: which one? 422 where the address leads nowhere,
    503 while nobody can say where it is; both keep what was typed.
    """
    form, found = forms.read(WHERE), Match()
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


def _asked(form: Form, *, going: bool = False, away: bool = False) -> str:
    return render_template(
        "registering/address.html", form=form, number=number_to_text(), going=going, away=away
    )


def _check_email(form: Form) -> None:
    try:
        if form["email"]:
            form.values["email"] = read_email(form["email"])
    except RuleError:
        form.wrong("email", "register.email.wrong")


def _meant(form: Form) -> Match:
    """The homes that are meant; the form says what is wrong where there are none."""
    places = asyncio.run(_geocoder().search(form["address"]))
    with identity.runtime().store.read() as db:
        towns = db.exec(select(Town.insee).order_by(Town.insee).limit(TOWNS_MAX + 1)).all()
    ours = towns if len(towns) <= TOWNS_MAX else ()
    found = matching.match(form["address"], places, ours)
    if places and places[0].kind is PlaceKind.TOWN:
        found = Match()
    if not (found.certain or found.choices):
        form.wrong("address", "join.town_only" if places else "join.unknown")
    return found


def _geocoder() -> Geocoder:
    """The address server. Raises GeocoderAway where there is none."""
    return geocoder.at(identity.runtime().settings.geo.geocoder_url)


def _keep(form: Form, found: Match) -> None:
    places = [found.certain] if found.certain else list(found.choices)
    with identity.runtime().store.begin() as db:
        row = begun(db)
        row.email = form["email"] or row.email
        row.choices = [_choice(form["address"], place) for place in places]
        if found.certain:
            choose(row, row.choices[0])
        db.add(row)


def _choice(asked: str, place: Place) -> dict[str, Any]:
    return {"address": matching.written(asked, place), "insee": place.citycode,
            "lat": place.lat, "lon": place.lon}  # fmt: skip


def choose(row: Registration, choice: dict[str, Any]) -> None:
    """Take one of the places that an address may mean."""
    row.address, row.insee = choice["address"], choice["insee"]
    row.lat, row.lon, row.placed = choice["lat"], choice["lon"], False


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
        choose(known, offered[int(number)])
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
        places = asyncio.run(_geocoder().suggest(text, limit=SUGGESTED))
    except GeocoderAway as error:
        log.info("geocoder_away", error=str(error))
        places = []
    return jsonify([place.label for place in places if place.kind is not PlaceKind.TOWN])


@registering.get("/town")
@access(Policy.ANYONE)
def by_town() -> ResponseReturnValue:
    """Without the address server: a postcode, then the town on a list."""
    return _by_town(forms.blank((STREET, POSTCODE)), ())


@registering.post("/town")
@access(Policy.ANYONE)
@throttled("20 per minute; 200 per hour")
def take_town() -> ResponseReturnValue:
    """A postcode that several towns share asks which; then the home is shown on the map."""
    form = forms.read((STREET, POSTCODE))
    towns = communes.with_postcode(form["postcode"])
    if form["postcode"] and not towns:
        form.wrong("postcode", "register.postcode.unknown")
    chosen = request.form.get("town", "")
    town = towns[0] if len(towns) == 1 else next((t for t in towns if t.insee == chosen), None)
    if not form.ok or town is None:
        return _by_town(form, towns), 200 if form.ok and not chosen else 422
    with identity.runtime().store.begin() as db:
        row = begun(db)
        address = f"{form['street']} {form['postcode']} {town.name}"
        choose(row, {"address": address, "insee": town.insee, "lat": None, "lon": None})
        db.add(row)
    return redirect(url_for("registering.place"), 303)


def _by_town(form: Form, towns: Sequence[Commune]) -> str:
    return render_template("registering/town.html", form=form, towns=towns)


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
