"""Where an address is: the national address base's HTTP API, or an addok of one's own.

GET <url>/search/?q=&limit=&autocomplete=&citycode= and GET <url>/reverse/?lat=&lon=
answer GeoJSON (https://adresse.data.gouv.fr/outils/api-doc/adresse). An address is
personal data: neither it nor the answer is ever logged here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import aiohttp

from gateway import http
from gateway.contract import SendError

PATIENCE = 3.0  # seconds; a worker that reads texts waits for it
ANSWER_MAX = 262_144  # bytes
PLACES_MAX = 20  # read of an answer
QUESTION = (3, 200)  # characters; the public service refuses others
TEXT_MAX = 200


class GeocoderAway(Exception):
    """No usable answer: ask again later. The message holds nothing of the address."""


class PlaceKind(StrEnum):
    """How exact a place is; others than these are not addresses."""

    HOUSE = "housenumber"
    STREET = "street"
    LOCALITY = "locality"
    TOWN = "municipality"


@dataclass(frozen=True, slots=True)
class Place:
    """A place that fits a question; `score` from 0 to 1, degrees in WGS 84."""

    label: str
    score: float
    kind: PlaceKind
    lat: float
    lon: float
    housenumber: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""
    citycode: str = ""


@dataclass(frozen=True, slots=True)
class Geocoder:
    """A server at `url`, without its closing slash, that has `patience` seconds to answer."""

    url: str
    patience: float = PATIENCE

    async def search(self, text: str, *, limit: int = 5, citycode: str = "") -> list[Place]:
        """The places that an address may mean, the best first; with `citycode` of one town.

        A text that no address can be gives [] without asking. Raises GeocoderAway.
        """
        town = {"citycode": citycode} if citycode else {}
        return await self._search(text, {"limit": str(limit), "autocomplete": "0", **town})

    async def suggest(self, text: str, *, limit: int = 5) -> list[Place]:
        """The places whose address begins like a text; see `search`."""
        return await self._search(text, {"limit": str(limit), "autocomplete": "1"})

    async def _search(self, text: str, how: Mapping[str, str]) -> list[Place]:
        question = " ".join(text.split())[: QUESTION[1]]
        if len(question) < QUESTION[0] or not question[0].isalnum():
            return []
        return read(await self._get("/search/", {"q": question, **how}))

    async def reverse(self, lat: float, lon: float) -> Place | None:
        """The address nearest to a point, None for none near. Raises GeocoderAway."""
        query = {"lat": f"{lat:.6f}", "lon": f"{lon:.6f}"}
        return next(iter(read(await self._get("/reverse/", query))), None)

    async def _get(self, path: str, query: Mapping[str, str]) -> bytes:
        try:
            async with http.session(self.patience, keep=False) as session:
                with http.failures():
                    return await _body(session, self.url + path, query)
        except SendError as error:
            raise GeocoderAway(f"{error.reason} ({error.code})") from None


def at(url: str) -> Geocoder:
    """The server at an address. Raises GeocoderAway for "", which means that there is none."""
    if not url:
        raise GeocoderAway("none is configured")
    return Geocoder(url.rstrip("/"))


async def _body(session: aiohttp.ClientSession, url: str, query: Mapping[str, str]) -> bytes:
    async with session.get(url, params=query, allow_redirects=False) as response:
        if response.status == 400:
            return b'{"features": []}'  # it does not take such a question
        if response.status != 200:
            raise GeocoderAway(f"it answered {response.status}")
        body = bytearray()
        async for chunk in response.content.iter_chunked(65_536):
            body += chunk
            if len(body) > ANSWER_MAX:
                raise GeocoderAway("its answer is too long")
        return bytes(body)


def read(body: bytes) -> list[Place]:
    """The places of an answer; a feature that is no place of ours is left out.

    Raises GeocoderAway for what is not a GeoJSON collection.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise GeocoderAway("its answer is not JSON") from None
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        raise GeocoderAway("its answer is not a collection of features")
    places = (_place(feature) for feature in features[:PLACES_MAX])
    return [place for place in places if place is not None]


def _place(feature: Any) -> Place | None:
    try:
        said = feature["properties"]
        lon, lat = (float(degrees) for degrees in feature["geometry"]["coordinates"][:2])
        score = float(said.get("score", 0.0))
        kind = PlaceKind(said["type"])
        label = _text(said, "label")
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        return None
    if not (label and abs(lat) <= 90 and abs(lon) <= 180 and math.isfinite(score)):
        return None
    parts = ("housenumber", "street", "postcode", "city", "citycode")
    return Place(
        label,
        min(max(score, 0.0), 1.0),
        kind,
        lat,
        lon,
        **{part: _text(said, part) for part in parts},
    )


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)  # a house number, or a postcode that somebody's export spoilt
    return " ".join(value.split())[:TEXT_MAX] if isinstance(value, str) else ""
