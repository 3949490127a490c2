"""What the tests in a browser share: a house on this machine, how a page must look, the keyboard."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships none
from playwright.sync_api import BrowserContext, Page
from werkzeug.serving import make_server
from werkzeug.wsgi import ClosingIterator

from community_store import sessions
from community_store.models import Account
from community_store.store import Store
from dispatch.runtime import Runtime, build_providers, connect_redis
from tests.dispatch.world import Clock, World, settings
from tests.web.house import House, make_house

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SHOTS = Path(__file__).resolve().parents[2] / "artefacts" / "screens"
SMALL, DESK = {"width": 320, "height": 640}, {"width": 1280, "height": 850}
SIZES: dict[str, Any] = {"small": SMALL, "desk": DESK}
EMAIL = "odette@voisins.example"


def plain_house(
    store: Store,
    redis_url: str,
    tmp_path: Path,
    *,
    site: str = "",
    service: Any = None,
    **sections: Any,
) -> House:
    """Without https, which a browser on this machine has no certificate for; with people."""
    chosen = settings(
        tmp_path,
        service={
            "data_dir": tmp_path,
            "secret_key": "k" * 32,
            "contact": "mairie@ville.example",
            **({"site": site} if site else {}),
            **(service or {}),
        },
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


def _whole(application: WSGIApplication) -> WSGIApplication:
    """Each answer read and closed before it is sent.

    Werkzeug's server leaves it open where the browser has gone before the end.
    """

    def answer(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        with closing(ClosingIterator(application(environ, start))) as parts:
            return [b"".join(parts)]

    return answer


def serving(house: House, port: int = 0) -> AbstractContextManager[str]:
    """The house's address on this machine, until the block ends."""
    return served(house.app, port)


@contextmanager
def served(application: WSGIApplication, port: int = 0) -> Iterator[str]:
    """Its address on this machine, until the block ends."""
    server = make_server("127.0.0.1", port, _whole(application), threaded=True)
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


def reach(page: Page, what: str) -> None:
    """Press Tab until it has the focus, and see that the focus shows."""
    for _ in range(25):
        if page.locator(what).evaluate("one => one === document.activeElement"):
            outline = page.locator(what).evaluate("one => getComputedStyle(one).outlineStyle")
            assert outline != "none", what
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{what} cannot be reached")


def run_apart(work: Callable[[], object]) -> None:
    """In a thread of its own: the browser's event loop holds this one."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
