"""How much a route may be sent: more than a form for the few that take a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request

from web import identity

View = TypeVar("View", bound=Callable[..., Any])
FORM = 100_000  # bytes of a form around its file


def takes_document(view: View) -> View:
    """Let a view be sent a proof of address. What is longer is refused before it is read."""
    view.takes_document = True  # type: ignore[attr-defined]  # a mark on the function
    return view


def takes_pictures(view: View) -> View:
    """Let a view be sent the pictures of an entry of the gazette. As above."""
    view.takes_pictures = True  # type: ignore[attr-defined]  # a mark on the function
    return view


def install(app: Flask) -> None:
    """Before anything reads the request: the check of a form's token does."""
    app.before_request(widen)


def widen() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    settings, megabytes = identity.runtime().settings, 0.0
    if getattr(view, "takes_document", False):
        megabytes = settings.joining.proof_megabytes
    elif getattr(view, "takes_pictures", False):
        megabytes = settings.gazette.pictures_max * settings.gazette.picture_megabytes
    if megabytes:
        request.max_content_length = round(megabytes * 1_000_000) + FORM
