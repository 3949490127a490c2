"""The home on the map (S06), and once more to be sure (S07)."""

from __future__ import annotations

import math

import structlog
from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import select

from community_store import communes, nearby, registrations
from community_store.errors import RuleError
from community_store.geometry import between_m, in_france
from community_store.models import Community, Registration
from dispatch import placing, wake
from dispatch.placing import Home
from web import forms, identity, maps
from web.access import Policy, access
from web.forms import Form
from web.registering import finding, inviting
from web.registering.room import TOKEN, going_on, registering, remember, typed, unplaced
from web.throttle import throttled

log = structlog.get_logger(__name__)

FAR_M = 3_000.0  # from where the address is: another street, but not another town
MIDDLE = (46.6, 2.4)  # of France: where a map begins that knows nothing better
OVERSEAS = {"971": (16.2, -61.5), "972": (14.65, -61.0), "973": (4.9, -52.3),
            "974": (-21.1, 55.5), "976": (-12.8, 45.2)}  # fmt: skip


@registering.get("/place")
@access(Policy.ANYONE)
@going_on
def place(row: Registration) -> ResponseReturnValue:
    """The map with a marker to put on the home."""
    return _map(row, forms.blank(()))


@registering.post("/place")
@access(Policy.ANYONE)
@throttled("30 per minute; 200 per hour")
@going_on
def put(row: Registration) -> ResponseReturnValue:
    """Take the marker's place; refused where it is nowhere, or far from the address."""
    form, (lat, lon) = forms.read(()), _read()
    if lat is not None and lon is not None:
        _require_near(form, row, lat, lon)
    elif request.form.get("lat") or request.form.get("lon"):
        form.wrong("", "register.place.unreadable")
    if not form.ok:
        return _map(row, form), 422
    with identity.runtime().store.begin() as db:
        kept = typed(db)
        assert kept is not None
        kept.lat, kept.lon, kept.placed = lat or kept.lat, lon or kept.lon, False
        db.add(kept)
    return redirect(url_for("registering.confirm"), 303)


def _read() -> tuple[float | None, float | None]:
    try:
        lat, lon = (float(request.form.get(name, "")) for name in ("lat", "lon"))
    except ValueError:
        return None, None
    return (lat, lon) if math.isfinite(lat) and math.isfinite(lon) else (None, None)


def _require_near(form: Form, row: Registration, lat: float, lon: float) -> None:
    """Near the address where one knows that, else in its town where anybody can say."""
    known = next((one for one in row.choices if one["address"] == row.address and one["lat"]), None)
    if not in_france(lon, lat):
        form.wrong("", "register.place.abroad")
    elif known and between_m((known["lon"], known["lat"]), (lon, lat)) > FAR_M:
        form.wrong("", "register.place.far")
    elif not known and finding.town_at(lat, lon) not in (None, communes.whole(row.insee)):
        form.wrong("", "register.place.other_town")


def _map(row: Registration, form: Form) -> str:
    start = (row.lat, row.lon) if row.lat is not None else _start(row.insee)
    return render_template(
        "registering/place.html", row=row, form=form, start=start, known=row.lat is not None
    )


def _start(insee: str) -> tuple[float, float]:
    """Where the map opens for an address that nobody could place: in its town, if we know it."""
    with identity.runtime().store.read() as db:
        known = db.exec(select(Community).where(Community.town_insee == insee)).first()
    if known is not None:
        middle = known.boundary.centroid
        return float(middle.y), float(middle.x)
    return OVERSEAS.get(insee[:3], MIDDLE)


@registering.get("/confirm")
@access(Policy.ANYONE)
@going_on
def confirm(row: Registration) -> ResponseReturnValue:
    """Is this your home? With the community that it is in."""
    with identity.runtime().store.read() as db:
        found = nearby.near(db, row.lat, row.lon) if row.lat and row.lon else []
        own = next((one.community for one in found if not one.distance_m), None)
        outside = inviting.outside(db, row, own.id if own else None)
    around = [maps.zone(one.community, "near" if one.distance_m else "own") for one in found]
    return render_template(
        "registering/confirm.html", row=row, around=around, outside=outside,
        community=own.name if own else "",
    )  # fmt: skip


@registering.post("/confirm")
@access(Policy.ANYONE)
@going_on
def confirmed(row: Registration) -> ResponseReturnValue:
    """Yes: on to the form; a member is there already, and their home has its place now."""
    if unplaced() is not None:
        return _placed(row)
    with identity.runtime().store.begin() as db:
        kept = typed(db)
        assert kept is not None
        kept.placed = True
        remember(db, kept)
    return redirect(url_for("registering.form"), 303)


def _placed(row: Registration) -> ResponseReturnValue:
    runtime, home = identity.runtime(), Home(row.address, row.lat, row.lon)
    try:
        with runtime.store.begin() as db:
            placing.by_member(identity.act(db), identity.member(db), home)
            registrations.drop(db, db.get_one(Registration, row.id))
        flash("register.mine.placed" if home.lat is not None else "register.mine.kept")
    except RuleError as error:
        log.info("not_placed", code=error.code)  # in another window, or by the team
    session.pop(TOKEN, None)
    wake.pump(runtime)
    return redirect(url_for("community.show"), 303)
