"""A provider that does as a test tells it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from gateway.contract import (
    Accepted,
    Callback,
    Channel,
    Inbound,
    Outbound,
    Receipt,
    Traits,
)

Answer = Accepted | Exception


def accepts(message: Outbound) -> Answer:
    return Accepted(f"P{message.delivery}.{message.attempt}")


@dataclass
class StandIn:
    """`answers` says what a send does, `looks` what a look finds; both are kept in order."""

    name: str = "sim"
    channel: Channel = Channel.SMS
    traits: Traits = field(default_factory=lambda: Traits(looks=True, receipts=True))
    answers: Callable[[Outbound], Answer] = accepts
    finds: Callable[[Outbound], Receipt | Exception | None] = lambda _: None
    listed: list[Inbound] | Exception = field(default_factory=list)
    seconds: float = 0.0
    sent: list[Outbound] = field(default_factory=list)
    left_at: list[float] = field(default_factory=list)
    looked: list[int] = field(default_factory=list)
    opened: int = 0

    async def open(self) -> None:
        self.opened += 1

    async def close(self) -> None:
        self.opened -= 1

    def callback_url(self, delivery: int, attempt: int) -> str:
        return f"https://tocsin.example/webhooks/sim/status?d={delivery}&a={attempt}"

    async def send(self, message: Outbound) -> Accepted:
        self.left_at.append(asyncio.get_running_loop().time())
        self.sent.append(message)
        if self.seconds:
            await asyncio.sleep(self.seconds)
        answer = self.answers(message)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def look(self, message: Outbound, provider_id: str) -> Receipt | None:
        self.looked.append(message.delivery)
        if self.seconds:
            await asyncio.sleep(self.seconds)
        found = self.finds(message)
        if isinstance(found, Exception):
            raise found
        return found

    async def inbound_since(self, since: object) -> AsyncIterator[Inbound]:
        if isinstance(self.listed, Exception):
            raise self.listed
        for text in self.listed:
            yield text

    async def check(self) -> str:
        return "a stand-in"

    def verify(self, callback: Callback) -> None:
        """Anybody may call."""

    def read_inbound(self, callback: Callback) -> Inbound:
        raise NotImplementedError

    def read_receipt(self, callback: Callback) -> Receipt | None:
        raise NotImplementedError


def in_turn(*answers: Answer) -> Callable[[Outbound], Answer]:
    """One answer a message, the last for all that follow."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]
