"""/team/suspended: who is, why, and the way back."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from community_store.models import Member
from community_store.visibility import Viewer, visible
from dispatch import lifting, wake
from web import identity
from web.access import Policy, access
from web.deciding.team import actor
from web.throttle import throttled

lifting_pages = Blueprint("lifting", __name__, url_prefix="/team/suspended")
LARGEST_ID = 2**31


@lifting_pages.get("")
@access(Policy.TEAM)
def suspended() -> ResponseReturnValue:
    """Those who are suspended, and what each was told."""
    with identity.runtime().store.read() as db:
        rows = [
            (one, visible(one, Viewer.OPERATOR).name) for one in lifting.suspended(identity.act(db))
        ]
        return render_template("reports/suspended.html", rows=rows)


@lifting_pages.post("/<int:id_>")
@access(Policy.TEAM)
@throttled("240 per hour")
def lift(id_: int) -> ResponseReturnValue:
    """Let somebody in again: it can be undone, so nobody is asked twice."""
    with identity.runtime().store.begin() as db:
        found = db.get(Member, id_) if id_ < LARGEST_ID else None
        if found is None:
            abort(404)
        done = lifting.lift(identity.act(db), found, by=actor())
    wake.pump(identity.runtime())
    flash("reports.lifted" if done else "reports.before")
    return redirect(url_for("lifting.suspended"), 303)
