"""/legal: the privacy notice, the terms, the accessibility statement (docs/legal/<language>).

Texts that an operator completes in `[legal]`; what is missing is said where it would stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from flask import Blueprint, Flask, abort, current_app, render_template
from flask.typing import ResponseReturnValue

from community_store import registrations, sessions
from config import Settings
from dispatch import contacting, partner_proof, trials
from web import i18n
from web.access import Policy, access
from web.docs import FOLDER, Document, Press

legal = Blueprint("legal", __name__, url_prefix="/legal")

LEGAL = "tocsin.legal"
PAGES = ("privacy", "terms", "accessibility")


def install(app: Flask, settings: Settings) -> None:
    """Read the texts of every language that the pages speak, with this installation's facts."""
    app.extensions[LEGAL] = {
        language: _read(language, words, settings)
        for language, words in app.extensions["tocsin.words"].items()
    }


def _read(language: str, words: i18n.Words, settings: Settings) -> Mapping[str, Document]:
    press = Press(language, facts(settings), words("legal.missing"))
    return {name: press.document(_file(language, name, settings)) for name in PAGES}


def _file(language: str, name: str, settings: Settings) -> Path:
    """The operator's own text if there is one, else ours."""
    own = settings.legal.texts
    path = own / language / f"{name}.md" if own else None
    return path if path and path.exists() else FOLDER / "legal" / language / f"{name}.md"


def facts(settings: Settings) -> Mapping[str, object]:
    """What the texts may name: the operator's words, and the figures of this installation."""
    return {
        "service": settings.service.name,
        "site": settings.service.site,
        "contact": settings.service.contact,
        "writes": bool(contacting.mailbox(settings)),
        "legal": settings.legal,
        "retention": settings.retention,
        "joining": settings.joining,
        "alerts": settings.alerts,
        "registration_days": registrations.LIVE.days,
        "session_days": sessions.MEMBERS.days,
        "staff_hours": sessions.STAFF.seconds // 3600,
        "partner_days": partner_proof.MOVED.days,
        "partners": [partner.label for partner in settings.partner.values()],
        "geocoder": _elsewhere(settings.geo.geocoder_url),
        "tiles": _elsewhere(settings.geo.tiles_url),
    }


def _elsewhere(url: str) -> str:
    """The host of a service that others run; "" for none, or one of our own machine."""
    host = urlsplit(url).hostname or ""
    return "" if trials.is_this_machine(host) else host


@legal.get("/<name>")
@access(Policy.ANYONE)
def show(name: str) -> ResponseReturnValue:
    """One of the texts. It stands while the database is away."""
    known = cast("Mapping[str, Mapping[str, Document]]", current_app.extensions[LEGAL])
    found = known[i18n.asked().language].get(name)
    if found is None:
        abort(404)
    return render_template("legal/page.html", document=found)
