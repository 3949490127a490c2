"""A push service in a process of its own: it decrypts as a browser would and checks who sends.

`python -m tests.rigs.pushservice PORT` serves until it is ended; a test has a PushService.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import secrets
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import http_ece
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from tests.rigs.processes import Process, free_port, listening, running

LARGEST = 4096  # bytes of a body
LONGEST_TOKEN = 24 * 3600  # seconds


@dataclass
class Browser:
    """One subscription: its keys, and whom it lets send. `shown` is what stands on the screen
    now, by tag; `waiting` what the service keeps while the device is off, by topic.
    """

    made_for: str
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    auth: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    off: bool = False
    waiting: dict[str, dict[str, Any]] = field(default_factory=dict)
    shown: dict[str, dict[str, Any]] = field(default_factory=dict)
    received: list[dict[str, Any]] = field(default_factory=list)

    def take(self, message: dict[str, Any]) -> None:
        self.received.append(message)
        if self.off:
            self.waiting[message["topic"] or secrets.token_hex(4)] = message
        else:
            self.shown[message["said"]["tag"]] = message["said"]

    def switch_on(self) -> None:
        self.off = False
        for message in self.waiting.values():
            self.shown[message["said"]["tag"]] = message["said"]
        self.waiting.clear()


class Wrong(Exception):
    """Why a call is refused, with its status."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Service:
    """The push service: browsers by token, and what it is told to do instead of its work."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.browsers: dict[str, Browser] = {}
        self.faults: list[dict[str, Any]] = []
        self.refused: list[str] = []
        self._ids = itertools.count(1)

    async def push(self, request: web.Request) -> web.Response:
        fault = self._fault(request.match_info["token"])
        if fault and not fault.get("takes"):
            return await _misbehave(fault)
        try:
            browser = self.browsers.get(request.match_info["token"])
            if browser is None:
                raise Wrong(410, "no such subscription")
            self._check(request, browser)
            browser.take(_opened(await request.read(), request.headers, browser))
        except Wrong as error:
            self.refused.append(str(error))
            return web.Response(status=error.status, text=str(error))
        if fault:
            return await _misbehave(fault)
        place = f"{self.origin}/message/{next(self._ids)}"
        return web.Response(status=201, headers={"Location": place})

    def _fault(self, token: str) -> dict[str, Any] | None:
        for fault in self.faults:
            if fault.get("token", token) == token and fault["times"] > 0:
                fault["times"] -= 1
                return fault
        return None

    def _check(self, request: web.Request, browser: Browser) -> None:
        headers = request.headers
        if not headers.get("TTL", "").isdigit():
            raise Wrong(400, "no TTL")
        if headers.get("Content-Encoding") != "aes128gcm":
            raise Wrong(415, "not aes128gcm")
        if headers.get("Content-Type") != "application/octet-stream":
            raise Wrong(415, "not octets")
        if len(headers.get("Topic", "")) > 32:
            raise Wrong(400, "a topic of more than 32 characters")
        self._check_sender(headers.get("Authorization", ""), browser)

    def _check_sender(self, authorization: str, browser: Browser) -> None:
        """RFC 8292: signed with the key that the browser subscribed for, for us, and not for long."""
        try:
            signed = Vapid02.verify(authorization)
            parts = dict(part.split("=", 1) for part in authorization.split(" ")[1].split(","))
            claims = json.loads(_bytes(parts["t"].split(".")[1]))
        except Exception as error:
            raise Wrong(401, f"no token: {error}") from error
        if not signed or parts["k"] != browser.made_for:
            raise Wrong(403, "signed with another key")
        if claims["aud"] != self.origin:
            raise Wrong(401, f"meant for {claims['aud']}")
        if not 0 < claims["exp"] - time.time() < LONGEST_TOKEN:
            raise Wrong(401, "over, or too long")
        if not str(claims.get("sub", "")).startswith(("mailto:", "https:")):
            raise Wrong(401, "nobody to write to")

    # what a test asks for

    async def control(self, request: web.Request) -> web.Response:
        asked = json.loads(await request.text() or "{}")
        return web.json_response(getattr(self, f"do_{request.match_info['what']}")(**asked))

    def do_browser(self, made_for: str) -> dict[str, Any]:
        token = secrets.token_urlsafe(20)
        browser = self.browsers[token] = Browser(made_for)
        public = browser.key.public_key()
        point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {
            "token": token,
            "endpoint": f"{self.origin}/push/{token}",
            "p256dh": _text(point),
            "auth": _text(browser.auth),
        }

    def do_gone(self, token: str) -> None:
        del self.browsers[token]

    def do_off(self, token: str) -> None:
        self.browsers[token].off = True

    def do_on(self, token: str) -> None:
        self.browsers[token].switch_on()

    def do_received(self, token: str) -> list[dict[str, Any]]:
        return self.browsers[token].received

    def do_shown(self, token: str) -> list[dict[str, Any]]:
        return list(self.browsers[token].shown.values())

    def do_fault(self, **fault: Any) -> None:
        self.faults.append({"times": 1} | fault)

    def do_refused(self) -> list[str]:
        return self.refused

    def do_reset(self) -> None:
        self.browsers.clear()
        self.faults.clear()
        self.refused.clear()


async def _misbehave(fault: Mapping[str, Any]) -> web.Response:
    await asyncio.sleep(fault.get("after", 0.0))
    return web.Response(status=fault.get("status", 201), headers=fault.get("headers"))


def _opened(body: bytes, headers: Mapping[str, str], browser: Browser) -> dict[str, Any]:
    """The message as the browser's service worker has it."""
    if len(body) > LARGEST:
        raise Wrong(413, f"{len(body)} bytes")
    try:
        text = http_ece.decrypt(
            body, private_key=browser.key, auth_secret=browser.auth, version="aes128gcm"
        )
    except Exception as error:
        raise Wrong(400, f"not to be decrypted: {error}") from error
    return {
        "said": json.loads(text),
        "bytes": len(text),
        "topic": headers.get("Topic", ""),
        "ttl": int(headers["TTL"]),
        "urgency": headers.get("Urgency", ""),
    }


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass(frozen=True)
class Device:
    """A browser that subscribed, as it tells a site of it."""

    token: str
    endpoint: str
    p256dh: str
    auth: str


