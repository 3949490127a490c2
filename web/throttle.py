"""How often a view may be used, counted in Redis; in memory while Redis is away.

    @pages.post("/contact")
    @throttled("5 per hour")
    @access(Policy.ANYONE)
    def send() -> ResponseReturnValue: ...

By whatever method the view has: a GET may call others too. Whoever is signed in counts by
account, since a building's Wi-Fi and a whole mobile network may have one address; others, and
everybody where nobody has to be signed in, by network address.

An outage of Redis never fails a page: each process then counts by itself.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, request
from flask_limiter import Limiter

from community_store.errors import RuleError
from community_store.membership import read_email
from config import Settings
from web import forms, identity
from web.access import OPEN, policy_of

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so often ("10 per minute; 50 per hour"), by who asks or by a field."""

    often: str
    field: str = ""


def throttled(often: str, *, field: str = "") -> Callable[[View], View]:
    """Limit a view by who asks, or by what a field of its form says."""

    def declare(view: View) -> View:
        before = getattr(view, "throttles", ())
        view.throttles = (*before, Limit(often, field))  # type: ignore[attr-defined]  # a mark
        return view

    return declare


def install(app: Flask, settings: Settings) -> None:
    """Put the limits that the views declare around them."""
    limiter = Limiter(
        identity.origin,
        app=app,
        storage_uri=storage(settings.redis_url),
        storage_options={"socket_timeout": 1, "socket_connect_timeout": 1},
        in_memory_fallback_enabled=True,
        swallow_errors=True,
        headers_enabled=False,
        key_prefix="tocsin",
        strategy="moving-window",
    )
    for endpoint, view in app.view_functions.items():
        asker = _asker(app, endpoint)
        for limit in getattr(view, "throttles", ()):
            key = _field(limit.field) if limit.field else asker
            guarded = limiter.limit(limit.often, key_func=key)
            view_: Any = guarded(app.view_functions[endpoint])
            app.view_functions[endpoint] = view_


def _asker(app: Flask, endpoint: str) -> Callable[[], str]:
    """By what who asks is counted. Where nobody has to be signed in, an account that somebody has
    besides would only be one count more to guess with.
    """
    policy = policy_of(app, endpoint)
    return identity.origin if policy is None or policy in OPEN else _account


def _account() -> str:
    found = identity.who()
    return identity.origin() if found is None else f"account:{found.row.account_id}"


def storage(redis_url: str) -> str:
    """Redis as the library names it: a socket is redis+unix://."""
    return redis_url.replace("unix://", "redis+unix://", 1)


def _field(name: str) -> Callable[[], str]:
    """What was typed, so that one account is not tried from everywhere; kept as a keyed hash."""

    def key() -> str:
        return identity.keyed(f"{name}:{_meant(request.form.get(name, ''))[:200]}")

    return key


def _meant(typed: str) -> str:
    """One text for all the ways to type it: an account has one count, however it is named."""
    plain = forms.line(typed)
    try:
        return read_email(plain)
    except RuleError:
        return unicodedata.normalize("NFKC", plain)
