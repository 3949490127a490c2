"""What the address server says of an address, and how a registration keeps it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import structlog

from community_store import communes, lookup
from community_store.models import Community, Registration
from dispatch import matching
from gateway import geocoder
from gateway.geocoder import Geocoder, GeocoderAway, Place, PlaceKind
from web import identity

log = structlog.get_logger(__name__)

Choice = dict[str, Any]  # a place that an address may mean: address, insee, lat, lon


def server() -> Geocoder:
    """The address server. Raises GeocoderAway where there is none."""
    return geocoder.at(identity.runtime().settings.geo.geocoder_url)


def choices(asked: str, places: Iterable[Place]) -> list[Choice]:
    """The places that an address may mean, to be chosen from."""
    return [
        {"address": _written(asked, place), "insee": place.citycode,
         "lat": place.lat, "lon": place.lon} for place in places
    ]  # fmt: skip


def _written(asked: str, place: Place) -> str:
    """With the number that was typed, where only the street is known."""
    number = "" if place.kind is PlaceKind.HOUSE else matching.number_of(asked)
    return f"{number} {place.label}".strip()


def town_at(lat: float, lon: float) -> str | None:
    """The commune of a point, as `communes.whole`: by the address server, else by the community
    that it lies in; None when neither can say.
    """
    try:
        said = asyncio.run(server().reverse(lat, lon))
    except GeocoderAway as error:
        log.warning("geocoder_away", error=str(error))
        said = None
    if said is not None and said.citycode:
        return communes.whole(said.citycode)
    with identity.runtime().store.read() as db:
        around = lookup.holder(db, (lon, lat))
        return db.get_one(Community, around).town_insee if around else None


def choose(row: Registration, choice: Choice) -> None:
    """Take one of the places that an address may mean."""
    row.address, row.insee = choice["address"], choice["insee"]
    row.lat, row.lon, row.placed = choice["lat"], choice["lon"], False
