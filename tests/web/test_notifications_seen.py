"""Notifications in Chromium: the worker shows them, once; without a network the number is there.

Google's push service is not reached from a test: what it would deliver is delivered to the
worker by the browser's own tools, and a stand-in subscribes where the browser would ask it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect

from community_store.models import Account, Delivery, Member
from community_store.store import Store
from dispatch import pump
from gateway import vapid
from gateway.contract import Channel
from tests.dispatch.world import FreeSlots
from tests.rigs.processes import until
from tests.rigs.pushservice import Device, PushService
from tests.web.house import House
from tests.web.seen import EMAIL, SIZES, enter, looks_well, plain_house, run_apart, serving

pytestmark = pytest.mark.timeout(180)

KEY = vapid.new_key()
SHOWN = """async () => (await (await navigator.serviceWorker.ready).getNotifications())
    .map((one) => ({title: one.title, body: one.body, tag: one.tag, path: one.data.path}))"""
# what the browser would have from its push service
STAND_IN = """(given) => {
  const subscription = {
    endpoint: given.endpoint,
    toJSON: () => ({endpoint: given.endpoint, keys: {p256dh: given.p256dh, auth: given.auth}}),
    unsubscribe: async () => { localStorage.removeItem("subscribed"); return true; },
  };
  PushManager.prototype.subscribe = async () => {
    localStorage.setItem("subscribed", "yes");
    return subscription;
  };
  PushManager.prototype.getSubscription = async () =>
    localStorage.getItem("subscribed") ? subscription : null;
}"""


@pytest.fixture
def plain(sqlite_store: Store, redis_url: str, tmp_path: Path) -> House:
    push = {"vapid_private_key": KEY, "private_services": True}
    return plain_house(sqlite_store, redis_url, tmp_path, push=push)


@pytest.fixture
def site(plain: House) -> Iterator[str]:
    with serving(plain) as url:
        yield url


@pytest.fixture
def opened(
    chromium: Browser, plain: House, site: str
) -> Iterator[Callable[..., tuple[BrowserContext, Page]]]:
    """opened(size=, scheme=, device=): Odette's browser, which shows notifications."""
    contexts: list[BrowserContext] = []

    def open_(
        *, size: str = "desk", scheme: Any = "light", device: Device | None = None
    ) -> tuple[BrowserContext, Page]:
        context = chromium.new_context(
            viewport=SIZES[size], locale="fr-FR", color_scheme=scheme,
            permissions=["notifications"],
        )  # fmt: skip
        contexts.append(context)
        if device is not None:
            given = json.dumps(device.__dict__)
            context.add_init_script(f"({STAND_IN})({given})")
        [odette] = plain.world.rows(Account, email=EMAIL)
        enter(context, plain, site, odette)
        return context, context.new_page()

    yield open_
    for context in contexts:
        context.close()


class Worker:
    """The worker of a page, as the browser's own tools reach it."""

    def __init__(self, page: Page, site: str) -> None:
        self.page, self.site = page, site
        self.tools: CDPSession = page.context.new_cdp_session(page)
        self.registrations: list[str] = []
        self.tools.on("ServiceWorker.workerRegistrationUpdated", self._note)
        self.tools.send("ServiceWorker.enable")
        state = "navigator.serviceWorker.ready.then((ours) => ours.active.state)"
        until(lambda: page.evaluate(state) == "activated", "the worker is ready")
        until(self._heard, "the worker is registered")

    def _note(self, told: dict[str, Any]) -> None:
        self.registrations += [
            one["registrationId"]
            for one in told["registrations"]
            if one["scopeURL"] == f"{self.site}/" and not one["isDeleted"]
        ]

    def _heard(self) -> list[str]:
        self.page.evaluate("1")  # lets what the browser says come in
        return self.registrations

    def push(self, text: str) -> None:
        """What a push service delivers."""
        self.tools.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": self.site, "registrationId": self.registrations[-1], "data": text},
        )

    def shown(self, *titles: str) -> list[dict[str, str]]:
        """The notifications on the screen, once they are those with these titles.

        Asked now and then: whenever it is asked, Chromium forgets what it is about to show.
        """

        def there() -> list[dict[str, str]] | None:
            time.sleep(0.5)
            found: list[dict[str, str]] = self.page.evaluate(SHOWN)
            return found if {one["title"] for one in found} == {*titles} else None

        return until(there, f"{titles} on the screen", 20.0, pause=1.0)


