"""What every answer says to the browser: run nothing that is not ours."""

from __future__ import annotations

from flask import Flask, Response, g

from config import Settings
from web import identity

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'{tiles}; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
PERMISSIONS = "geolocation=(self), camera=(), microphone=(), payment=(), usb=()"
HSTS = "max-age=31536000"  # not of subdomains: they may be somebody else's


def install(app: Flask, settings: Settings) -> None:
    app.after_request(strict)
    if identity.https(settings):
        app.after_request(only_https)


def strict(response: Response) -> Response:
    """No inline code, no framing, no address of ours told to another site."""
    tell = response.headers.setdefault
    tiles = g.get("tiles_from", "")  # of a page with a map (web/maps.py)
    response.headers["Content-Security-Policy"] = POLICY.format(tiles=f" {tiles}" if tiles else "")
    tell("X-Content-Type-Options", "nosniff")
    tell("Referrer-Policy", "no-referrer")
    tell("Permissions-Policy", PERMISSIONS)
    tell("Cross-Origin-Opener-Policy", "same-origin")
    tell("Cross-Origin-Resource-Policy", "same-origin")
    personal = response.mimetype == "text/html" or g.get("who") is not None
    if "Cache-Control" not in response.headers and personal:
        response.headers["Cache-Control"] = _keeping()
        response.vary.update(("Cookie", "Accept-Language"))
    return response


def install_for_programs(app: Flask, settings: Settings) -> None:
    """The same for answers that no browser should ever show."""
    app.after_request(bare)
    if identity.https(settings):
        app.after_request(only_https)


def bare(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _keeping() -> str:
    """Nothing of who is signed in; else a page may be gone back to, with what was typed."""
    return "no-store" if g.get("who") is not None else "private, no-cache"


def only_https(response: Response) -> Response:
    response.headers["Strict-Transport-Security"] = HSTS
    return response
