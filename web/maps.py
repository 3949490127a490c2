"""What a page with a map needs: where its tiles come from, and leave to show them.

A template that shows a map calls `the_map()`, through parts/map.html: that page, and no
other, may then show pictures of the tiles' host.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import shapely
import shapely.geometry
from flask import Flask, g
from shapely.geometry.base import BaseGeometry

from community_store.models import Community
from web import identity

ORIGIN = re.compile(r"(https?://)((?:\{s\}\.)?)([a-z0-9.-]+(?::\d+)?)(?=/)", re.IGNORECASE)
SHOWN = 1e-5  # degrees, about a metre: what a line may be off by on a map of neighbours


@dataclass(frozen=True, slots=True)
class Tiles:
    """The address of the tiles, "" for a plain ground, and whose they are.

    `link` is where the credit leads: the last word of it, when that is an address.
    """

    url: str
    credit: str
    link: str


@dataclass(frozen=True, slots=True)
class Zone:
    """A ground to show. `kind` is near, own or wrong; `note` stands under its name."""

    id: int
    name: str
    ground: BaseGeometry
    kind: str = "near"
    note: str = ""


def install(app: Flask) -> None:
    app.jinja_env.globals["the_map"] = the_map
    app.jinja_env.filters["shown"] = shown


def the_map() -> Tiles:
    """The tiles of this page's map; it may show them from now on."""
    geo = identity.runtime().settings.geo
    g.tiles_from = origin(geo.tiles_url)
    credit, _, link = geo.tiles_attribution.rpartition(" ")
    if not re.match(r"https?://\S+$", link):
        credit, link = geo.tiles_attribution, ""
    return Tiles(geo.tiles_url, credit if geo.tiles_url else "", link)


def origin(url: str) -> str:
    """What the page's policy must allow: scheme, host and port; "" for our own."""
    found = ORIGIN.match(url)
    if found is None:
        return ""
    scheme, any_host, host = found.groups()
    return f"{scheme}{'*.' if any_host else ''}{host}".lower()


def shown(zones: Iterable[Zone]) -> list[dict[str, Any]]:
    """Zones as map.js reads them."""
    return [
        {"id": one.id, "name": one.name, "kind": one.kind, "note": one.note,
         "ground": geojson(one.ground)} for one in zones
    ]  # fmt: skip


def geojson(shape: BaseGeometry) -> dict[str, Any]:
    """A geometry with six decimals, a tenth of a metre: as exact as boundaries are kept."""
    rounded = shapely.transform(shape, lambda points: points.round(6))
    return dict(shapely.geometry.mapping(rounded))


def zone(community: Community, kind: str = "near", *, exact: bool = False, note: str = "") -> Zone:
    """A community on a map; `exact` where one may draw along its edge."""
    assert community.id is not None
    ground = community.boundary if exact else community.boundary.simplify(SHOWN)
    return Zone(community.id, community.name, ground, kind, note)
