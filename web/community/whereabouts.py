"""In which town a home is: asked of the address server, else of the neighbours."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog
from sqlmodel import Session, col, select

from community_store.geometry import Place
from community_store.models import Town
from community_store.nearby import near
from gateway import geocoder
from gateway.geocoder import GeocoderAway, PlaceKind
from web import identity

log = structlog.get_logger(__name__)

SAME_TOWN_M = 2_000.0  # from home to a community that is probably of the same town
AROUND_M = 20_000.0
OFFERED = 50


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """A town by its INSEE code, and the street, without the number: a community shows it."""

    insee: str
    town: str
    address: str = ""


def find(home: Place) -> Whereabouts | None:
    """The town of a home in (lon, lat), None when nobody can say. Asks over the network, so
    never call it inside a transaction.
    """
    said = _asked(home)
    if said is not None and said.citycode and said.city:
        return Whereabouts(said.citycode, said.city, _street(said))
    with identity.runtime().store.read() as db:
        return _of_neighbours(db, home)


def _street(said: geocoder.Place) -> str:
    if said.kind in (PlaceKind.STREET, PlaceKind.LOCALITY):
        return said.label  # it has no number
    return ", ".join(filter(None, (said.street, f"{said.postcode} {said.city}".strip())))


def _asked(home: Place) -> geocoder.Place | None:
    try:
        server = geocoder.at(identity.runtime().settings.geo.geocoder_url)
        return asyncio.run(server.reverse(home[1], home[0]))
    except GeocoderAway as error:
        log.warning("geocoder_away", error=str(error))
        return None


def _of_neighbours(db: Session, home: Place) -> Whereabouts | None:
    for one in near(db, home[1], home[0], within_m=SAME_TOWN_M, limit=1):
        town = db.get_one(Town, one.community.town_insee)
        return Whereabouts(town.insee, town.name)
    return None


def chosen(db: Session, insee: str) -> Whereabouts | None:
    """The town that was picked from the list."""
    town = db.get(Town, insee)
    return Whereabouts(town.insee, town.name) if town else None


def offered(db: Session, home: Place) -> list[Town]:
    """The towns to pick from: those around, else all when they are few."""
    found = near(db, home[1], home[0], within_m=AROUND_M, limit=OFFERED)
    codes = {one.community.town_insee for one in found}
    query = select(Town).order_by(col(Town.name)).limit(OFFERED)
    return list(db.exec(query.where(col(Town.insee).in_(codes)) if codes else query).all())
