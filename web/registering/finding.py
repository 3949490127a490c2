"""What the address server says of an address, and how a registration keeps it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from community_store.models import Registration
from dispatch import matching
from gateway import geocoder
from gateway.geocoder import Geocoder, Place, PlaceKind
from web import identity

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


def choose(row: Registration, choice: Choice) -> None:
    """Take one of the places that an address may mean."""
    row.address, row.insee = choice["address"], choice["insee"]
    row.lat, row.lon, row.placed = choice["lat"], choice["lon"], False
