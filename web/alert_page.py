"""The rest of an alert that was too long for SMS, for whoever holds the message.

Neighbours' view: plates, numbers and e-mails masked, no author. An alert that is over
says so before its text.
"""

from __future__ import annotations

from functools import partial
from typing import cast

from flask import Blueprint, abort, current_app, render_template
from flask.typing import ResponseReturnValue

from community_store.models import Alert
from dispatch import alerts, links, masking, wording
from dispatch.catalogue import template
from dispatch.runtime import Runtime
from web import i18n

alert_page = Blueprint("alert_page", __name__, template_folder="templates")


@alert_page.get("/a/<slug>")
def show(slug: str) -> ResponseReturnValue:
    """404 for anything but an address that we gave, held alerts included."""
    runtime = cast("Runtime", current_app.extensions["tocsin"])
    ref = links.alert_of(runtime.settings, slug)
    t = i18n.asked()
    with runtime.store.read() as session:
        alert = session.get(Alert, ref) if ref is not None else None
        if alert is None or alert.state == "held":
            abort(404)
        text = alert.text
        if runtime.settings.alerts.mask:
            text = masking.masked(text, partial(template, t.language, "sms"))
        return render_template(
            "alert.html",
            t=t,
            ref=ref,
            text=text,
            state=alert.state,
            place=alerts.place_of(session, alert),
            time=wording.day_and_time(
                runtime.settings, t.language, alert.created_at, runtime.clock()
            ),
        )
