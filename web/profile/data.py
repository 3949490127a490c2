"""/settings/data: all that is held on me, as files and as a page."""

from __future__ import annotations

import json
from typing import Any

from flask import render_template, send_file
from flask.typing import ResponseReturnValue

from community_store import gazette_data, personal_data
from community_store.models import Community
from dispatch import takeaway
from web import i18n, identity
from web.access import Policy, access
from web.attached import attached
from web.profile import held
from web.profile.room import settings_room
from web.throttle import throttled


@settings_room.get("/data")
@access(Policy.OWN)
def data() -> ResponseReturnValue:
    """What there is to have, and a button for each way."""
    return render_template("profile/data.html")


@settings_room.post("/data")
@access(Policy.OWN)
@throttled("10 per hour")
def download() -> ResponseReturnValue:
    """As JSON, which other programs read."""
    answer = attached(_text(_mine()), "application/json; charset=utf-8", takeaway.DATA)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@settings_room.post("/data/all")
@access(Policy.OWN)
@throttled("10 per hour")
def take_all() -> ResponseReturnValue:
    """The same with the pictures that they showed, in one file."""
    runtime = identity.runtime()
    with runtime.store.read() as db:
        me = identity.member(db)
        data, shown = personal_data.export(db, me), gazette_data.pictures(db, me)
    parcel = takeaway.packed(runtime.settings, _text(data), shown)
    answer = send_file(parcel, "application/zip", as_attachment=True, download_name="my-data.zip")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _text(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2)


@settings_room.post("/data/read")
@access(Policy.OWN)
@throttled("10 per hour")
def read() -> ResponseReturnValue:
    """As a page, which people read."""
    page = render_template(
        "profile/data_read.html", parts=held.parts(i18n.asked(), _named(_mine()))
    )
    return page, 200, {"Cache-Control": "no-store"}


def _mine() -> dict[str, Any]:
    with identity.runtime().store.read() as db:
        return personal_data.export(db, identity.member(db))


def _named(mine: dict[str, Any]) -> dict[str, Any]:
    """With the name of the community whose link they came by, in the place of its number."""
    with identity.runtime().store.read() as db:
        for row in mine["registrations"]:
            invited = db.get(Community, row["invited_to"]) if row["invited_to"] else None
            row["invited_to"] = invited.name if invited else None
    return mine
