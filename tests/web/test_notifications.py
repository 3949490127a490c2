"""The page of devices, the application's manifest, and what its worker keeps."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from community_store import subscriptions
from community_store.models import Delivery, DeliveryState, Member, PushSubscription
from community_store.store import Store
from gateway import vapid
from gateway.contract import Channel
from tests.dispatch.devices import counted
from tests.dispatch.world import World, make_world
from tests.rigs.pushservice import Device, PushService
from tests.web.house import House, Visitor, make_house, words

KEY = vapid.new_key()
PUBLIC = vapid.public_key(KEY)
STATIC = Path(__file__).resolve().parents[2] / "web" / "static"


@pytest.fixture
def house(sqlite_store: Store, redis_url: str, tmp_path: Path) -> Iterator[House]:
    """A house that may send to the push service of this machine."""
    push = {"vapid_private_key": KEY, "private_services": True}
    with make_world(sqlite_store, redis_url, tmp_path, push=push) as world:
        world.number()
        yield make_house(world)


def member(house: House, **more: Any) -> tuple[Member, Visitor]:
    """A member, and their browser."""
    home = house.world.community()
    found = house.world.member(home, **more)
    return found, house.inside(house.account_of(found, password=False))


def given(device: Device, **changed: str) -> dict[str, str]:
    told = {name: getattr(device, name) for name in ("endpoint", "p256dh", "auth")}
    return told | {"made_for": PUBLIC} | changed


def devices(house: House) -> list[PushSubscription]:
    with house.world.store.read() as session:
        return [
            row for one in house.world.rows(Member) for row in subscriptions.of(session, one.id)
        ]


def test_a_device_is_added_named_tried_and_taken_away(house: House, pushes: PushService) -> None:
    found, visitor = member(house)
    visitor.headers["User-Agent"] = "Mozilla/5.0 (Android 15; Mobile) Gecko/143.0 Firefox/143.0"
    page = words(visitor.get("/notifications"))
    assert "Aucun appareil" in page
    assert "<noscript><p>Il faut JavaScript" in page
    device = pushes.browser(PUBLIC)
    assert visitor.lands(visitor.post("/notifications", **given(device))) == "/notifications"
    page = words(visitor.get("/notifications"))
    assert "C'est fait" in page
    assert "Firefox · Android" in page
    assert device.endpoint not in page, "that is a secret of the device"
    visitor.lands(visitor.post("/notifications/trial"))
    assert "L'essai est parti" in words(visitor.get("/notifications"))
    house.world.pump()
    [one] = pushes.received(device)
    assert one["said"]["title"] == "Essai réussi"
    assert one["said"]["path"] == "/notifications"
    [row] = devices(house)
    assert row.member_id == found.id
    visitor.lands(visitor.post(f"/notifications/{row.address.removeprefix('push:')}/remove"))
    assert devices(house) == []
    visitor.lands(visitor.post("/notifications/trial"))
    assert "Activez d'abord" in words(visitor.get("/notifications"))


def test_an_alert_raised_on_the_web_comes_to_the_device(house: House, pushes: PushService) -> None:
    home = house.world.community("Les Roses")
    author = house.world.member(home)
    hearer = house.world.member(home)
    device = pushes.browser(PUBLIC)
    house.inside(house.account_of(hearer, password=False)).post("/notifications", **given(device))
    speaker = house.inside(house.account_of(author, password=False))
    asked = {"text": "Fumée rue du Moulin", "category": "", "placed": ""}
    assert "1 par notification" in words(speaker.post("/alerts/new", **asked))
    place = speaker.lands(speaker.post("/alerts/new", **asked, sure="1"))
    house.world.pump()
    [one] = pushes.received(device)
    assert one["said"]["path"] == place
    assert "Notification (par appareil)" in words(speaker.get(place))


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": "ftp://push.example/x"},
        {"endpoint": "javascript:alert(1)"},
        {"endpoint": ""},
        {"p256dh": "AAAA"},
        {"auth": ""},
        {"made_for": "of a page of long ago"},
    ],
)
def test_what_is_no_subscription_changes_nothing(
    house: House, pushes: PushService, wrong: dict[str, str]
) -> None:
    _, visitor = member(house)
    answer = visitor.post("/notifications", **given(pushes.browser(PUBLIC), **wrong))
    assert answer.status_code == 422
    assert "rien n'a changé" in words(answer)
    assert devices(house) == []


def test_unless_it_is_a_test_no_device_is_on_this_machine(
    sqlite_world: World, pushes: PushService
) -> None:
    """Nor without TLS: the setting that the other tests have is off by default."""
    house = make_house(sqlite_world)
    _, visitor = member(house)
    key = vapid.public_key(vapid.private_key("", sqlite_world.settings.data_dir))
    answer = visitor.post("/notifications", **given(pushes.browser(key), made_for=key))
    assert answer.status_code == 422
    elsewhere = given(pushes.browser(key), made_for=key, endpoint="https://push.example/x")
    assert visitor.lands(visitor.post("/notifications", **elsewhere)) == "/notifications"
    assert [row.endpoint for row in devices(house)] == ["https://push.example/x"]


def test_a_device_of_another_does_not_exist(house: House, pushes: PushService) -> None:
    _, mine = member(house)
    _, other = member(house)
    mine.post("/notifications", **given(pushes.browser(PUBLIC)))
    [row] = devices(house)
    path = f"/notifications/{row.address.removeprefix('push:')}/remove"
    assert other.post(path).status_code == 404
    assert other.post("/notifications/0/remove").status_code == 404
    assert len(devices(house)) == 1
    assert row.device not in words(other.get("/notifications")) or not row.device


def test_a_browser_says_itself_that_it_moved(house: House, pushes: PushService) -> None:
    _, visitor = member(house)
    old, new = pushes.browser(PUBLIC), pushes.browser(PUBLIC)
    visitor.post("/notifications", **given(old))

    def moved(before: Device, auth: str = "") -> int:
        told = {
            name: {"endpoint": one.endpoint, "keys": {"p256dh": one.p256dh, "auth": key}}
            for name, one, key in (
                ("old", before, auth or before.auth), ("new", new, new.auth),
            )
        }  # fmt: skip
        stranger = house.visitor()
        return stranger.client.post(
            "/notifications/moved", json=told, base_url="https://tocsin.example"
        ).status_code

    assert moved(old, auth=new.auth) == 204
    assert [row.endpoint for row in devices(house)] == [old.endpoint], "not without its secret"
    assert moved(old) == 204
    assert [row.endpoint for row in devices(house)] == [new.endpoint]


@pytest.mark.parametrize(
    "told", ["", "[]", "{}", '{"old": 1}', '{"old": {"keys": []}, "new": {"endpoint": []}}', "\x00"]
)
def test_nonsense_of_a_browser_that_moved_is_nothing(house: House, told: str) -> None:
    answer = house.visitor().client.post(
        "/notifications/moved",
        data=told,
        content_type="application/json",
        base_url="https://tocsin.example",
    )
    assert answer.status_code == 204


def test_the_list_asks_no_more_for_many_devices(house: House, pushes: PushService) -> None:
    _, visitor = member(house)
    asked = []
    for count in (1, 6):
        for _ in range(count):
            visitor.post("/notifications", **given(pushes.browser(PUBLIC)))
        visitor.get("/notifications")
        with counted(house.world) as statements:
            visitor.get("/notifications")
        asked.append(len(statements))
    assert asked[0] == asked[1]


# the application


def test_the_manifest_names_the_service_and_its_icons(house: House) -> None:
    answer = house.visitor(**{"Accept-Language": "en"}).get("/manifest.webmanifest")
    assert answer.mimetype == "application/manifest+json"
    told = json.loads(answer.text)
    assert (told["name"], told["lang"], told["start_url"]) == ("Tocsin", "en", "/home")
    assert told["display"] == "standalone"
    for icon in told["icons"]:
        assert (STATIC / icon["src"].removeprefix("/static/")).is_file()
        if icon["type"] == "image/png":
            with Image.open(STATIC / icon["src"].removeprefix("/static/")) as drawn:
                assert f"{drawn.width}x{drawn.height}" == icon["sizes"]
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in told["icons"]}
    assert [one["url"] for one in told["shortcuts"]] == ["/alerts/new", "/alerts/"]
    _, visitor = member(house)
    assert 'rel="manifest" href="/manifest.webmanifest"' in visitor.get("/home").text


def test_the_worker_is_of_the_whole_site_and_never_old(house: House) -> None:
    with house.visitor().get("/worker.js") as answer:
        assert answer.mimetype == "text/javascript"
        assert answer.headers["Cache-Control"] == "no-cache"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_only_who_is_signed_in_gets_the_worker(house: House) -> None:
    _, visitor = member(house)
    assert "application.js" in visitor.get("/home").text
    assert "application.js" not in house.visitor().get("/").text


def test_the_page_without_a_network_has_the_number_and_nothing_of_a_person(house: House) -> None:
    _, visitor = member(house, first_name="Odile", last_name="Marchand")
    for path, more in (
        ("/offline?lang=fr", "Pas de connexion"),
        ("/offline?lang=en", "No connection"),
    ):
        page = words(house.visitor().get(path))
        assert more in page
        assert 'href="sms:38000"' in page
        assert 'href="tel:17"' in page
        assert "csrf" not in page
    assert "Odile" not in visitor.get("/offline").text
    cached = set(re.findall(r'"(/[\w./-]+)"', (STATIC / "worker.js").read_text()))
    assert {"/offline", "/static/tocsin.css", "/static/bell.svg"} <= cached


def test_nothing_is_sent_to_a_member_who_was_suspended_meanwhile(
    house: House, pushes: PushService
) -> None:
    found, visitor = member(house)
    device = pushes.browser(PUBLIC)
    visitor.post("/notifications", **given(device))
    visitor.post("/notifications/trial")
    house.world.change(found, state="suspended")
    house.world.pump()
    assert pushes.received(device) == []
    [row] = house.world.rows(Delivery, channel=Channel.PUSH)
    assert row.state == DeliveryState.SUPPRESSED
    assert visitor.get("/notifications").status_code == 403
