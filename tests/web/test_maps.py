"""What a page with a map may show that others may not."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import render_template_string

from community_store.store import Store
from tests.dispatch.world import make_world
from tests.web.house import House, make_house
from web import maps
from web.access import Policy, access

PAGE = "{% import 'parts/map.html' as map with context %}{{ map.marker(45.1, 5.2) }}"


def with_map(house: House, path: str = "/with-a-map") -> None:
    view = access(Policy.ANYONE)(lambda: render_template_string(PAGE))
    house.app.add_url_rule(path, path, view)


def pictures(house: House, path: str) -> str:
    policy = house.visitor().get(path).headers["Content-Security-Policy"]
    return next(part for part in policy.split("; ") if part.startswith("img-src"))


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("", "img-src 'self'"),
        ("/tiles/{z}/{x}/{y}.png", "img-src 'self'"),
        ("https://tiles.example/{z}/{x}/{y}.png", "img-src 'self' https://tiles.example"),
        ("https://{s}.Tiles.example:8443/{z}.png", "img-src 'self' https://*.tiles.example:8443"),
        ("https://x.example; script-src */{z}", "img-src 'self'"),
    ],
)
def test_a_page_with_a_map_may_show_the_tiles_of_one_host_and_no_other_page_may(
    sqlite_store: Store, redis_url: str, tmp_path: Path, url: str, allowed: str
) -> None:
    with make_world(sqlite_store, redis_url, tmp_path, geo={"tiles_url": url}) as world:
        house = make_house(world)
        with_map(house)
        assert pictures(house, "/with-a-map") == allowed
        assert pictures(house, "/help") == "img-src 'self'"


def test_whose_the_tiles_are_is_said_with_a_link(
    sqlite_store: Store, redis_url: str, tmp_path: Path
) -> None:
    geo = {"tiles_url": "https://t.example/{z}", "tiles_attribution": "© IGN https://ign.example/"}
    with make_world(sqlite_store, redis_url, tmp_path, geo=geo) as world:
        house = make_house(world)
        with_map(house)
        page = house.visitor().get("/with-a-map").text
        assert '<a href="https://ign.example/" rel="noreferrer">© IGN</a>' in page


def test_without_tiles_nobody_is_credited(house: House) -> None:
    with_map(house)
    page = house.visitor().get("/with-a-map").text
    assert "map-credit" not in page
    assert 'data-tiles=""' in page


def test_a_host_that_could_say_more_than_a_host_is_none() -> None:
    assert maps.origin("https://a.example,b/{z}") == ""
    assert maps.origin("javascript:alert(1)//x/") == ""
