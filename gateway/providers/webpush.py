"""Notifications to browsers, each through the push service that it named (RFC 8030, 8291, 8292).

A push service cannot be asked what it took. It need not be: a message that comes twice has
the same Topic there and the same tag on the device, and takes its own place.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver

from config import Push
from gateway import endpoints, http, vapid
from gateway.contract import (
    Accepted,
    Callback,
    Channel,
    Forged,
    Inbound,
    Misconfigured,
    NotNow,
    Outbound,
    Receipt,
    Refused,
    SendError,
    Traits,
    Unknown,
    no_inbound,
)
from gateway.wiring import Wiring

LONGEST = 3000  # bytes before encryption; push services carry 4096 after it, some phones less
SOON, LATER = 5.0, 60.0  # seconds until a push service that is away is tried again
PATIENT = 20  # tries after which it is only tried now and then
WAIT = 60.0  # seconds, where one asks to wait and does not say how long
MICROSOFT = ".notify.windows.com"


class WebPush:
    """The gateway "push"."""

    name = "push"
    channels = frozenset({Channel.PUSH})
    traits = Traits(replaces=True)

    def __init__(self, section: Push, contact: str, wiring: Wiring) -> None:
        self._section = section
        self._contact = contact
        self._wiring = wiring
        self._made: vapid.Signer | None = None
        self.resolver: type[AbstractResolver] | None = (
            None if section.private_services else endpoints.PublicOnly
        )
        self._sessions: dict[asyncio.AbstractEventLoop, aiohttp.ClientSession] = {}

    async def open(self) -> None:
        """Nothing yet: most slices of sending have no notification."""

    async def close(self) -> None:
        session = self._sessions.pop(asyncio.get_running_loop(), None)
        if session is not None:
            await session.close()

    def callback_url(self, delivery: int, attempt: int) -> str:
        return ""

    async def send(self, message: Outbound) -> Accepted:
        signer, to = self._signer(), _subscription(message.to)
        try:
            endpoints.check(to.endpoint, private=self._section.private_services)
        except ValueError as error:
            raise Refused(f"no push service: {error}", gone=True) from error
        if to.made_for != signer.public:
            # kept: the key may come back, the members would have to
            raise Refused("made for another key than ours: see [push] in `tocsin doctor`")
        body, headers = _encrypted(message, to), _headers(message, to)
        headers["Authorization"] = signer.authorization(to.endpoint)
        status, told = await self._post(to.endpoint, body, headers, tries=message.attempt)
        if error_ := _verdict(status, told):
            raise error_
        return Accepted(told.get("Location", "").rpartition("/")[2][:100])

    async def look(self, message: Outbound, provider_id: str) -> Receipt | None:
        """Nothing: a push service cannot be asked."""
        return None

    def inbound_since(self, since: datetime) -> AsyncIterator[Inbound]:
        """Nothing: no phone texts here."""
        return no_inbound()

    async def check(self) -> str:
        signer = self._signer()
        return f"signs as {self._contact}, with the key {signer.public[:12]}..."

    def verify(self, callback: Callback) -> None:
        raise Forged("push has no webhook")

    def read_inbound(self, callback: Callback) -> Inbound:
        raise Forged("push has no webhook")

    def read_receipt(self, callback: Callback) -> Receipt | None:
        raise Forged("push has no webhook")

    def _signer(self) -> vapid.Signer:
        """Read, or made, when first wanted: a web page may have made the key meanwhile."""
        if self._made is None:
            try:
                key = vapid.private_key(self._section.vapid_private_key, self._wiring.data_dir)
                self._made = vapid.Signer(key, self._contact)
            except OSError as error:
                raise Misconfigured(f"the key cannot be kept: {error.strerror}") from error
            except ValueError as error:
                where = _where(self._section, self._wiring.data_dir)
                raise Misconfigured(f"{where} is no key: 32 bytes in base64url") from error
        return self._made

    async def _post(
        self, endpoint: str, body: bytes, headers: Mapping[str, str], *, tries: int
    ) -> tuple[int, Mapping[str, str]]:
        try:
            with http.failures():
                async with self._session().post(
                    endpoint, data=body, headers=headers, allow_redirects=False
                ) as answer:
                    return answer.status, answer.headers
        except NotNow as error:
            raise _no_connection(error, tries) from error

    def _session(self) -> aiohttp.ClientSession:
        """That of this event loop, opened by its first notification."""
        loop = asyncio.get_running_loop()
        if loop not in self._sessions:
            resolver = self.resolver() if self.resolver else None
            self._sessions[loop] = http.session(self._wiring.timeout, resolver=resolver)
        return self._sessions[loop]


def _where(section: Push, data_dir: Path) -> str:
    return "[push] vapid_private_key" if section.vapid_private_key else str(data_dir / vapid.FILE)


@dataclass(frozen=True, slots=True)
class _To:
    """One browser's subscription, as community_store.subscriptions.as_given() writes it."""

    endpoint: str
    keys: Mapping[str, str]
    made_for: str


def _subscription(text: str) -> _To:
    try:
        return _To(**json.loads(text))
    except (ValueError, TypeError) as error:
        raise Refused("no subscription any more") from error


def _encrypted(message: Outbound, to: _To) -> bytes:
    from pywebpush import WebPusher  # OpenSSL: 7 MB that a worker without notifications spares

    text = message.text.encode()
    if len(text) > LONGEST:
        raise Refused(f"{len(text)} bytes are too long for a notification")
    try:
        sealed: bytes = WebPusher({"endpoint": to.endpoint, "keys": to.keys}).encode(text)["body"]
    except (ValueError, KeyError) as error:
        raise Refused("its keys are none", gone=True) from error
    return sealed


def _headers(message: Outbound, to: _To) -> dict[str, str]:
    """What comes with the message tells how urgent it is and how long; we add what it is."""
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Encoding": "aes128gcm",
        **message.headers,
    }
    if (urlsplit(to.endpoint).hostname or "").endswith(MICROSOFT):
        headers["X-WNS-Cache-Policy"] = "cache"  # else 400: a TTL is nothing without it there
    return headers


def _no_connection(error: NotNow, tries: int) -> SendError:
    """One push service is away, or never was there: that says nothing of the others."""
    cause: Any = error.__cause__
    if isinstance(getattr(cause, "os_error", None), endpoints.NotPublic):
        return Refused("its name leads into a private network", gone=True)
    delay = SOON if tries < PATIENT else LATER
    return NotNow(error.reason, code=error.code, delay=delay, apart=True)


def _verdict(status: int, told: Mapping[str, str]) -> SendError | None:
    """What an answer means; None when the push service has the message."""
    code = str(status)
    if 200 <= status < 300:
        return None
    if status in (404, 410):
        return Refused("the device has no notifications of ours any more", code=code, gone=True)
    if status == 429 or (status == 406 and "Retry-After" in told):  # Microsoft says 406 for it
        delay = http.retry_after(told.get("Retry-After"), WAIT)
        return NotNow("the push service asks to wait", code=code, delay=delay, apart=True)
    if status >= 500:
        return Unknown(f"the push service answered {status}", code=code)
    if status in (401, 403):
        # not ours to stop for: the others may like our key
        return Refused("the push service refuses our key: see `tocsin doctor`", code=code)
    return Refused("the push service refuses the message", code=code)
