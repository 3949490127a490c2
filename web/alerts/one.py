"""/alerts/<ref>: an alert as it goes on (A10), and what its reader can do with it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, cast

from flask import Flask, current_app, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlmodel import Session, col, select

from community_store.models import (
    Agent,
    AlertKind,
    AlertState,
    Audience,
    Community,
    Member,
    Reply,
    ReplyKind,
    Reported,
)
from community_store.visibility import Author, known_now
from dispatch import alerts, answering, reported, tally
from web import forms, i18n, identity, maps
from web.access import Policy, access
from web.alerts.room import Opened, opened, room
from web.forms import Field

REPLY = Field("reply", "alerts.reply", hint="alerts.reply.hint", kind="textarea", longest=600,
              missing="alerts.reply.missing")  # fmt: skip
MORE = Field("more", "alerts.more", hint="alerts.more.hint", kind="textarea", longest=600,
             missing="alerts.more.missing")  # fmt: skip
ENDING = Field("ending", "alerts.end.text", hint="alerts.end.text.hint", kind="textarea",
               longest=300, required=False)  # fmt: skip
MOST_REPLIES = 200
STOP_POLLING = 286  # htmx: swap, and do not ask again
FIGURES = "tocsin.alert_figures"
FRESH = 2.0  # seconds: many follow one alert, and counting a town's messages takes a while
KEPT = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was said since."""

    name: str
    time: str
    text: str
    to_all: bool


@dataclass
class Figures:
    """The figures of the alerts that people follow, counted at most every FRESH seconds."""

    _kept: dict[int, tuple[float, dict[str, Any]]] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def of(self, db: Session, ref: int) -> dict[str, Any]:
        with self._turn:
            until, figures = self._kept.get(ref, (0.0, {}))
            if until > time.monotonic():
                return figures
        figures = {"channels": tally.by_channel(db, ref), "people": tally.total(db, ref)}
        with self._turn:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[ref] = (time.monotonic() + FRESH, figures)
        return figures


def install(app: Flask) -> None:
    app.extensions[FIGURES] = Figures()


@room.get("/<int:ref>")
@access(Policy.READER)
def one(ref: int) -> ResponseReturnValue:
    """The whole page."""
    with identity.runtime().store.read() as db:
        return page(opened(db, ref))


@room.get("/<int:ref>/live")
@access(Policy.READER)
def live(ref: int) -> ResponseReturnValue:
    """The part of it that changes; the last time when the alert is over.

    Nothing when it reads as the page does already: it is read aloud where that is asked for.
    """
    with identity.runtime().store.read() as db:
        shown = _live(opened(db, ref))
    if not shown["going_on"]:
        return render_template("alerts/living.html", **shown), STOP_POLLING
    if request.args.get("known") == shown["mark"]:
        return "", 204
    return render_template("alerts/living.html", **shown)


def blank(found: Opened, **typed: str) -> forms.Form:
    """The forms of the page; only who may tell all is told so."""
    reply = REPLY if found.may_tell_all else replace(REPLY, hint="alerts.reply.hint.some")
    return forms.blank((reply, MORE, ENDING), **typed)


def page(found: Opened, form: forms.Form | None = None) -> str:
    """The page, with a form that was not right."""
    alert, db = found.alert, found.act.session
    by = found.me.speaker
    return render_template(
        "alerts/one.html",
        **_live(found),
        form=form or blank(found),
        unended=alert.state not in answering.OVER,
        text=found.told(alert.text),
        removed=None if alert.text else reported.removal(found.act, Reported.ALERT, found.ref),
        author=_author(found),
        author_is_agent=found.reader.audience is Audience.AGENT,
        zones=_zones(db, found),
        spot=_spot(found),
        seen=answering.has_acknowledged(found.act, alert, by),
        may_close=found.may_close,
        may_release=alert.state == AlertState.HELD and found.may_release,
        may_answer=not found.reader.author and alert.state != AlertState.HELD,
        may_tell_all=found.may_tell_all,
    )


def _live(found: Opened) -> dict[str, Any]:
    """What alerts/living.html says, and a mark that changes with it."""
    shown = _facts(found)
    shown["living"] = Markup(render_template("alerts/live.html", **shown))  # noqa: S704  # our own template
    shown["mark"] = sha256(shown["living"].encode()).hexdigest()[:12]
    return shown


def _facts(found: Opened) -> dict[str, Any]:
    alert = found.alert
    figures = cast("Figures", current_app.extensions[FIGURES])
    return {
        "alert": alert,
        "going_on": alert.state in (AlertState.OPEN, AlertState.HELD),
        "reader": found.reader,
        "place": alerts.place_of(found.act.session, alert),
        "time": i18n.asked().moment(alert.created_at),
        "closed": i18n.asked().moment(alert.closed_at) if alert.closed_at else "",
        "thread": _thread(found),
        "figures": figures.of(found.act.session, found.ref) if found.reader.responsible else None,
    }


def _author(found: Opened) -> Author:
    """What this reader may know of who raised it."""
    db, alert = found.act.session, found.alert
    if alert.kind == AlertKind.TOWN:
        return Author(name=i18n.asked()("alerts.town", town=alerts.place_of(db, alert)))
    author = db.get(Member, alert.author_id) if alert.author_id else None
    return _known(found, [author])[author.id] if author is not None else Author()


def _known(found: Opened, members: Sequence[Member]) -> dict[int | None, Author]:
    """What this reader may know of people now, however long ago the alert was."""
    viewers = found.viewers_of(members)
    return {one.id: known_now(found.reader.audience, viewers[one.id or 0], one) for one in members}


def _thread(found: Opened) -> list[Line]:
    """What was told to all since, and to those responsible what was answered; oldest first."""
    db, kinds = found.act.session, [ReplyKind.FOLLOWUP.value]
    if found.reader.responsible:
        kinds.append(ReplyKind.REPLY.value)
    replies = db.exec(
        select(Reply)
        .where(Reply.alert_id == found.ref, col(Reply.kind).in_(kinds))
        .order_by(col(Reply.id))
        .limit(MOST_REPLIES)
    ).all()
    names = _names(found, replies)
    return [
        Line(
            names.get((one.member_id, one.agent_id), ""),
            i18n.asked().moment(one.created_at),
            found.told(one.text),
            one.kind == ReplyKind.FOLLOWUP,
        )
        for one in replies
    ]


def _names(found: Opened, replies: Any) -> dict[tuple[int | None, int | None], str]:
    """As this reader may know them; as many questions for a hundred as for one."""
    db = found.act.session
    members = {one.member_id for one in replies if one.member_id}
    agents = {one.agent_id for one in replies if one.agent_id}
    names: dict[tuple[int | None, int | None], str] = {}
    known = _known(found, db.exec(select(Member).where(col(Member.id).in_(members))).all())
    names |= {(id_, None): author.name for id_, author in known.items()}
    for agent in db.exec(select(Agent).where(col(Agent.id).in_(agents))):
        names[None, agent.id] = agent.name
    return names


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
