"""The installable application: its manifest, its service worker, its page without a network."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, render_template, url_for
from flask.typing import ResponseReturnValue

from community_store.store import AWAY
from web import i18n, identity
from web.access import Policy, access
from web.front import number_to_text

application = Blueprint("application", __name__)

PAPER, BRICK = "#faf4e8", "#9c3a25"  # as in tocsin.css
ICONS = (
    ("icon.svg", "any", "any"),
    ("icon-192.png", "192x192", "any"),
    ("icon-512.png", "512x512", "any"),
    ("maskable-192.png", "192x192", "maskable"),
    ("maskable-512.png", "512x512", "maskable"),
)


@application.get("/manifest.webmanifest")
@access(Policy.ANYONE)
def manifest() -> ResponseReturnValue:
    """What a telephone asks when the site is put beside its applications."""
    answer = jsonify(_manifest())
    answer.mimetype = "application/manifest+json"
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.vary.update(("Cookie", "Accept-Language"))
    return answer


def _manifest() -> dict[str, Any]:
    t, name = i18n.asked(), identity.runtime().settings.service.name
    return {
        "id": "/home",
        "name": name,
        "short_name": name,
        "description": t("application.description"),
        "lang": t.language,
        "start_url": "/home",
        "scope": "/",
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": BRICK,
        "icons": [_icon(*icon) for icon in ICONS],
        "shortcuts": [
            {"name": t("application.raise"), "url": url_for("alerts.new")},
            {"name": t("application.alerts"), "url": url_for("alerts.archive")},
        ],
    }


def _icon(file: str, sizes: str, purpose: str) -> dict[str, str]:
    kind = "image/svg+xml" if file.endswith(".svg") else "image/png"
    source = url_for("static", filename=f"icons/{file}")
    return {"src": source, "sizes": sizes, "type": kind, "purpose": purpose}


@application.get("/worker.js")
@access(Policy.ANYONE)
def worker() -> Response:
    """Here rather than under /static, so that all pages are its own; asked for anew each time."""
    answer = current_app.send_static_file("worker.js")
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@application.get("/offline")
@access(Policy.ANYONE)
def offline() -> ResponseReturnValue:
    """What the worker keeps and shows where there is no network: an SMS needs none.

    The same for everybody, whoever asks: nothing of a person is kept on a device.
    """
    try:
        number = number_to_text()
    except AWAY:
        number = ""
    return render_template("notifications/offline.html", number=number)
