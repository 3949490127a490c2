"""A boundary as it is drawn, and what is said of it while one draws (S18, S61, S62)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from shapely import Polygon
from sqlmodel import Session

from community_store import boundaries, outlines
from community_store.geometry import (
    MAX_BYTES,
    BoundaryError,
    Place,
    area_ha,
    parse,
    polygon_of,
    read,
)
from community_store.homes import Homes, homes
from dispatch import founding, refusals
from web import i18n, identity, maps
from web.access import Policy, access
from web.community import around
from web.throttle import throttled

drawing = Blueprint("drawing", __name__)


@dataclass(frozen=True, slots=True)
class Typed:
    """What a form says of a boundary: a drawing as GeoJSON, else a radius in metres."""

    text: str
    radius: int

    def polygon(self, db: Session, home: Place | None) -> Polygon:
        """Raises BoundaryError."""
        points_max = identity.runtime().settings.geo.points_max
        if self.text:
            return read(self.text, points_max=points_max)
        if home is None or self.radius not in outlines.RADII_M:
            raise BoundaryError("not_polygon", "nothing is drawn")
        round_ = outlines.circle(home, self.radius)
        return outlines.trimmed(db, round_, home, points_max=points_max)


def typed() -> Typed:
    """What was posted; of a text that is too long only so much is kept that it is refused."""
    radius = request.form.get("radius", "")
    known = radius in {str(one) for one in outlines.RADII_M}
    return Typed(request.form.get("boundary", "")[: MAX_BYTES + 1], int(radius) if known else 0)


@drawing.post("/community/check")
@access(Policy.PENDING)
@throttled("240 per minute; 3000 per hour")
def check() -> ResponseReturnValue:
    """What the rules say of a drawing: JSON in, JSON out, nothing is written.

    In: a GeoJSON geometry, or {"radius": metres} for a circle around home, or {"trim":
    geometry} for what of it is free. Out: ok, area_ha, homes, said, message, where, and for
    the last two the boundary itself.
    """
    body = request.stream.read(MAX_BYTES + 1)
    with identity.runtime().store.read() as db:
        try:
            return _checked(db, parse(body))
        except BoundaryError as error:
            return refused(error)


def _checked(db: Session, document: Any) -> dict[str, Any]:
    home, geo = around.home_of(identity.member(db)), identity.runtime().settings.geo
    polygon, ours = _meant(db, document, home)
    answer: dict[str, Any] = {"boundary": maps.geojson(polygon)} if ours else {}
    answer |= sized(polygon)
    try:
        boundaries.examine(db, polygon, geo=geo)
        if home is not None:
            founding.require_inside(polygon, home)
    except BoundaryError as error:
        return answer | refused(error)
    return answer | {"ok": True, "message": "", "where": None}


def _meant(db: Session, document: Any, home: Place | None) -> tuple[Polygon, bool]:
    """The boundary, and whether it is of our making."""
    points_max = identity.runtime().settings.geo.points_max
    asked = document if isinstance(document, dict) else {}
    if isinstance(radius := asked.get("radius"), int):
        return Typed("", radius).polygon(db, home), True
    if "trim" in asked and home is not None:
        whole = polygon_of(asked["trim"], points_max=points_max)
        return outlines.trimmed(db, whole, home, points_max=points_max), True
    return polygon_of(document, points_max=points_max), False


def refused(error: BoundaryError) -> dict[str, Any]:
    """What a rule says of a drawing, and where."""
    return {
        "ok": False, "code": error.code, "where": error.where(),
        "message": refusals.in_words(i18n.asked().language, error),
    }  # fmt: skip


def sized(polygon: Polygon) -> dict[str, Any]:
    """What is said of a drawing whatever the rules say."""
    hectares = area_ha(polygon)
    return told(hectares, homes(hectares, identity.runtime().settings.geo.homes_per_ha))


def told(hectares: float, guess: Homes) -> dict[str, Any]:
    """The area and the homes, in figures and in words."""
    t = i18n.asked()
    said = t("founding.size", area=t.number(hectares), about=t.whole(guess.about),
             low=t.whole(guess.low), high=t.whole(guess.high))  # fmt: skip
    advice = "founding.size.far" if guess.far_from_aim else "founding.size.good"
    return {
        "area_ha": round(hectares, 4),
        "homes": {"about": guess.about, "low": guess.low, "high": guess.high},
        "said": f"{said} {t(advice)}",
    }
