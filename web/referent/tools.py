"""/referent: what the role is (S71), what waits, and how well alerts reach the members (S72)."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from dispatch import exercising, requests, tally, upkeep
from web import i18n, identity
from web.access import Policy, access
from web.community.room import Here, looked_after
from web.referent.room import room


@room.get("")
@access(Policy.REFERENT)
def tools() -> ResponseReturnValue:
    """The way to everything that a référent does."""
    with identity.runtime().store.read() as db:
        mine = looked_after(db)
        act, home = mine.act, mine.community
        return render_template(
            "referent/tools.html",
            community=home.name,
            asked=len(requests.waiting_for(act, mine.member)),
            troubles=len(upkeep.failing(act, home)) + len(upkeep.unproved(act, home)),
            coverage=upkeep.coverage(act, home),
            last=_last(mine),
            exercised=exercising.last(db, home, act.now),
        )


def _last(mine: Here) -> dict[str, Any] | None:
    """The last alert, how many it was told to and how many have it: figures, no names."""
    act = mine.act
    alert = upkeep.last_alert(act.session, mine.community)
    if alert is None or alert.id is None:
        return None
    time = i18n.asked().moment(alert.created_at)
    return {"alert": alert, "time": time, "people": tally.total(act.session, alert.id)}