def notification(**told: object) -> str:
    known = {"title": "Alerte 381", "body": "Ana : Fourgon", "path": "/alerts/381",
             "tag": "alert-381", "language": "fr", "at": "2026-11-24T13:32:00+00:00"}  # fmt: skip
    return json.dumps(known | told)


def test_the_worker_shows_what_is_pushed_and_what_comes_twice_once(
    opened: Callable[..., tuple[BrowserContext, Page]], site: str
) -> None:
    _, page = opened()
    page.goto(f"{site}/home")
    worker = Worker(page, site)
    worker.push(notification())
    first = {
        "title": "Alerte 381",
        "body": "Ana : Fourgon",
        "tag": "alert-381",
        "path": "/alerts/381",
    }
    assert worker.shown("Alerte 381") == [first]
    worker.push(notification(again=True))
    worker.push(notification(title="Alerte 382", tag="alert-382", path="/alerts/382"))
    assert len(worker.shown("Alerte 381", "Alerte 382")) == 2
    worker.push(notification(title="Fin de l'alerte 381", body="C'est terminé."))
    assert len(worker.shown("Fin de l'alerte 381", "Alerte 382")) == 2


def test_something_is_shown_for_whatever_comes(
    opened: Callable[..., tuple[BrowserContext, Page]], site: str
) -> None:
    _, page = opened()
    page.goto(f"{site}/home")
    worker = Worker(page, site)
    worker.push("not what we write")
    [one] = worker.shown("127.0.0.1")
    assert one["path"] == "/home"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_without_a_network_the_number_is_there(
    opened: Callable[..., tuple[BrowserContext, Page]], plain: House, site: str, language: str
) -> None:
    [odette] = plain.world.rows(Member, email=EMAIL)
    plain.world.change(odette, language=language)
    context, page = opened(size="small")
    page.goto(f"{site}/home")
    Worker(page, site)
    kept = "async () => (await (await caches.open('tocsin-1')).keys()).map((one) => one.url)"
    until(lambda: f"{site}/offline?lang={language}" in page.evaluate(kept), "the page is kept")
    assert {url.removeprefix(site).partition("?")[0] for url in page.evaluate(kept)} == {
        "/offline", "/static/tocsin.css", "/static/bell.svg",
    }, "and nothing of a person"  # fmt: skip
    context.set_offline(True)
    page.goto(f"{site}/alerts/new")
    title = {"fr": "Pas de connexion", "en": "No connection"}[language]
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    expect(page.get_by_role("link", name="38000")).to_have_attribute("href", "sms:38000")
    expect(page.get_by_role("link", name="17")).to_be_visible()
    background = page.evaluate("getComputedStyle(document.querySelector('.danger')).borderTopWidth")
    assert background == "3px", "with its style"
    looks_well(page, f"offline-{language}")
    context.set_offline(False)
    page.get_by_role("link", name={"fr": "Réessayer", "en": "Try again"}[language]).click()
    expect(page.get_by_role("heading", name=title)).to_have_count(0)
    expect(page).to_have_url(f"{site}/alerts/new")


