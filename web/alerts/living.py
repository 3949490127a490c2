"""What of an alert's page changes while it is read (A10): its state, figures, thread, and with
them what the reader can do.

The page asks every few seconds and says what it shows. Only what differs comes: the living part,
and what came since, which stands below what the alert said;
the forms, when what can be done changed (what is being typed stays); and one line to be read
aloud, when the state changed or somebody said something. Figures alone are never read aloud.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, cast

from flask import Flask, current_app, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, select

from community_store import formerly
from community_store.models import Agent, AlertKind, AlertState, Member, Reply, ReplyKind
from community_store.visibility import Author, known_now
from dispatch import alerts, tally
from web import i18n, identity
from web.access import Policy, access
from web.alerts import offered
from web.alerts.room import Opened, opened, room

MOST_REPLIES = 200
STOP_POLLING = 286  # htmx: swap, and do not ask again
FIGURES = "tocsin.alert_figures"
FRESH = 2.0  # seconds: many follow one alert, and counting a town's messages takes a while
KEPT = 200
SAID = (ReplyKind.REPLY, ReplyKind.FOLLOWUP)
Who = tuple[int | None, int | None, str]  # a member or an agent, and how they answered


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was said since."""

    name: str
    time: str
    text: str
    to_all: bool
    gone: str = ""  # why there is no text


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


@room.get("/<int:ref>/live")
@access(Policy.READER)
def live(ref: int) -> ResponseReturnValue:
    """What changed since the page was as it says; the last time when the alert is over."""
    with identity.runtime().store.read() as db:
        found = opened(db, ref)
        shown = part(found)
        if not shown["going_on"]:
            return _news(found, shown), STOP_POLLING
        if request.args.get("known") == shown["mark"]:
            return "", 204
        return _news(found, shown)


def _news(found: Opened, shown: dict[str, Any]) -> str:
    """The living part, with the forms and what is read aloud where the page has others."""
    changed = request.args.get("stood") != shown["stands"]
    heard = max(request.args.get("heard", 0, type=int), 0)
    more = {**told(found), **offered.to(found)} if changed else {}
    said = shown["thread"][heard:]
    return render_template("alerts/news.html", **shown, **more, changed=changed, said=said)


def part(found: Opened) -> dict[str, Any]:
    """What alerts/living.html says, what came since, and marks that change with them."""
    shown = _facts(found)
    shown["living"] = Markup(render_template("alerts/live.html", **shown))  # noqa: S704  # our own template
    shown["since"] = Markup(render_template("alerts/since.html", **shown))  # noqa: S704  # our own template
    shown["mark"] = sha256((shown["living"] + shown["since"]).encode()).hexdigest()[:12]
    return shown


def _facts(found: Opened) -> dict[str, Any]:
    alert = found.alert
    figures = cast("Figures", current_app.extensions[FIGURES])
    return {
        "alert": alert,
        "going_on": alert.state in (AlertState.OPEN, AlertState.HELD),
        "heading": f"alerts.heading.{'exercise.' if alert.exercise else ''}{found.standing}",
        "stands": f"{found.standing}{'-called' if alert.called else ''}",
        "reader": found.reader,
        "place": alerts.place_of(found.act.session, alert),
        "time": i18n.asked().moment(alert.created_at),
        "closed": i18n.asked().moment(alert.closed_at) if alert.closed_at else "",
        "thread": _thread(found),
        "figures": figures.of(found.act.session, found.ref) if found.reader.responsible else None,
    }


def told(found: Opened) -> dict[str, Any]:
    """What alerts/told.html says: nothing any more of what was removed meanwhile."""
    return {"text": found.told(found.alert.text), "removed": found.removal,
            "author": _author(found)}  # fmt: skip


def _author(found: Opened) -> Author:
    """What this reader may know of who raised it."""
    db, alert = found.act.session, found.alert
    if alert.kind == AlertKind.TOWN:
        return Author(name=i18n.asked()("alerts.town", town=alerts.place_of(db, alert)))
    author = db.get(Member, alert.author_id) if alert.author_id else None
    if author is None:
        return Author()
    viewer = found.viewers_of([author])[author.id or 0]
    named = found.was_neighbour(_then(found, []))
    return known_now(found.reader.audience, viewer, author, named=named)


def _then(found: Opened, members: Sequence[Member]) -> set[int]:
    """Who of them, and of the reader, were its neighbours when it was told."""
    people = [*members, *([found.me.member] if found.me.member else [])]
    return formerly.neighbours(found.act.session, found.alert, {one.id or 0 for one in people})


def _thread(found: Opened) -> list[Line]:
    """What was told to all since, and what was answered: all of it to those responsible, to
    others their own; oldest first.
    """
    db = found.act.session
    replies = db.exec(
        select(Reply)
        .where(Reply.alert_id == found.ref, _readable(found))
        .order_by(col(Reply.id))
        .limit(MOST_REPLIES)
    ).all()
    if found.removal is not None:
        replies = [one for one in replies if one.text]  # the rest was removed with it
    names = _names(found, replies)
    return [
        Line(
            _called(found, one, names),
            i18n.asked().moment(one.created_at),
            found.told(one.text),
            one.kind == ReplyKind.FOLLOWUP,
            "alerts.forgotten" if one.member_id is one.agent_id is None else "alerts.erased",
        )
        for one in replies
    ]


def _called(found: Opened, said: Reply, names: dict[Who, str]) -> str:
    """Who said it; one's own answer is read again under no name, since a twin's went out
    under a pseudonym.
    """
    if said.kind == ReplyKind.REPLY and not found.reader.responsible:
        return i18n.asked()("alerts.you")
    return names.get((said.member_id, said.agent_id, said.kind), "")


def _readable(found: Opened) -> ColumnElement[bool]:
    to_all = col(Reply.kind) == ReplyKind.FOLLOWUP.value
    answers = col(Reply.kind) == ReplyKind.REPLY.value
    mine = found.me.member
    if not found.reader.responsible:
        answers &= col(Reply.member_id) == (mine.id if mine else None)
    return or_(to_all, answers)


def _names(found: Opened, replies: Sequence[Reply]) -> dict[Who, str]:
    """As this reader may know them; as many questions for a hundred as for one."""
    db = found.act.session
    names: dict[Who, str] = {}
    agents = {one.agent_id for one in replies if one.agent_id}
    wanted = {one.member_id for one in replies if one.member_id}
    members = db.exec(select(Member).where(col(Member.id).in_(wanted))).all()
    viewers, then = found.viewers_of(members), _then(found, members)
    elsewhere = i18n.asked()("alerts.elsewhere")  # a twin of another town, or of once: no neighbour
    for one, kind in itertools.product(members, SAID):
        was = kind == ReplyKind.FOLLOWUP or one.id in then  # twins tell nothing to all
        named = was and found.was_neighbour(then)
        author = known_now(found.reader.audience, viewers[one.id or 0], one, named=named)
        names[one.id, None, kind.value] = author.name or ("" if was else elsewhere)
    for agent in db.exec(select(Agent).where(col(Agent.id).in_(agents))):
        for kind in SAID:
            names[None, agent.id, kind.value] = agent.name
    return names
