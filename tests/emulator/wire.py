"""HTTP/1.1 by hand: fast enough never to be what a bench measures, and able to misbehave.

A handler is given a request and its connection, and answers now, later, by halves or never.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from http import HTTPStatus
from urllib.parse import unquote_plus

_REASONS = {status.value: status.phrase for status in HTTPStatus}
_END = b"\r\n\r\n"


@dataclass
class Request:
    """One request; `arrived` is the monotonic time at which its last byte came."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    arrived: float

    @cached_property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @cached_property
    def query(self) -> dict[str, str]:
        return fields(self.target.partition("?")[2])

    @cached_property
    def form(self) -> dict[str, str]:
        return fields(self.body.decode())


@dataclass
class Response:
    """What to answer. JSON, unless a content type is given."""

    status: int
    body: str
    headers: Mapping[str, str] | None = None
    content_type: str = "application/json"

    def encode(self) -> bytes:
        body = self.body.encode()
        extra = "".join(f"{name}: {value}\r\n" for name, value in (self.headers or {}).items())
        head = (
            f"HTTP/1.1 {self.status} {_REASONS.get(self.status, '')}\r\n"
            f"Content-Type: {self.content_type}\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
        )
        return head.encode("latin-1") + body


_unquote = lru_cache(maxsize=4096)(unquote_plus)  # an alert says the same to all its people


def fields(encoded: str) -> dict[str, str]:
    """A form or a query, blank values included; four times as fast as parse_qsl."""
    pairs = (pair.partition("=") for pair in encoded.split("&") if pair)
    return {_unquote(name): _unquote(value) for name, _, value in pairs}


Handler = Callable[[Request, "Connection"], None]


class Connection(asyncio.Protocol):
    """One client. Requests are read one after the other; each is answered by `reply`."""

    transport: asyncio.Transport

    def __init__(self, handle: Handler) -> None:
        self.handle = handle
        self.buffer = b""
        self.busy = False
        self.loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.busy:
            self._next()

    def reply(self, response: Response) -> None:
        """Answer the request; the client may be gone."""
        if not self.transport.is_closing():
            self.transport.write(response.encode())
        self._done()

    def reset(self) -> None:
        """Break the connection off (RST), as a crashed provider does."""
        self.transport.abort()

    def drip(self, response: Response, seconds: float) -> None:
        """Answer one byte every `seconds`."""
        self._drip(response.encode(), seconds)

    def _drip(self, rest: bytes, seconds: float) -> None:
        if self.transport.is_closing() or not rest:
            self._done()
            return
        self.transport.write(rest[:1])
        self.loop.call_later(seconds, self._drip, rest[1:], seconds)

    def _done(self) -> None:
        self.busy = False
        if self.buffer:
            self._next()

    def _next(self) -> None:
        head, end, rest = self.buffer.partition(_END)
        if not end:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        length = int(headers.get("content-length", 0))
        if len(rest) < length:
            return
        self.buffer = rest[length:]
        self.busy = True
        self.handle(Request(method, target, headers, rest[:length], self.loop.time()), self)
