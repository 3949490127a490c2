"""The house as people use it, in Chromium: on a small telephone and on a desk, by keyboard,
without scripts, in the dark; axe finds nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships none
from playwright.sync_api import Browser, BrowserContext, Page, expect
from werkzeug.serving import make_server

from community_store import sessions
from community_store.models import Account, MemberState
from community_store.store import Store
from dispatch import links
from dispatch.runtime import Runtime, build_providers, connect_redis
from tests.dispatch.world import Clock, World, settings
from tests.web.house import PASSWORD, House, make_house

SHOTS = Path(__file__).resolve().parents[2] / "artefacts" / "screens"
SMALL, DESK = {"width": 320, "height": 640}, {"width": 1280, "height": 850}
EMAIL = "odette@voisins.example"

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def plain(sqlite_store: Store, redis_url: str, tmp_path: Path) -> House:
    """A house that a browser can visit, with people in it."""
    return plain_house(sqlite_store, redis_url, tmp_path)


def plain_house(store: Store, redis_url: str, tmp_path: Path, **sections: Any) -> House:
    """Without https, which a browser on this machine has no certificate for; with people."""
    chosen = settings(
        tmp_path,
        service={"data_dir": tmp_path, "secret_key": "k" * 32, "contact": "mairie@ville.example"},
        redis={"url": redis_url},
        **sections,
    )
    clock = Clock()
    redis = connect_redis(redis_url)
    world = World(Runtime(chosen, store, redis, build_providers(chosen), clock), clock)
    world.number()
    home = world.community("Les Lilas")
    world.members(home, 12, referent=True)
    house = make_house(world)
    house.account_of(world.member(home, first_name="Odette", last_name="Martin", email=EMAIL))
    return house


@pytest.fixture
def site(plain: House) -> Iterator[str]:
    with serving(plain) as url:
        yield url


@contextmanager
def serving(house: House) -> Iterator[str]:
    """The house's address on this machine, until the block ends."""
    server = make_server("127.0.0.1", 0, house.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def looks_well(page: Page, name: str) -> None:
    """It fits, axe finds nothing, what one presses is large; its picture is kept."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    assert small_targets(page) == [], name
    found = Axe().run(page)
    assert found.violations_count == 0, (name, found.generate_report())


def small_targets(page: Page) -> list[str]:
    """What one can press and is under 44 pixels high; a link inside a sentence may be."""
    small: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("a, button, summary, input, select")]
            .filter((one) => one.checkVisibility() && !one.matches(".skip, .unseen, [type=hidden]"))
            .filter((one) => one.getBoundingClientRect().height < 44)
            .map((one) => one.outerHTML.slice(0, 80))"""
    )
    return small


def enter(context: BrowserContext, house: House, site: str, account: Account) -> None:
    with house.world.store.begin() as session:
        token = sessions.begin(session, account, house.world.clock(), device="Firefox · Android")
    context.add_cookies([{"name": "tocsin", "value": token, "url": site}])


@pytest.mark.parametrize(
    ("name", "size", "scheme", "language"),
    [("small-light-fr", SMALL, "light", "fr-FR"), ("desk-dark-en", DESK, "dark", "en-GB")],
)
def test_every_page_fits_and_is_accessible(  # fixtures
    chromium: Browser, plain: House, site: str, name: str, size: dict[str, int], scheme: str,
    language: str,
) -> None:  # fmt: skip
    look = {
        "viewport": size,
        "color_scheme": scheme,
        "locale": language,
        "reduced_motion": "reduce",
    }
    world, home = plain.world, 1
    waiting = plain.account_of(world.member(home, state=MemberState.PENDING), password=False)
    raised = world.raised(world.member(home))
    assert raised.id
    alert = links.alert_address(world.settings, raised.id, figures=True)
    inside = plain.account_of(world.member(home, first_name="Odette"), password=False)
    rooms: list[tuple[Account | None, list[str]]] = [
        (
            None,
            [
                "/",
                "/help",
                "/join",
                "/join/town",
                "/sign-in",
                "/sign-in/code",
                "/password/forgotten",
                "/nothing",
                alert.removeprefix(world.settings.service.site),
            ],
        ),
        (inside, ["/home", "/account"]),
        (waiting, ["/home"]),
        (plain.team(), ["/sign-in/second-factor"]),
    ]
    for turn, (account, paths) in enumerate(rooms):
        with chromium.new_context(**look) as context:  # type: ignore[arg-type]  # by name
            if account is not None:
                enter(context, plain, site, account)
            page = context.new_page()
            for path in paths:
                page.goto(site + path)
                looks_well(page, f"{name}-{turn}{path.replace('/', '_')}")


def test_signing_in_by_keyboard_alone_with_a_mistake_first(
    chromium: Browser, plain: House, site: str
) -> None:
    with chromium.new_context(viewport=SMALL, locale="fr-FR") as context:  # type: ignore[arg-type]  # a size
        page = context.new_page()
        page.goto(f"{site}/sign-in")
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        page.keyboard.press("Enter")
        reach(page, "#email")
        page.keyboard.type(EMAIL)
        page.keyboard.press("Tab")
        page.keyboard.type("pas le bon du tout")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("n'est pas le bon")
        expect(page.locator("#email")).to_have_value(EMAIL)
        looks_well(page, "small-sign-in-wrong")
        reach(page, "#password")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Bonjour Odette Martin")
        reach(page, "button:has-text('Se déconnecter')")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Des voisins qui se préviennent")


def reach(page: Page, what: str) -> None:
    """Press Tab until it has the focus, and see that the focus shows."""
    for _ in range(25):
        if page.locator(what).evaluate("one => one === document.activeElement"):
            outline = page.locator(what).evaluate("one => getComputedStyle(one).outlineStyle")
            assert outline != "none", what
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{what} cannot be reached")


def test_a_code_signs_in_without_scripts_and_the_language_changes(
    chromium: Browser, plain: House, site: str
) -> None:
    with chromium.new_context(viewport=DESK, java_script_enabled=False) as context:  # type: ignore[arg-type]  # a size
        page = context.new_page()
        page.goto(site)
        page.get_by_role("button", name="Français").click()
        page.get_by_role("link", name="Se connecter").first.click()
        page.get_by_role("link", name="Recevoir un code").click()
        page.get_by_label("Votre mobile, votre fixe ou votre e-mail").fill("06 39 98 ab")
        page.get_by_role("button", name="Envoyer le code").click()
        assert page.get_by_label("Votre mobile").input_value() == "06 39 98 ab"
        page.get_by_label("Votre mobile").fill(EMAIL)
        page.get_by_role("button", name="Envoyer le code").click()
        page.screenshot(path=SHOTS / "desk-code.png", full_page=True)
        page.get_by_label("Le code").fill(plain.code())
        page.get_by_role("button", name="Se connecter").click()
        assert page.locator("h1").inner_text() == "Bonjour Odette Martin"
        page.get_by_role("button", name="English").click()
        assert page.locator("h1").inner_text() == "Hello Odette Martin"