@dataclass
class PushService:
    """The test's handle on a running push service."""

    url: str

    def browser(self, made_for: str) -> Device:
        """Somebody lets the holder of a public key send to their browser."""
        return Device(**self._do("browser", made_for=made_for))

    def received(self, device: Device) -> list[dict[str, Any]]:
        """All that came for it, decrypted: said, bytes, topic, ttl, urgency."""
        found: list[dict[str, Any]] = self._do("received", token=device.token)
        return found

    def shown(self, device: Device) -> list[dict[str, Any]]:
        """The notifications that stand on its screen."""
        found: list[dict[str, Any]] = self._do("shown", token=device.token)
        return found

    def gone(self, device: Device) -> None:
        """The person turned notifications off in the browser: 410 from now on."""
        self._do("gone", token=device.token)

    def switch(self, device: Device, *, on: bool) -> None:
        self._do("on" if on else "off", token=device.token)

    def fault(self, **fault: Any) -> None:
        """Once, or `times`: answer `status` with `headers`, `after` seconds, of all devices or
        of `token`; the message is lost unless the service `takes` it all the same.
        """
        self._do("fault", **fault)

    def refused(self) -> list[str]:
        """Why calls were refused, without those that it was told to."""
        found: list[str] = self._do("refused")
        return found

    def reset(self) -> None:
        self._do("reset")

    def _do(self, what: str, **asked: Any) -> Any:
        request = Request(f"{self.url}/control/{what}", data=json.dumps(asked).encode())
        with urlopen(request, timeout=10) as answer:
            return json.load(answer)


@contextlib.contextmanager
def push_service(folder: Path) -> Iterator[PushService]:
    """Start one on a free port."""
    port = free_port()
    argv = [sys.executable, "-m", "tests.rigs.pushservice", str(port)]
    process = Process(argv, folder / "pushservice.log", cwd=Path(__file__).parents[2])
    with running(process):
        process.wait_for(lambda: listening(port), "the push service answers", 30.0)
        yield PushService(f"http://127.0.0.1:{port}")


def main() -> None:
    port = int(sys.argv[1])
    service = Service(f"http://127.0.0.1:{port}")
    app = web.Application()
    app.router.add_post("/push/{token}", service.push)
    app.router.add_post("/control/{what}", service.control)
    web.run_app(app, host="127.0.0.1", port=port, print=None)


if __name__ == "__main__":
    main()
