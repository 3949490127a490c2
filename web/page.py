"""What every template has: the words, the service, who is signed in, where this page is."""

from __future__ import annotations

from flask import Flask, current_app, request

from gateway import numbers
from web import i18n, identity, menu

STEPS = ("joining", "community", "activation", "first_steps")  # S11


def install(app: Flask) -> None:
    app.context_processor(common)
    app.jinja_env.globals.update(menu=menu.items, bell=menu.bell)
    app.jinja_env.filters["national"] = numbers.national
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def common() -> dict[str, object]:
    """`t`, `service`, `languages`, `who`, `here` (where to come back to), `steps`, and how far
    the site is `accessible`, which each page has to say; who is its `publisher`, if that is known.
    """
    settings = identity.runtime().settings
    return {
        "t": i18n.asked(),
        "service": settings.service,
        "accessible": settings.legal.accessibility,
        "publisher": settings.legal.publisher,
        "languages": tuple(i18n.known()),
        "who": identity.whole(),
        "half": identity.who() is not None and identity.whole() is None,
        "here": _here(),
        "steps": STEPS,
    }


def _here() -> str:
    """Where to come back to: this page, if it can be asked for."""
    if request.method in ("GET", "HEAD"):
        return request.full_path.rstrip("?")
    routes = current_app.create_url_adapter(request)
    return request.path if routes and routes.test(request.path, method="GET") else "/"
