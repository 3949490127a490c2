"""A view that says how often it may be used is held to that, whatever its methods."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.web.house import House
from web import throttle
from web.throttle import throttled

KINDS = {"GET": ["GET"], "HEAD": ["GET"], "POST": ["POST"], "PUT": ["GET", "PUT"]}


def seldom(name: str) -> Callable[[], str]:
    """A view of its own name, by which it is counted."""

    def view() -> str:
        return "in"

    view.__name__ = view.__qualname__ = name
    return throttled("2 per minute")(view)


@pytest.fixture
def app(house: House) -> Flask:
    """A view of each kind of methods, under the limits of the house."""
    app = Flask("probe")
    for method, methods in KINDS.items():
        app.add_url_rule(f"/{method}", method, seldom(method), methods=methods)
    throttle.install(app, house.world.settings)
    return app


@pytest.mark.parametrize("method", KINDS)
def test_a_view_is_limited_however_it_is_called(app: Flask, method: str) -> None:
    client = app.test_client()
    codes = [client.open(f"/{method}", method=method).status_code for _ in range(3)]
    assert codes == [200, 200, 429]
