"""Calls our webhooks: signed status callbacks, inbound texts, Kannel's reports."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import aiohttp
from twilio.request_validator import RequestValidator

from tests.emulator.ledger import Ledger


@dataclass(frozen=True)
class Letter:
    """One call: a signed form post, or a GET when there is no form."""

    url: str
    form: Mapping[str, str] | None
    event: str
    facts: Mapping[str, str]


class Postman:
    """Delivers letters in the order in which they fall due, a few at once.

    `detours` maps the beginning of a public address to where it is really served: a
    webhook is signed for the first and called at the second.
    """

    def __init__(self, token: str, ledger: Ledger, *, at_once: int = 32) -> None:
        self.detours: dict[str, str] = {}
        self.token = token
        self._ledger = ledger
        self._at_once = at_once
        self._queue: asyncio.Queue[Letter] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Postman:
        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._at_once),
            timeout=aiohttp.ClientTimeout(total=15),  # Twilio's own
        )
        self._tasks = [asyncio.create_task(self._work()) for _ in range(self._at_once)]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.close()

    def post(self, letter: Letter, delay: float = 0.0) -> None:
        """Deliver after `delay` seconds, without waiting for it."""
        asyncio.get_running_loop().call_later(delay, self._queue.put_nowait, letter)

    async def deliver(self, letter: Letter) -> int:
        """Call now; the HTTP status of the answer, 0 when there was none."""
        status = 0
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            status, _ = await self._call(letter)
        self._ledger.add(letter.event, url=letter.url, answer=status, **letter.facts)
        return status

    async def ask(self, letter: Letter) -> str | None:
        """Call now; the body of the answer, None when it was no 200."""
        status, body = 0, ""
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            status, body = await self._call(letter)
        self._ledger.add(letter.event, url=letter.url, answer=status, said=body, **letter.facts)
        return body if status == 200 else None

    def forget(self) -> None:
        """Throw away what is due now; what falls due later still comes."""
        while not self._queue.empty():
            self._queue.get_nowait()

    async def _work(self) -> None:
        while True:
            await self.deliver(await self._queue.get())

    async def _call(self, letter: Letter) -> tuple[int, str]:
        address = letter.url
        for public, real in self.detours.items():
            if address.startswith(public):
                address = real + address.removeprefix(public)
        if letter.form is None:
            async with self._client.get(address) as answer:
                return answer.status, await answer.text()
        signature = RequestValidator(self.token).compute_signature(letter.url, letter.form)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "User-Agent": "TwilioProxy/1.1",
            "X-Twilio-Signature": signature,
        }
        body = urlencode(letter.form)
        async with self._client.post(address, data=body, headers=headers) as answer:
            return answer.status, await answer.text()
