"""/settings/data: all that is held on me, as a file and as a page."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from community_store import personal_data
from web import identity
from web.access import Policy, access
from web.attached import attached
from web.profile.room import settings_room
from web.throttle import throttled

DAYS = "_on"
INSTANTS = ("_at", "since", "_until")  # how the names of times end


@settings_room.get("/data")
@access(Policy.OWN)
def data() -> ResponseReturnValue:
    """What there is to have, and two buttons."""
    return render_template("profile/data.html")


@settings_room.post("/data")
@access(Policy.OWN)
@throttled("10 per hour")
def download() -> ResponseReturnValue:
    """As JSON, which other programs read."""
    text = json.dumps(_mine(), ensure_ascii=False, indent=2)
    answer = attached(text, "application/json; charset=utf-8", "my-data.json")
    answer.headers["Cache-Control"] = "no-store"
    return answer


@settings_room.post("/data/read")
@access(Policy.OWN)
@throttled("10 per hour")
def read() -> ResponseReturnValue:
    """As a page, which people read."""
    page = render_template("profile/data_read.html", parts=_parts(_mine()))
    return page, 200, {"Cache-Control": "no-store"}


def _mine() -> dict[str, Any]:
    with identity.runtime().store.read() as db:
        return personal_data.export(db, identity.member(db))


def _parts(held: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Each part as rows that have something in them."""
    return {
        part: [_row(row) for row in (rows if isinstance(rows, list) else [rows]) if row]
        for part, rows in held.items()
    }


def _row(row: dict[str, Any]) -> dict[str, Any]:
    """What a row says, its numbers of rows elsewhere left out."""
    return {
        name: _told(name, value)
        for name, value in row.items()
        if value not in (None, "", [], {}) and name != "id" and not name.endswith("_id")
    }


def _told(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return _row(value)
    if isinstance(value, list):
        return [_told(name, one) for one in value]
    if name.endswith(DAYS):
        return date.fromisoformat(value)
    return datetime.fromisoformat(value) if name.endswith(INSTANTS) else value
