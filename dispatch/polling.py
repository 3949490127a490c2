"""Texts that never reached us, found on the provider's own list (decision 6)."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog

from dispatch import arrivals, intake
from dispatch.runtime import Runtime
from gateway.contract import Inbound, Provider, SendError

log = structlog.get_logger(__name__)

OVERLAP = timedelta(minutes=10)  # asked for again: a list may lag
AT_START = timedelta(hours=24)  # what may have been missed while nothing ran
LONGEST = 30.0  # seconds for one list: housekeeping has more to do (R3)


async def poll(runtime: Runtime, told: dict[str, datetime], longest: float = LONGEST) -> list[int]:
    """Store what phones sent and we never had; the new rows' ids. `longest` is for each list.

    `told` says until when each gateway's list has told all: it moves on only with a list
    that answered to its end and is stored, so that an outage, however long, hides nothing.
    """
    rows: list[int] = []
    for name, provider in runtime.providers.items():
        if not provider.traits.polls_inbound:
            continue
        began = runtime.clock()
        since = told[name] - OVERLAP if name in told else began - AT_START
        found, whole = await _ask(name, provider, since, longest)
        if provider.traits.owns_numbers:
            found = [inbound for inbound in found if intake.is_ours(runtime, inbound.recipient)]
        rows += _keep(runtime, name, found)
        if whole:
            told[name] = began
    return rows


async def _ask(
    name: str, provider: Provider, since: datetime, longest: float
) -> tuple[list[Inbound], bool]:
    """What a list tells, and whether it told all; what came before it failed counts too."""
    found: list[Inbound] = []
    await provider.open()
    try:
        async with asyncio.timeout(longest):
            async for inbound in provider.inbound_since(since):
                found.append(inbound)  # noqa: PERF401 - a comprehension loses them when it fails
    except TimeoutError:
        log.warning("poll_failed", gateway=name, code="timeout", reason="the list is too long")
        return found, False
    except SendError as error:
        log.warning("poll_failed", gateway=name, code=error.code, reason=error.reason)
        return found, False
    except Exception:
        log.exception("provider_broke_its_contract", gateway=name)
        return found, False
    finally:
        await provider.close()
    return found, True


def _keep(runtime: Runtime, gateway: str, found: list[Inbound]) -> list[int]:
    if not found:
        return []
    with runtime.store.begin() as session:
        missed = [
            arrivals.store(session.connection(), gateway, inbound, runtime.clock())
            for inbound in found
        ]
    new = [row for row in missed if row is not None]
    if new:
        log.warning("texts_found_by_polling", gateway=gateway, count=len(new))
    return new
