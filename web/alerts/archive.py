"""/alerts: what was told where I live, the newest first, with filters and a map."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from community_store.models import Alert, AlertState, Audience, Category, Community
from dispatch import past
from web import i18n, identity, maps
from web.access import Policy, access
from web.alerts.room import Opened, lines, me, readable, room

PERIODS = {"week": timedelta(days=7), "month": timedelta(days=31), "year": timedelta(days=366)}
STATES = {"open": (AlertState.OPEN, AlertState.HELD),
          "over": (AlertState.ENDED, AlertState.EXPIRED, AlertState.WITHDRAWN)}  # fmt: skip


@room.get("/")
@access(Policy.READER)
def archive() -> ResponseReturnValue:
    """A page of them."""
    chosen = _chosen()
    with identity.runtime().store.read() as db:
        act, mine = identity.act(db), me(db)
        asked = past.Asked(
            category=chosen["category"],
            states=STATES.get(chosen["state"], ()),
            since=act.now - PERIODS[chosen["period"]] if chosen["period"] in PERIODS else None,
            page=request.args.get("page", 1, type=int),
        )
        listed = past.listed(act, mine.member, mine.agent, asked)
        found = readable(db, mine, listed.alerts)
        home = mine.member.community_id if mine.member else None
        community = db.get(Community, home) if home else None
        return render_template(
            "alerts/archive.html",
            lines=lines(db, found),
            listed=listed,
            chosen=chosen,
            categories=[one.value for one in Category],
            zones=[maps.zone(community, "own")] if community else [],
            spots=[spot for one in found if (spot := _spot(one))],
        )


def _chosen() -> dict[str, str]:
    """What the filters say; what they do not know counts as nothing."""
    known = {
        "category": {one.value for one in Category},
        "state": set(STATES),
        "period": set(PERIODS),
    }
    asked = {name: request.args.get(name, "") for name in known}
    return {name: value if value in known[name] else "" for name, value in asked.items()}


def _spot(found: Opened) -> dict[str, Any] | None:
    alert: Alert = found.alert
    if alert.lat is None or alert.lon is None or found.reader.audience is Audience.TWIN:
        return None
    return {"id": alert.id, "lat": alert.lat, "lon": alert.lon,
            "name": i18n.asked()("alert.title", ref=alert.id)}  # fmt: skip