@pytest.mark.parametrize(("size", "scheme"), [("small", "light"), ("desk", "dark")])
def test_a_device_is_turned_on_tried_and_turned_off(
    opened: Callable[..., tuple[BrowserContext, Page]],
    plain: House,
    site: str,
    pushes: PushService,
    size: str,
    scheme: str,
) -> None:
    device = pushes.browser(vapid.public_key(KEY))
    _, page = opened(size=size, scheme=scheme, device=device)
    page.goto(f"{site}/notifications")
    expect(page.get_by_text("Aucun appareil")).to_be_visible()
    expect(page.get_by_role("button", name="Activer sur cet appareil")).to_be_visible()
    looks_well(page, f"notifications-off-{size}-{scheme}")
    page.get_by_role("button", name="Activer sur cet appareil").click()
    expect(page.get_by_text("C'est fait")).to_be_visible()
    expect(page.locator("#here .proved")).to_be_visible()
    expect(page.locator(".badge", has_text="cet appareil")).to_be_visible()
    looks_well(page, f"notifications-on-{size}-{scheme}")
    page.get_by_role("button", name="M'envoyer un essai").click()
    expect(page.get_by_text("L'essai est parti")).to_be_visible()
    [row] = plain.world.rows(Delivery, channel=Channel.PUSH)
    assert row.state == "queued"
    page.get_by_role("button", name="Arrêter").click()
    expect(page.get_by_text("ne recevra plus")).to_be_visible()
    expect(page.get_by_role("button", name="Activer sur cet appareil")).to_be_visible()


def test_a_browser_that_cannot_reach_its_push_service_says_so(
    opened: Callable[..., tuple[BrowserContext, Page]], site: str
) -> None:
    """The real thing: there is no way to Google's from here."""
    _, page = opened(size="small")
    page.goto(f"{site}/notifications")
    page.get_by_role("button", name="Activer sur cet appareil").click()
    expect(page.get_by_text("n'a pas pu s'inscrire")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("button", name="Activer sur cet appareil")).to_be_visible()
    looks_well(page, "notifications-failed")


def test_a_browser_that_may_not_says_what_to_do(chromium: Browser, plain: House, site: str) -> None:
    with chromium.new_context(viewport=SIZES["small"], locale="fr-FR") as context:
        context.add_init_script(
            "Object.defineProperty(Notification, 'permission', {get: () => 'denied'})"
        )
        [odette] = plain.world.rows(Account, email=EMAIL)
        enter(context, plain, site, odette)
        page = context.new_page()
        page.goto(f"{site}/notifications")
        expect(page.get_by_text("bloquées dans les réglages")).to_be_visible()
        looks_well(page, "notifications-denied")


def test_a_sign_out_ends_the_notifications_of_this_browser(
    opened: Callable[..., tuple[BrowserContext, Page]], site: str, pushes: PushService
) -> None:
    device = pushes.browser(vapid.public_key(KEY))
    _, page = opened(device=device)
    page.goto(f"{site}/notifications")
    page.get_by_role("button", name="Activer sur cet appareil").click()
    expect(page.get_by_text("C'est fait")).to_be_visible()
    page.locator(".menu summary").click()
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page.get_by_role("link", name="Se connecter").first).to_be_visible()
    assert page.evaluate("localStorage.getItem('subscribed')") is None


def test_an_alert_comes_from_a_neighbours_text_to_the_screen(
    opened: Callable[..., tuple[BrowserContext, Page]],
    plain: House,
    site: str,
    pushes: PushService,
) -> None:
    """All of the way but the push service's own delivery."""
    device = pushes.browser(vapid.public_key(KEY))
    _, page = opened(device=device)
    page.goto(f"{site}/notifications")
    page.get_by_role("button", name="Activer sur cet appareil").click()
    expect(page.get_by_text("C'est fait")).to_be_visible()
    referent = next(one for one in plain.world.rows(Member) if one.referent)
    alert = plain.world.raised(referent, "Fumée rue du Moulin")
    run_apart(lambda: pump.run(plain.world.runtime, FreeSlots(), 10.0))
    [arrived] = pushes.received(device)
    worker = Worker(page, site)
    worker.push(json.dumps(arrived["said"]))
    [shown] = worker.shown(arrived["said"]["title"])
    assert shown["body"] == f"Ana {referent.last_name} : Fumée rue du Moulin"
    page.goto(f"{site}{shown['path']}")
    expect(page.get_by_text("Fumée rue du Moulin").first).to_be_visible()
    assert shown["path"] == f"/alerts/{alert.id}"
