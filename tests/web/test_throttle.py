"""A view that says how often it may be used is held to that, whatever its methods."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.web.house import House, Visitor
from tests.web.quarter import Quarter
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


def reported(visitor: Visitor, times: int) -> list[int]:
    return [visitor.post("/report/alert/1", why="").status_code for _ in range(times)]


def test_neighbours_behind_one_address_have_a_count_each(quarter: Quarter) -> None:
    quarter.sends()
    assert reported(quarter.browser(quarter.neighbour), 21) == [422] * 20 + [429]
    assert reported(quarter.browser(quarter.twin), 1) == [422]


def test_an_account_has_one_count_in_all_its_browsers(quarter: Quarter) -> None:
    quarter.sends()
    reported(quarter.browser(quarter.neighbour), 20)
    assert reported(quarter.browser(quarter.neighbour), 1) == [429]


def test_signing_in_first_gives_no_more_guesses(quarter: Quarter) -> None:
    guesses = [quarter.browser(one) for one in (quarter.neighbour, quarter.twin) for _ in range(6)]
    codes = [one.sign_in(f"{n}@voisins.example").status_code for n, one in enumerate(guesses)]
    assert codes == [422] * 10 + [429] * 2
