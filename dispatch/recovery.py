"""Gateways that stopped themselves, asked whether they are well again.

A redirect or a page of a proxy's stops a gateway as a wrong secret does, and nobody may be
awake to resume it before what waits is too old. Where an answer is good it is sent through
again; what still refuses the messages themselves stops itself again, after a few of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from sqlmodel import col, select

from community_store.models import GatewayPause
from dispatch.runtime import Runtime
from gateway.contract import Provider, SendError

log = structlog.get_logger(__name__)


async def resume(runtime: Runtime) -> list[str]:
    """Send again through those that answer well; their names. Never what the operator paused."""
    with runtime.store.read() as session:
        stopped = session.exec(
            select(GatewayPause.gateway).where(col(GatewayPause.by_itself).is_(True))
        ).all()
    well = [name for name in stopped if await _is_well(runtime.providers.get(name))]
    if well:
        _lift(runtime, well)
    return well


def _lift(runtime: Runtime, gateways: Sequence[str]) -> None:
    with runtime.store.begin() as session:
        for name in gateways:
            pause = session.get(GatewayPause, name)
            if pause is not None and pause.by_itself:
                log.warning("gateway_resumed", gateway=name, was=pause.reason)
                session.delete(pause)


async def _is_well(provider: Provider | None) -> bool:
    if provider is None:
        return False
    await provider.open()
    try:
        await provider.check()
    except SendError as error:
        log.info("gateway_still_ill", gateway=provider.name, code=error.code, reason=error.reason)
        return False
    finally:
        await provider.close()
    return True
