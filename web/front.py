"""The first page: what Tocsin is, for everybody."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from flask import Blueprint, Flask, current_app, render_template, request
from flask.typing import ResponseReturnValue

from community_store import census
from community_store.census import Census
from community_store.store import AWAY
from dispatch import senders, trials
from gateway import numbers
from web import forms, identity
from web.access import Policy, access
from web.forms import Field

front = Blueprint("front", __name__)

ADDRESS = Field("address", "join.address", capitals="words", hint="join.address.hint",
                autocomplete="street-address", missing="join.address.missing")  # fmt: skip
EMAIL = Field("email", "register.email", hint="register.email.why", kind="email",
              autocomplete="email", inputmode="email", required=False)  # fmt: skip
WHERE = (ADDRESS, EMAIL)  # where joining begins (S05), here or at /join
FIGURES = "tocsin.figures"
FRESH = timedelta(minutes=5)  # counting a million rows takes longer than a page may


@dataclass
class Figures:
    """The census, counted again when it is five minutes old."""

    _kept: Census | None = None
    _until: datetime | None = None
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> Census:
        runtime = identity.runtime()
        with self._turn:
            if self._kept is None or self._until is None or runtime.clock() >= self._until:
                with runtime.store.read() as db:
                    self._kept = census.count(db)
                self._until = runtime.clock() + FRESH
            return self._kept


def install(app: Flask) -> None:
    app.extensions[FIGURES] = Figures()


@front.get("/")
@access(Policy.ANYONE)
def welcome() -> ResponseReturnValue:
    """What Tocsin is, the number to text, and how many are here.

    It stands while the database is away: then it only does not say how many.
    """
    figures = cast("Figures", current_app.extensions[FIGURES])
    try:
        counted, number = figures.now(), number_to_text()
    except AWAY:
        counted, number = Census(0, 0), ""
    return render_template(
        "front.html", figures=counted, number=number, trial=_trial(), form=forms.blank(WHERE)
    )


def number_if_known() -> str:
    """The same as `number_to_text`; "" too while the database is away."""
    try:
        return number_to_text()
    except AWAY:
        return ""


def number_to_text() -> str:
    """The number to text, as people write it; "" for none yet."""
    with identity.runtime().store.read() as db:
        value = senders.answerable(db)
    return numbers.national(value) if value.startswith("+") else value


def _trial() -> bool:
    """Whether to show the way to the handsets of a trial."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    return trials.may_look(identity.runtime().settings, request.remote_addr or "", headers)
