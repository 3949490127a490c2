"""/alerts/<ref>: an alert as it goes on (A10), and what its reader can do with it."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from community_store.models import Audience, Community
from web import forms, identity, maps
from web.access import Policy, access
from web.alerts import living, offered
from web.alerts.room import Opened, opened, room


@room.get("/<int:ref>")
@access(Policy.READER)
def one(ref: int) -> ResponseReturnValue:
    """The whole page."""
    with identity.runtime().store.read() as db:
        return page(opened(db, ref))


def page(found: Opened, form: forms.Form | None = None) -> str:
    """The page, with a form that was not right, or with what was typed."""
    return render_template(
        "alerts/one.html",
        **living.part(found),
        **living.told(found),
        **offered.to(found, form),
        zones=_zones(found.act.session, found),
        spot=_spot(found),
    )


def _zones(db: Session, found: Opened) -> list[maps.Zone]:
    id_ = found.alert.community_id
    community = db.get(Community, id_) if id_ else None
    return [maps.zone(community, "own")] if community else []


def _spot(found: Opened) -> tuple[float, float] | None:
    """Where it happens; not for twins, to whom it might tell where the author lives (S78)."""
    alert = found.alert
    if alert.lat is None or alert.lon is None or found.reader.audience is Audience.TWIN:
        return None
    return alert.lat, alert.lon
