"""Where do you live? The address finds the community, and the page says how to join it.

Nothing is kept: neither the address that is typed nor where it is. Who wants in texts
INSCRIPTION with the address, in words that are ready to be sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from sqlmodel import select

from community_store import lookup
from community_store.models import Community, Town
from dispatch import matching
from gateway.geocoder import Geocoder, GeocoderAway, Place, PlaceKind
from web import forms, identity
from web.access import Policy, access
from web.forms import Field, Form
from web.front import number_to_text
from web.throttle import throttled

log = structlog.get_logger(__name__)

joining = Blueprint("joining", __name__)

ADDRESS = Field("address", "join.address", hint="join.address.hint",
                autocomplete="street-address", missing="join.address.missing")  # fmt: skip
TOWNS_MAX = 3  # where there are more, an address must name its own


@dataclass(frozen=True, slots=True)
class Found:
    """A place that the address may mean; `community` is "" where there is none yet."""

    address: str
    community: str


@joining.get("/join")
@access(Policy.ANYONE)
def ask() -> ResponseReturnValue:
    """The question."""
    return render_template("join.html", form=forms.blank((ADDRESS,)), number=number_to_text())


@joining.post("/join")
@access(Policy.ANYONE)
@throttled("20 per minute; 200 per hour")
def find() -> ResponseReturnValue:
    """The communities of the places that an address may mean.

    422 where the address leads nowhere, 503 while nobody can say where it is; both keep
    what was typed, and say what to do.
    """
    form = forms.read((ADDRESS,))
    status, places = 422, list[Place]()
    if form.ok:
        try:
            places = _places(form)
        except GeocoderAway as error:
            log.warning("geocoder_away", error=str(error))
            form.wrong("address", "join.away")
            status = 503
    number = number_to_text()
    if not form.ok:
        return render_template("join.html", form=form, number=number), status
    return render_template(
        "join_found.html", found=_communities(form["address"], places), number=number
    )


def _places(form: Form) -> list[Place]:
    """The homes that are meant; the form says what is wrong where there are none."""
    url = identity.runtime().settings.geo.geocoder_url.rstrip("/")
    if not url:
        raise GeocoderAway("none is configured")
    places = asyncio.run(Geocoder(url).search(form["address"]))
    with identity.runtime().store.read() as db:
        towns = db.exec(select(Town.insee).order_by(Town.insee).limit(TOWNS_MAX + 1)).all()
    ours = towns if len(towns) <= TOWNS_MAX else ()
    found = matching.match(form["address"], places, ours)
    homes = [found.certain] if found.certain else list(found.choices)
    if places and places[0].kind is PlaceKind.TOWN:
        homes = []
    if not homes:
        form.wrong("address", "join.town_only" if places else "join.unknown")
    return homes


def _communities(asked: str, places: Sequence[Place]) -> list[Found]:
    with identity.runtime().store.read() as db:
        found = []
        for place in places:
            held = lookup.holder(db, (place.lon, place.lat))
            home = db.get(Community, held) if held is not None else None
            found.append(Found(matching.written(asked, place), home.name if home else ""))
    return found
