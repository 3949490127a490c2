"""What goes wrong is told so that one can act; outages are no tracebacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import abort

from app import create_app
from community_store.store import open_store
from dispatch.runtime import connect_redis
from tests.rigs.redis import RedisServer
from tests.web.house import House, Visitor, make_house, words
from web.access import Policy, access

CODES = (400, 401, 403, 404, 405, 410, 413, 429, 500, 503)


@pytest.fixture
def broken(house: House) -> House:
    """A page that fails as told."""
    house.app.config["PROPAGATE_EXCEPTIONS"] = False
    house.app.add_url_rule("/fails/<int:code>", "fails", access(Policy.ANYONE)(fail))
    return house


def fail(code: int) -> str:
    if code == 500:
        raise ZeroDivisionError
    abort(code)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_each_error_has_a_page_with_a_way_on(broken: House, code: int, language: str) -> None:
    answer = broken.visitor(**{"Accept-Language": language}).get(f"/fails/{code}")
    assert answer.status_code == code
    assert f'<html lang="{language}">' in answer.text
    assert answer.text.count("<h1>") == 1
    assert 'href="/help"' in answer.text
    assert "Traceback" not in answer.text
    assert "ZeroDivision" not in answer.text


def test_an_unknown_page_says_so(house: House) -> None:
    answer = house.visitor().get("/nothing/here")
    assert answer.status_code == 404
    assert "Cette page n'existe pas" in words(answer)


def test_programs_get_the_bare_answer(house: House) -> None:
    for path in ("/webhooks/none/sms", "/static/none.css", "/healthz/none"):
        answer = house.visitor().get(path)
        assert answer.status_code == 404
        assert "site.skip" not in answer.text
        assert "tocsin.css" not in answer.text


def test_a_post_to_a_page_that_takes_none(house: House) -> None:
    answer = house.visitor().post("/help")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_what_is_too_big_is_refused_before_it_is_read(house: House) -> None:
    answer = house.visitor().bare_post("/sign-in", email="x" * 2_000_000)
    assert answer.status_code == 413
    assert "trop gros" in words(answer)


def test_a_form_from_another_site_changes_nothing_and_is_told(house: House) -> None:
    answer = house.visitor().bare_post("/sign-in", email="a@b.example", password="x")
    assert answer.status_code == 400
    assert "Ce formulaire a expiré" in words(answer)


@pytest.fixture
def away(house: House, tmp_path: Path) -> Iterator[House]:
    """The same house with its database gone."""
    store = open_store(f"sqlite:///{tmp_path}/none/nothing.db")
    runtime = replace(house.world.runtime, store=store)
    yield House(house.world, create_app(house.world.settings, runtime))
    store.close()


def test_with_the_database_away_there_is_a_page(away: House) -> None:
    visitor = away.visitor()
    assert visitor.get("/").status_code == 200
    assert visitor.get("/help").status_code == 200
    answer = visitor.post("/sign-in/code", address="06 39 98 00 01")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "10"
    assert "revient dans un instant" in words(answer)


def test_whoever_is_signed_in_gets_that_page_too(away: House) -> None:
    visitor = away.visitor()
    visitor.client.set_cookie("__Host-tocsin", "x" * 43, secure=True, domain="tocsin.example")
    for path in ("/home", "/", "/account"):
        answer = visitor.get(path)
        assert answer.status_code == 503
        assert "revient dans un instant" in words(answer)


def test_a_program_still_gets_what_it_understands(away: House) -> None:
    answer = away.visitor().get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["status"] == "not ready"


# throttles


def sign_in_often(visitor: Visitor) -> list[int]:
    return [visitor.sign_in("a@b.example", "pas le bon du tout").status_code for _ in range(6)]


def test_limits_hold_in_memory_while_redis_is_away(house: House) -> None:
    settings = house.world.settings.model_copy(
        update={"redis": house.world.settings.redis.model_copy(update={"url": "unix:///none/s"})}
    )
    runtime = replace(
        house.world.runtime, settings=settings, redis=connect_redis(settings.redis_url)
    )
    visitor = House(house.world, create_app(settings, runtime)).visitor()
    assert sign_in_often(visitor) == [422] * 5 + [429]


def test_limits_are_shared_through_redis_by_all_processes(house: House) -> None:
    other = make_house(house.world)
    assert sign_in_often(house.visitor())[-1] == 429
    assert other.visitor().sign_in("a@b.example").status_code == 429


def test_redis_going_away_fails_no_page(house: House, own_valkey: RedisServer) -> None:
    settings = house.world.settings.model_copy(
        update={"redis": house.world.settings.redis.model_copy(update={"url": own_valkey.url})}
    )
    runtime = replace(
        house.world.runtime, settings=settings, redis=connect_redis(settings.redis_url)
    )
    visitor = House(house.world, create_app(settings, runtime)).visitor()
    assert visitor.sign_in("a@b.example", "pas le bon du tout").status_code == 422
    own_valkey.process.kill()
    assert 500 not in sign_in_often(visitor)


# the caller's address


@pytest.mark.parametrize(
    ("proxies", "headers", "expected"),
    [
        (0, {"X-Forwarded-For": "203.0.113.9"}, "127.0.0.1"),
        (1, {"X-Forwarded-For": "203.0.113.9"}, "203.0.113.9"),
        (1, {"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}, "203.0.113.9"),
        (2, {"X-Forwarded-For": "203.0.113.9, 198.51.100.1"}, "203.0.113.9"),
        (1, {"X-Forwarded-For": "2001:db8:1:2:3:4:5:6"}, "2001:db8:1:2::"),
        (1, {"X-Forwarded-For": "::ffff:203.0.113.9"}, "203.0.113.9"),
        (1, {}, "127.0.0.1"),
    ],
)
def test_the_callers_address_is_what_trusted_proxies_say(
    house: House, proxies: int, headers: dict[str, str], expected: str
) -> None:
    from web import identity

    house = behind(house, proxies)
    house.app.add_url_rule("/address", "address", access(Policy.ANYONE)(identity.origin))
    assert house.visitor(**headers).get("/address").text == expected


def behind(house: House, proxies: int) -> House:
    security = house.world.settings.security.model_copy(update={"trusted_proxies": proxies})
    settings = house.world.settings.model_copy(update={"security": security})
    runtime = replace(house.world.runtime, settings=settings)
    return House(house.world, create_app(settings, runtime))


# headers


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nothing", "/healthz", "/static/tocsin.css"])
def test_every_answer_says_what_the_browser_may(house: House, path: str) -> None:
    answer = house.visitor().get(path)
    answer.close()  # of a file
    headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert "geolocation=(self)" in headers["Permissions-Policy"]
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_a_site_without_https_asks_for_none(make_village: Callable[..., object]) -> None:
    headers = make_village().client.get("/").headers  # type: ignore[attr-defined]  # a Village
    assert "Strict-Transport-Security" not in headers
