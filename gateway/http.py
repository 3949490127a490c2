"""HTTP towards providers: one session for an event loop, and what its failures mean."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
from aiohttp.abc import AbstractResolver

from gateway.contract import NotNow, Unknown

MOST = 16 * 2**20  # bytes of an answer; a page of a thousand messages has two million
LEAST = 0.5  # seconds between two tries, whatever a provider says


def session(
    timeout: float, *, keep: bool = True, resolver: AbstractResolver | None = None
) -> aiohttp.ClientSession:
    """A session whose calls last `timeout` seconds at most, all in all, and never repeat.

    No limit of connections: the pump decides how many messages are in flight. Half of
    the time is for connecting, so that a silent host is told from a silent answer.
    Connections are not kept for a provider that cannot be asked what it took: one
    that it has just closed would leave doubt for nothing. `resolver` looks names up; the
    usual one unless given.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=0,
            force_close=not keep,
            keepalive_timeout=15 if keep else None,
            resolver=resolver,
        ),
        timeout=aiohttp.ClientTimeout(total=timeout, sock_connect=timeout / 2),
        cookie_jar=aiohttp.DummyCookieJar(),
        middlewares=(_once,),
    )


async def _once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """aiohttp sends a GET again when its connection breaks: a text would arrive twice.

    It knows only its own errors by their class, so this one ends the call.
    """
    try:
        return await handler(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise Unknown("the connection broke", code=type(error).__name__) from error


async def whole(answer: aiohttp.ClientResponse) -> bytes:
    """The body of an answer. Raises Unknown for one that would fill the memory."""
    parts, size = [], 0
    while not answer.content.at_eof():
        parts.append(await answer.content.readany())
        size += len(parts[-1])
        if size > MOST:
            raise Unknown("the answer is too long")
    return b"".join(parts)


@contextmanager
def failures() -> Iterator[None]:
    """Turn what can go wrong on the wire into NotNow (nothing left) or Unknown."""
    try:
        yield
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise NotNow("no connection to the provider", code=type(error).__name__) from error
    except aiohttp.InvalidURL as error:
        raise NotNow("the provider's address is not valid", delay=60.0) from error
    except TimeoutError as error:
        raise Unknown("the provider did not answer in time", code="timeout") from error
    except (aiohttp.ClientError, OSError) as error:
        raise Unknown("the connection broke", code=type(error).__name__) from error
    except (ValueError, LookupError) as error:
        raise Unknown("the answer cannot be read", code=type(error).__name__) from error


def retry_after(value: str | None, default: float) -> float:
    """Seconds that a Retry-After header asks for, as a number or a date; at most an hour.

    At least LEAST: a date that is past by our clock, or 0, would be asked for at every slot.
    """
    if not value:
        return default
    try:
        seconds = float(value)
    except ValueError:
        seconds = _until(value, default)
    return default if math.isnan(seconds) else min(max(seconds, LEAST), 3600.0)


def _until(value: str, default: float) -> float:
    try:
        moment = parsedate_to_datetime(value).astimezone(UTC)
    except (ValueError, OverflowError):  # no date, or one beyond what a calendar holds
        return default
    return (moment - datetime.now(UTC)).total_seconds()
