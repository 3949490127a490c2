"""Asking providers what became of messages, many at once, and whose it is that they name."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from community_store.models import DeliveryState as State
from dispatch import lookalikes
from dispatch.runtime import Runtime
from gateway.contract import Outbound, Provider, Receipt, SendError

log = structlog.get_logger(__name__)

LONGEST = 6.0  # seconds for all looks of a round: the sweep has more to do (R3)
LOOKALIKES = 5  # others' messages that a provider may name before it names ours


@dataclass(frozen=True, slots=True)
class Doubt:
    """A delivery to look after, with what its last attempt was.

    `works`: its gateway has taken another message since.
    """

    id: int
    state: str
    gateway: str
    message: Outbound
    provider_id: str
    looks: int
    doubts: int
    since: datetime
    expires_at: datetime
    works: bool = False

    @property
    def is_blind(self) -> bool:
        """Looked for by what it was, since the provider never named it."""
        return self.state == State.UNKNOWN and not self.provider_id

    def but(self, others: frozenset[str]) -> Doubt:
        """The same, where messages of these ids are known to be others."""
        if not others:
            return self
        known = self.message.others | others
        return replace(self, message=replace(self.message, others=known))


@dataclass(frozen=True, slots=True)
class Found:
    """What a look brought: a receipt, nothing, or an error that says to ask again.

    Not `asked` when the provider cannot be: then nothing says nothing.
    """

    doubt: Doubt
    receipt: Receipt | None
    failed: bool = False
    asked: bool = True

    @property
    def name(self) -> lookalikes.Name | None:
        """Which message it is, where the provider had to guess."""
        if self.receipt is None or not (self.doubt.is_blind and self.receipt.provider_id):
            return None
        return self.doubt.gateway, self.receipt.provider_id


def ask(runtime: Runtime, doubts: Sequence[Doubt]) -> list[Found]:
    """What their providers say of each, in order; never what is known to be another's.

    Named for two of them, a message is the first one's: it can be either, and the other is
    looked for again.
    """
    end = time.monotonic() + LONGEST
    found = asyncio.run(_look_all(runtime, doubts, LONGEST))
    for _ in range(LOOKALIKES):
        again = _mistaken(runtime, found)
        left = end - time.monotonic()
        if not again or left <= 0:
            break
        looks = asyncio.run(_look_all(runtime, [_without(found[n]) for n in again], left))
        for n, look in zip(again, looks, strict=True):
            found[n] = look
    for n in _mistaken(runtime, found):  # whether it left is not known: that is no empty look
        found[n] = Found(found[n].doubt, None, failed=True)
    return found


def _without(found: Found) -> Doubt:
    assert found.receipt is not None
    return found.doubt.but(frozenset({found.receipt.provider_id}))


def _mistaken(runtime: Runtime, found: Sequence[Found]) -> list[int]:
    """Where in `found` another delivery's message was named."""
    names = {one.name for one in found if one.name}
    if not names:
        return []
    with runtime.store.read() as session:
        owners = lookalikes.owners(session, names)
    mistaken = []
    for n, one in enumerate(found):
        owner = owners[one.name] if one.name else set()
        if owner - {one.doubt.id}:
            mistaken.append(n)
        owner.add(one.doubt.id)
    return mistaken


async def _look_all(runtime: Runtime, doubts: Sequence[Doubt], seconds: float) -> list[Found]:
    async with AsyncExitStack() as stack:
        for name in {doubt.gateway for doubt in doubts}:
            if provider := runtime.providers.get(name):
                await provider.open()
                stack.push_async_callback(provider.close)
        gate = asyncio.Semaphore(20)
        looks = [
            asyncio.create_task(_look_one(gate, runtime.providers.get(d.gateway), d))
            for d in doubts
        ]
        await asyncio.wait(looks, timeout=seconds)
        return [_found(look, doubt) for look, doubt in zip(looks, doubts, strict=True)]


def _found(look: asyncio.Task[Found], doubt: Doubt) -> Found:
    if look.done():
        return look.result()
    look.cancel()
    return Found(doubt, None, failed=True)


async def _look_one(gate: asyncio.Semaphore, provider: Provider | None, doubt: Doubt) -> Found:
    if provider is None or not provider.traits.looks:
        return Found(doubt, None, asked=False)
    async with gate:
        try:
            return Found(doubt, await provider.look(doubt.message, doubt.provider_id))
        except SendError as error:
            log.warning("look_failed", delivery=doubt.id, code=error.code, reason=error.reason)
            return Found(doubt, None, failed=True)
        except Exception:
            log.exception("provider_broke_its_contract", delivery=doubt.id)
            return Found(doubt, None, failed=True)
