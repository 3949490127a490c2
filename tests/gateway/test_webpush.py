"""Notifications to a push service that decrypts them and checks who sends."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiohttp.abc import ResolveResult

from config import ConfigError, Push, load
from gateway import endpoints, vapid
from gateway.contract import (
    Accepted,
    Channel,
    Misconfigured,
    NotNow,
    Outbound,
    Refused,
    SendError,
    Unknown,
)
from gateway.providers import Wiring, build_push
from gateway.providers.webpush import LONGEST, WebPush
from tests.rigs.processes import free_port
from tests.rigs.pushservice import Device, PushService

KEY = vapid.new_key()
PUBLIC = vapid.public_key(KEY)
CONTACT = "mailto:mairie@ville.example"
SAID = {"title": "Alerte 381", "body": "Été 🔥", "path": "/alerts/381", "tag": "alert-381"}


def provider(tmp_path: Path, *, timeout: float = 2.0, **section: Any) -> WebPush:
    told = {"vapid_private_key": KEY, "private_services": True} | section
    made = build_push(Push(**told), CONTACT, Wiring(tmp_path, timeout, "https://tocsin.example"))
    assert isinstance(made, WebPush)
    return made


def subscription(device: Device, made_for: str = PUBLIC, **changed: str) -> str:
    keys = {"p256dh": device.p256dh, "auth": device.auth}
    return json.dumps({"endpoint": device.endpoint, "keys": keys, "made_for": made_for} | changed)


def message(to: str, **more: Any) -> Outbound:
    told = {"text": json.dumps(SAID, ensure_ascii=False), "channel": Channel.PUSH,
            "headers": {"TTL": "5400", "Urgency": "high", "Topic": "d7"}}  # fmt: skip
    return Outbound(delivery=7, attempt=1, to=to, sender="", **(told | more))


def sent(push: WebPush, *messages: Outbound) -> list[Accepted]:
    async def scenario() -> list[Accepted]:
        await push.open()
        try:
            return [await push.send(one) for one in messages]
        finally:
            await push.close()

    return asyncio.run(scenario())


def refusal(push: WebPush, one: Outbound) -> SendError:
    with pytest.raises(SendError) as error:
        sent(push, one)
    return error.value


@pytest.fixture
def device(pushes: PushService) -> Device:
    return pushes.browser(PUBLIC)


def test_only_the_device_reads_it_and_the_service_knows_who_sends(
    pushes: PushService, device: Device, tmp_path: Path
) -> None:
    [accepted] = sent(provider(tmp_path), message(subscription(device)))
    assert accepted.provider_id.isdigit()
    [arrived] = pushes.received(device)
    assert arrived["said"] == SAID
    assert arrived | {"said": 0, "bytes": 0} == {
        "said": 0, "bytes": 0, "topic": "d7", "ttl": 5400, "urgency": "high",
    }  # fmt: skip
    assert pushes.refused() == []


def test_one_key_and_one_connection_serve_many(
    pushes: PushService, device: Device, tmp_path: Path
) -> None:
    others = [pushes.browser(PUBLIC) for _ in range(5)]
    push = provider(tmp_path)
    sent(push, *[message(subscription(one)) for one in (device, *others)])
    sent(push, message(subscription(device)))  # in another event loop
    assert [len(pushes.received(one)) for one in (device, *others)] == [2, 1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("status", "expected", "gone"),
    [
        (410, Refused, True),
        (404, Refused, True),
        (400, Refused, False),
        (413, Refused, False),
        (401, Refused, False),
        (403, Refused, False),
        (301, Refused, False),
        (406, Refused, False),
        (429, NotNow, False),
        (500, Unknown, False),
        (503, Unknown, False),
    ],
)
def test_an_answer_says_what_now(
    pushes: PushService, device: Device, tmp_path: Path, status: int, expected: type, gone: bool
) -> None:
    pushes.fault(status=status, headers={"Location": f"{pushes.url}/control/reset"})
    error = refusal(provider(tmp_path), message(subscription(device)))
    assert type(error) is expected
    assert error.code == str(status)
    assert getattr(error, "gone", False) is gone
    assert pushes.received(device) == []


@pytest.mark.parametrize("status", [429, 406])
def test_whoever_asks_to_wait_is_waited_for_and_nobody_else(
    pushes: PushService, device: Device, tmp_path: Path, status: int
) -> None:
    pushes.fault(status=status, headers={"Retry-After": "120"})
    error = refusal(provider(tmp_path), message(subscription(device)))
    assert isinstance(error, NotNow)
    assert (error.delay, error.apart, error.throttled) == (120, True, False)


def test_a_service_that_does_not_answer_may_have_taken_it(
    pushes: PushService, device: Device, tmp_path: Path
) -> None:
    pushes.fault(after=1.0, takes=True)
    error = refusal(provider(tmp_path, timeout=0.3), message(subscription(device)))
    assert isinstance(error, Unknown)
    assert len(pushes.received(device)) == 1


@pytest.mark.parametrize(("attempt", "delay"), [(1, 5), (19, 5), (20, 60)])
def test_a_service_that_is_not_there_is_tried_again_and_holds_up_nobody(
    tmp_path: Path, device: Device, attempt: int, delay: float
) -> None:
    nowhere = subscription(device, endpoint=f"http://127.0.0.1:{free_port()}/push/x")
    error = refusal(provider(tmp_path), replace(message(nowhere), attempt=attempt))
    assert isinstance(error, NotNow)
    assert (error.delay, error.apart) == (delay, True)


def test_a_connection_that_breaks_leaves_doubt(device: Device, tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def hang_up() -> None:
            accepted, _ = listener.accept()
            accepted.recv(100)
            accepted.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        broken = subscription(device, endpoint=f"http://127.0.0.1:{listener.getsockname()[1]}/x")
        assert isinstance(refusal(provider(tmp_path), message(broken)), Unknown)
        thread.join()


def test_what_is_too_long_never_leaves(pushes: PushService, device: Device, tmp_path: Path) -> None:
    longest = message(subscription(device), text=json.dumps({"tag": "x" * (LONGEST - 11)}))
    sent(provider(tmp_path), longest)
    error = refusal(provider(tmp_path), replace(longest, text=longest.text + " "))
    assert isinstance(error, Refused)
    assert [one["bytes"] for one in pushes.received(device)] == [LONGEST]


def test_a_device_that_subscribed_for_another_key_is_kept(
    pushes: PushService, tmp_path: Path
) -> None:
    other = vapid.public_key(vapid.new_key())
    device = pushes.browser(other)
    error = refusal(provider(tmp_path), message(subscription(device, made_for=other)))
    assert isinstance(error, Refused)
    assert not error.gone
    assert pushes.refused() == [], "it was not even asked"


@pytest.mark.parametrize("to", ["", "push:12ab", "[]", '{"endpoint": "https://a.example/"}'])
def test_what_is_no_subscription_is_refused(to: str, tmp_path: Path) -> None:
    assert isinstance(refusal(provider(tmp_path), message(to)), Refused)


# the key


def test_the_key_is_made_once_kept_and_nobody_elses(tmp_path: Path) -> None:
    keys: list[str] = []
    threads = [
        threading.Thread(target=lambda: keys.append(vapid.private_key("", tmp_path / "var")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [path] = (tmp_path / "var").iterdir()
    assert set(keys) == {path.read_text().strip()}
    assert path.name == "vapid_private_key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert vapid.private_key(KEY, tmp_path / "var") == KEY, "a configured one comes first"


@pytest.mark.parametrize("kept", ["", "rubbish", "A" * 43])
def test_a_key_that_is_none_stops_the_gateway(kept: str, device: Device, tmp_path: Path) -> None:
    (tmp_path / vapid.FILE).write_text(kept)
    error = refusal(provider(tmp_path, vapid_private_key=""), message(subscription(device)))
    assert isinstance(error, Misconfigured)
    assert vapid.FILE in error.reason


def test_a_configured_key_that_is_none_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[push]\nvapid_private_key = "abc"\n')
    with pytest.raises(ConfigError, match=r"\[push\] vapid_private_key: must be 32 bytes"):
        load(path)


@pytest.mark.parametrize(
    ("contact", "site", "expected"),
    [
        ("Mairie, mairie@ville.example, 04 65 71 00 00", "https://t.example", "mailto:mairie@ville.example"),
        ("04 65 71 00 00", "https://t.example:8443", "https://t.example:8443"),
        ("", "http://127.0.0.1:8000", "mailto:alerte@tocsin.example"),
    ],
)  # fmt: skip
def test_a_push_service_learns_whom_to_write_to(contact: str, site: str, expected: str) -> None:
    subject = vapid.subject(contact, site, "Tocsin <alerte@tocsin.example>")
    assert subject == expected
    assert vapid.Signer(KEY, subject).authorization("https://a.example/x").startswith("vapid t=")


def test_doctor_is_told_who_signs(tmp_path: Path) -> None:
    said = asyncio.run(provider(tmp_path).check())
    assert CONTACT in said
    assert KEY not in said


# where a member may send us to


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://127.1/x",
        "https://2130706433/x",
        "https://localhost/x",
        "https://tocsin.local/x",
        "https://db.internal/x",
        "https://redis/x",
        "https://push.example:6379/x",
        "https://user:password@push.example/x",
        "https:///x",
        "https://push.example/\nx",
        "https://push.example/" + "x" * 1000,
        "https://dépêche.example/x",
        "file:///etc/passwd",
        "",
        "https://[",
    ],
)
def test_an_endpoint_that_is_no_push_service_is_refused(
    endpoint: str, device: Device, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        endpoints.check(endpoint)
    strict = provider(tmp_path, private_services=False)
    error = refusal(strict, message(subscription(device, endpoint=endpoint)))
    assert isinstance(error, Refused)
    assert error.gone


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/cX1:APA91b",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAAA",
        "https://web.push.apple.com/QAbc",
        "https://wns2-par02p.notify.windows.com/w/?token=BQYAAADu%2f",
        "https://push.example:443/x",
    ],
)
def test_the_push_services_that_there_are_may_be_sent_to(endpoint: str) -> None:
    endpoints.check(endpoint)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True), ("2a00:1450:4007::1", True),
        ("127.0.0.1", False), ("10.0.0.1", False), ("172.16.3.4", False), ("192.168.1.1", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False),
        ("255.255.255.255", False), ("::", False), ("::1", False), ("fe80::1", False),
        ("fd00::1", False), ("ff02::1", False), ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True), ("2002:7f00:1::", False), ("64:ff9b::a00:1", False),
    ],
)  # fmt: skip
def test_only_what_the_whole_internet_sees_is_public(address: str, public: bool) -> None:
    assert endpoints.is_public(ip_address(address)) is public


def test_a_name_that_leads_home_is_refused_for_good(device: Device, tmp_path: Path) -> None:
    """`localtest` names that point to 127.0.0.1 exist; here the machine's own resolver says so."""

    class Liar(endpoints.PublicOnly):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            return await super().resolve("localhost", port, family)

    strict = provider(tmp_path, private_services=False)
    strict.resolver = Liar
    error = refusal(strict, message(subscription(device, endpoint="https://push.example/x")))
    assert isinstance(error, Refused)
    assert error.gone


def test_keys_that_no_message_can_be_encrypted_for_are_refused(device: Device) -> None:
    endpoints.check_keys(device.p256dh, device.auth)
    for p256dh, auth in (
        ("", device.auth), (device.p256dh, ""), (device.p256dh, device.auth[:-2]),
        (device.p256dh[:-4], device.auth), ("A" * 87, device.auth), ("é" * 87, device.auth),
        (device.p256dh, "*" * 22), (device.p256dh + "A" * 100, device.auth),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"\S"):
            endpoints.check_keys(p256dh, auth)
