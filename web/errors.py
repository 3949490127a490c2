"""Pages for what went wrong: each says what happened, and what to do now.

They need no database: one of them tells that it is away. Programs (webhooks, health,
files) get the bare answer that they expect.
"""

from __future__ import annotations

import structlog
from flask import Flask, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from community_store.store import AWAY

log = structlog.get_logger(__name__)

TOLD = (400, 401, 403, 404, 405, 410, 413, 429, 500, 503)  # those with words of their own
PROGRAMS = ("/webhooks/", "/static/", "/healthz", "/readyz", "/metrics")
RETRY = 10  # seconds
Way = tuple[str, str]  # a page, and the words that lead there
SIGN_IN = ("sign_in.ask", "site.sign_in")
WAITING = ("deciding.waiting", "deciding.title")
WAYS: dict[str, tuple[Way, ...]] = {  # what helps: pages, and the words that lead there; the first as a button
    "error.401": (SIGN_IN,), "error.410": (SIGN_IN,), "error.form": (SIGN_IN,),
    "password.over": (("password.forgotten", "forgotten.title"),),
    "register.over": (SIGN_IN, ("registering.ask", "join.title")),
    "deciding.answered": (WAITING,), "deciding.others": (WAITING,), "deciding.moved": (WAITING,),
}  # fmt: skip


def install(app: Flask) -> None:
    app.register_error_handler(CSRFError, stale_form)
    app.register_error_handler(HTTPException, told)
    for away in AWAY:
        app.register_error_handler(away, database_away)


def told(error: HTTPException) -> ResponseReturnValue:
    """The page of an HTTP error; redirects and the like pass."""
    code = error.code or 500
    if error.response is not None or code < 400 or request.path.startswith(PROGRAMS):
        return error
    answer = render(f"error.{code if code in TOLD else _like(code)}", code)
    headers = {name: value for name, value in error.get_headers() if name in KEPT}
    if isinstance(error, RateLimitExceeded):
        headers["Retry-After"] = str(error.limit.limit.get_expiry())
    return (*answer, headers)


KEPT = ("Allow", "Retry-After")


def _like(code: int) -> int:
    return 500 if code >= 500 else 400


def stale_form(_error: CSRFError) -> ResponseReturnValue:
    """The token of a form is not this browser's, or no longer."""
    return render("error.form", 400)


def database_away(error: DBAPIError | PoolTimeout) -> ResponseReturnValue:
    """Nothing was changed; the same can be tried again in a moment."""
    log.warning("database_away", error=type(getattr(error, "orig", None) or error).__name__)
    g.who = None  # the page's header must not ask again
    if request.path.startswith(PROGRAMS):
        return "database away", 503, {"Retry-After": str(RETRY)}
    return (*render("error.503", 503), {"Retry-After": str(RETRY)})


def expired(message: str = "error.410", *ways: Way) -> ResponseReturnValue:
    """A link, or what it led to, is over: `message` says why, and what one can do."""
    return render(message, 410, *ways)


def render(message: str, code: int, *ways: Way) -> tuple[str, int]:
    """A page of the words `message`.title and `message`.text, with the usual ways out of it
    unless others are given.
    """
    if code >= 500:
        g.who = None
    shown = ways or WAYS.get(message, ())
    return render_template("error.html", message=message, ways=shown), code
