"""The page of an alert, for whoever holds a message that gives its address (A10).

Neighbours' view: plates, numbers and e-mails masked, no names, and what was said to all
since. An alert that is over says so before its text. The address that ETAT gives to the
author, to référents and agents shows the figures too; nobody's number is on it.
"""

from __future__ import annotations

from functools import partial
from typing import Any, cast

from flask import Blueprint, abort, current_app, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session, col, select

from community_store.alert_readers import alert_reader, untold
from community_store.models import Alert, Reply, ReplyKind, Reported
from dispatch import alerts, links, masking, reported, tally
from dispatch.catalogue import template
from dispatch.runtime import Runtime
from web import i18n, identity
from web.access import Policy, access
from web.i18n import Words

alert_page = Blueprint("alert_page", __name__)
MOST_FOLLOWUPS = 50


@alert_page.get("/a/<slug>")
@access(Policy.PROVED)
def show(slug: str) -> ResponseReturnValue:
    """404 for anything but an address that we gave; what was held to those responsible only."""
    runtime = cast("Runtime", current_app.extensions["tocsin"])
    opened = links.opened(runtime.settings, slug)
    t = i18n.asked()
    with runtime.store.read() as session:
        alert = session.get(Alert, opened.ref) if opened is not None else None
        if opened is None or alert is None:
            abort(404)
        if _reads_more(session, alert):
            return redirect(url_for("alerts.one", ref=alert.id), 303)
        if untold(alert) and not opened.figures:
            abort(404)
        return render_template(
            "alert.html",
            t=t,
            alert=alert,
            removed=_removed(session, alert),
            text=_masked(runtime, t, alert.text),
            place=alerts.place_of(session, alert),
            time=t.moment(alert.created_at),
            thread=_thread(session, runtime, t, alert),
            figures=_figures(session, alert) if opened.figures else None,
        )


def _reads_more(session: Session, alert: Alert) -> bool:
    """Whoever is signed in and may read it has more on the page of their own."""
    who = identity.whole()
    if who is None:
        return False
    person = who.person
    return alert_reader(session, alert, member=person.member, agent=person.agent) is not None


def _removed(session: Session, alert: Alert) -> str:
    """Who removed it, "" for one that was not."""
    if alert.text or alert.id is None:
        return ""
    report = reported.removals(session, Reported.ALERT, [alert.id]).get(alert.id)
    return reported.remover(report) if report else ""


def _masked(runtime: Runtime, t: Words, text: str) -> str:
    if not runtime.settings.alerts.mask:
        return text
    return masking.masked(text, partial(template, t.language, "sms"))


def _thread(session: Session, runtime: Runtime, t: Words, alert: Alert) -> list[dict[str, str]]:
    """What was told to everybody after the alert, oldest first."""
    told = session.exec(
        select(Reply)
        .where(Reply.alert_id == alert.id, Reply.kind == ReplyKind.FOLLOWUP, Reply.text != "")
        .order_by(col(Reply.id))
        .limit(MOST_FOLLOWUPS)
    )
    return [
        {"time": t.moment(one.created_at), "text": _masked(runtime, t, one.text)} for one in told
    ]


def _figures(session: Session, alert: Alert) -> dict[str, Any]:
    assert alert.id is not None
    return {
        "channels": tally.by_channel(session, alert.id),
        "people": tally.total(session, alert.id),
    }
