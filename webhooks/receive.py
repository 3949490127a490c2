"""Keeping a text or a receipt safe before the provider is told that we have it."""

from __future__ import annotations

import structlog
from sqlalchemy.exc import DBAPIError

from dispatch import arrivals, receipts, wake
from dispatch.runtime import Runtime
from dispatch.spool import Spool
from gateway.contract import Inbound, Receipt

log = structlog.get_logger(__name__)


def receive(runtime: Runtime, gateway: str, inbound: Inbound) -> None:
    """Store a text as one row, or on disk while the database is away; then wake.

    Raises OSError when neither takes it: the answer is then a 5xx, and the provider
    calls again.
    """
    try:
        with runtime.store.begin() as session:
            row = arrivals.store(session, gateway, inbound, runtime.clock())
    except DBAPIError as error:
        log.warning("database_away", error=type(error.orig).__name__)
        Spool(runtime.settings.data_dir).keep(gateway, inbound)
        return
    if row is None:
        log.info("text_known_already", gateway=gateway)
        return
    wake.read_inbound(runtime, row)


def receipt(runtime: Runtime, gateway: str, said: Receipt) -> None:
    """Keep a receipt and move its delivery forward. Raises DBAPIError: answer 5xx."""
    with runtime.store.begin() as session:
        receipts.record(session, gateway, said, runtime.clock())
