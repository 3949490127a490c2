"""Communities in and out as a GeoJSON FeatureCollection (interfaces.md, Files)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlmodel import Session, col, select

from community_store import geometry
from community_store.communities import NewCommunity
from community_store.errors import RuleError
from community_store.models import Community, Mode

MAX_BYTES = 64 * 1024 * 1024  # some 3,000 boundaries of 500 points


def read(document: bytes) -> list[Any]:
    """The features of a file, not yet looked into. Raises BoundaryError."""
    tree = geometry.parse(document, limit=MAX_BYTES)
    features = tree.get("features") if isinstance(tree, dict) else None
    if not isinstance(features, list) or tree.get("type") != "FeatureCollection":
        raise geometry.BoundaryError("not_geojson", "a FeatureCollection is wanted")
    return features


def community_of(feature: Any, *, points_max: int) -> NewCommunity:
    """What one feature says: `name`, `town`, and maybe `address`, `mode`. Raises RuleError."""
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        raise RuleError("properties", "the feature has no properties: name and town are wanted")
    return NewCommunity(
        name=_text(properties, "name"),
        town=_text(properties, "town"),
        boundary=geometry.polygon_of(feature, points_max=points_max),
        address=_text(properties, "address", ""),
        mode=_text(properties, "mode", Mode.TEAM),
    )


def _text(properties: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = properties.get(name)
    value = default if value is None else value
    if not isinstance(value, str):
        raise RuleError("properties", f"property {name!r} must be a text")
    return value


def export(session: Session) -> Iterator[dict[str, Any]]:
    """A feature per community, in order of id; `read` and `community_of` give it back."""
    query = select(Community).order_by(col(Community.id)).execution_options(yield_per=500)
    for community in session.exec(query):
        yield {
            "type": "Feature",
            "geometry": geometry.to_geojson(community.boundary),
            "properties": {
                "name": community.name,
                "town": community.town_insee,
                "address": community.address,
                "mode": community.mode,
            },
        }
