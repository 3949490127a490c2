"""Texts that never reached us, found on the provider's own list (decision 6)."""

from __future__ import annotations

from datetime import datetime

import structlog

from dispatch import arrivals, intake
from dispatch.runtime import Runtime
from gateway.contract import Inbound, SendError

log = structlog.get_logger(__name__)


async def poll(runtime: Runtime, since: datetime) -> list[int]:
    """Store what phones sent since then and we never had; the new rows' ids."""
    rows: list[int] = []
    for name, provider in runtime.providers.items():
        if not provider.traits.polls_inbound:
            continue
        await provider.open()
        try:
            found = [inbound async for inbound in provider.inbound_since(since)]
        except SendError as error:
            log.warning("poll_failed", gateway=name, code=error.code, reason=error.reason)
            continue
        except Exception:
            log.exception("provider_broke_its_contract", gateway=name)
            continue
        finally:
            await provider.close()
        if provider.traits.owns_numbers:
            found = [inbound for inbound in found if intake.is_ours(runtime, inbound.recipient)]
        rows += _keep(runtime, name, found)
    return rows


def _keep(runtime: Runtime, gateway: str, found: list[Inbound]) -> list[int]:
    if not found:
        return []
    with runtime.store.begin() as session:
        missed = [arrivals.store(session, gateway, inbound, runtime.clock()) for inbound in found]
    new = [row for row in missed if row is not None]
    if new:
        log.warning("texts_found_by_polling", gateway=gateway, count=len(new))
    return new
