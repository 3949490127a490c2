"""/referent/exercise: a test of the alert chain, read again before it is sent (S72)."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from community_store.errors import RuleError
from dispatch import exercising, wake
from web import i18n, identity
from web.access import Policy, access
from web.community.room import Here, looked_after
from web.referent.room import room
from web.throttle import throttled


@room.get("/exercise")
@access(Policy.REFERENT)
def exercise() -> ResponseReturnValue:
    """What neighbours would read, how many they are, and who is not told; or why not now."""
    with identity.runtime().store.read() as db:
        return _page(looked_after(db))


@room.post("/exercise")
@access(Policy.REFERENT)
@throttled("20 per hour")
def send() -> ResponseReturnValue:
    """Send it; the second press within the month is refused."""
    runtime = identity.runtime()
    try:
        with runtime.store.begin() as db:
            mine = looked_after(db)
            ref = exercising.send(mine.act, mine.member).alert.id
    except RuleError:
        with runtime.store.read() as db:
            return _page(looked_after(db)), 409
    wake.pump(runtime)
    flash("referent.exercise.sent")
    return redirect(url_for("alerts.one", ref=ref), 303)


def _page(mine: Here) -> str:
    act = mine.act
    return render_template(
        "referent/exercise.html",
        community=mine.community.name,
        refusal=exercising.refusal(act, mine.member, mine.community),
        last=exercising.last(act.session, mine.community, act.now),
        again=exercising.MONTH,
        people=exercising.people(act, mine.member),
        sms=exercising.sms(act, mine.member, i18n.asked().language),
    )
