"""/community/boundary: a référent draws the boundary anew (S58 to S63)."""

from __future__ import annotations

import json
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from shapely import Polygon
from sqlmodel import Session

from community_store import boundaries, outlines
from community_store.errors import RuleError
from community_store.geometry import MAX_BYTES, BoundaryError, parse, polygon_of, read
from community_store.nearby import beside
from dispatch import tending
from dispatch.tending import Redrawing
from web import i18n, identity, maps
from web.access import Policy, access
from web.attached import attached
from web.community import around, drawing
from web.community.room import OFTEN, Here, done, looked_after, people, room, said
from web.throttle import throttled

SHOWN_M = 1_500.0  # how far neighbours are shown while one draws
SHOWN_MAX = 60


@room.get("/boundary")
@access(Policy.REFERENT)
def edit() -> ResponseReturnValue:
    """The boundary as it is, to be drawn on."""
    with identity.runtime().store.read() as db:
        mine = looked_after(db)
        return _page(mine, _written(mine.community.boundary))


@room.get("/boundary.geojson")
@access(Policy.REFERENT)
def file() -> ResponseReturnValue:
    """The boundary as a file: for other programs, and for who has no scripts."""
    with identity.runtime().store.read() as db:
        text = _written(looked_after(db).community.boundary)
    return attached(text, "application/geo+json", "my-boundary.json")


@room.post("/boundary/check")
@access(Policy.REFERENT)
@throttled("240 per minute; 3000 per hour")
def check() -> ResponseReturnValue:
    """What the rules say of a drawing, as /community/check does; nothing is written."""
    body = request.stream.read(MAX_BYTES + 1)
    with identity.runtime().store.read() as db:
        try:
            return _checked(looked_after(db), parse(body))
        except BoundaryError as error:
            return drawing.refused(error)


def _checked(mine: Here, document: Any) -> dict[str, Any]:
    polygon, ours = _meant(mine, document)
    answer: dict[str, Any] = {"boundary": maps.geojson(polygon)} if ours else {}
    answer |= drawing.sized(polygon)
    try:
        boundaries.examine(
            mine.act.session, polygon, geo=mine.act.settings.geo, community=mine.community
        )
    except BoundaryError as error:
        return answer | _warned(error)
    return answer | {"ok": True, "message": "", "where": None}


def _warned(error: BoundaryError) -> dict[str, Any]:
    """That members are left outside is no fault: it is to be confirmed."""
    told = drawing.refused(error)
    if error.code != "members_outside":
        return told
    count = len(error.members)
    return told | {"ok": True, "message": i18n.asked().counted("boundary.outside.live", count)}


def _meant(mine: Here, document: Any) -> tuple[Polygon, bool]:
    """The boundary, and whether it is of our making: what of a drawing is free."""
    points_max, home = mine.act.settings.geo.points_max, mine.community
    if not (isinstance(document, dict) and "trim" in document):
        return polygon_of(document, points_max=points_max), False
    inside = home.boundary.point_on_surface()
    whole = polygon_of(document["trim"], points_max=points_max)
    free = outlines.trimmed(
        mine.act.session, whole, (inside.x, inside.y), points_max=points_max, own=home.id
    )
    return free, True


@room.post("/boundary")
@access(Policy.REFERENT)
@throttled(OFTEN)
def save() -> ResponseReturnValue:
    """Keep it. 409 with a rule's words and what was drawn, when it may not be, or when
    members would be left outside who are not confirmed.
    """
    text = _drawn()
    try:
        polygon = read(text, points_max=identity.runtime().settings.geo.points_max)
        text = _written(polygon)
        return done(lambda mine: _kept(mine, polygon), "community.show")
    except RuleError as error:
        with identity.runtime().store.read() as db:
            return _page(looked_after(db), text, error), 409


def _drawn() -> str | bytes:
    """A file that was chosen, else what the map wrote."""
    sent = request.files.get("file")
    if sent is not None and sent.filename:
        return sent.stream.read(MAX_BYTES + 1)
    return request.form.get("boundary", "")[: MAX_BYTES + 1]


def _kept(mine: Here, polygon: Polygon) -> str:
    new = Redrawing(polygon, request.form.get("seen", ""), outside=_confirmed())
    changed = tending.redraw(mine.act, mine.member, new)
    return "boundary.saved" if changed else "boundary.same"


def _confirmed() -> list[int]:
    """Whom the référent saw in the list and ticked."""
    if "sure" not in request.form:
        return []
    told = request.form.getlist("outside")
    return [int(one) for one in told if one.isascii() and one.isdecimal() and len(one) < 10]


def _written(polygon: Polygon) -> str:
    return json.dumps(maps.geojson(polygon))


def _page(mine: Here, text: str | bytes, error: RuleError | None = None) -> str:
    home, geographic = mine.community, error if isinstance(error, BoundaryError) else None
    drawable = isinstance(text, str) and _is_drawable(text)
    left_out = geographic.members if geographic else ()
    at = around.home_of(mine.member)
    return render_template(
        "community/boundary.html",
        community=home,
        text=text if drawable else _written(home.boundary),
        original=maps.geojson(home.boundary),
        seen=tending.version(home),
        size=drawing.sized(home.boundary)["said"],
        neighbours=_neighbours(mine.act.session, mine),
        home=(at[1], at[0]) if at else None,
        refused=said(error) if error else "",
        ask=geographic is not None and geographic.code == "members_outside",
        people=people(mine, left_out),
        where=geographic.where() if geographic else None,
        check=url_for("neighbourhood.check"),
    )


def _is_drawable(text: str) -> bool:
    """Whether the map can show it: else the boundary as it is stands there."""
    try:
        read(text, points_max=identity.runtime().settings.geo.points_max)
    except BoundaryError:
        return False
    return True


def _neighbours(db: Session, mine: Here) -> list[maps.Zone]:
    found = beside(db, mine.community, within_m=SHOWN_M)[:SHOWN_MAX]
    return [maps.zone(one.community, exact=True) for one in found]
