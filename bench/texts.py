"""Phones that text: signed calls of our webhook, at a rate or as fast as it answers."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from twilio.request_validator import RequestValidator

from tests.emulator.house import ACCOUNT, TOKEN

OUR_NUMBER = "+33639980000"


@dataclass(frozen=True)
class Answered:
    """One call: when it was due and when its answer was whole (monotonic seconds)."""

    due: float
    at: float
    status: int
    text: str

    @property
    def seconds(self) -> float:
        """From when it was due: waiting for a free connection counts as well."""
        return self.at - self.due


@dataclass
class Phones:
    """What they send to `address`: <site>/webhooks/<gateway>/sms."""

    address: str
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def prepare(self, texts: Sequence[tuple[str, str]]) -> list[tuple[bytes, str]]:
        """The requests for (sender, text), signed: what costs nothing while we measure."""
        return [(self._request(sender, text), text) for sender, text in texts]

    def _request(self, sender: str, text: str) -> bytes:
        form = {
            "AccountSid": ACCOUNT, "ApiVersion": "2010-04-01", "Body": text,
            "From": sender, "MessageSid": f"SM{next(self._numbers):032x}",
            "NumMedia": "0", "NumSegments": "1", "SmsStatus": "received", "To": OUR_NUMBER,
        }  # fmt: skip
        body = urlencode(form).encode()
        parts = urlsplit(self.address)
        signature = RequestValidator(TOKEN).compute_signature(self.address, form)
        head = (
            f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"X-Twilio-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


def at_rate(
    address: str, requests: Sequence[tuple[bytes, str]], rate: float, connections: int = 32
) -> list[Answered]:
    """Call `rate` times a second, whatever comes back."""
    return asyncio.run(_calls(address, requests, 1 / rate, connections))


def at_once(
    address: str, requests: Sequence[tuple[bytes, str]], connections: int = 16
) -> list[Answered]:
    """Call as fast as the answers come."""
    return asyncio.run(_calls(address, requests, 0.0, connections))


async def _calls(
    address: str, requests: Sequence[tuple[bytes, str]], every: float, connections: int
) -> list[Answered]:
    start = time.monotonic() + 0.1
    left = iter([(start + n * every, *request) for n, request in enumerate(requests)])
    parts = urlsplit(address)
    lines = [_line(str(parts.hostname), parts.port or 80, left) for _ in range(connections)]
    found = await asyncio.gather(*lines)
    return sorted(itertools.chain(*found), key=lambda answered: answered.at)


async def _line(host: str, port: int, left: Iterator[tuple[float, bytes, str]]) -> list[Answered]:
    reader, writer = await asyncio.open_connection(host, port)
    found = []
    for due, request, text in left:
        await asyncio.sleep(max(0.0, due - time.monotonic()))

        writer.write(request)
        status = await _answer(reader)
        found.append(Answered(due, time.monotonic(), status, text))
    writer.close()
    return found


async def _answer(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = int(head.partition("content-length:")[2].split("\r\n", 1)[0] or 0)
    await reader.readexactly(length)
    return int(head.split(" ", 2)[1])
