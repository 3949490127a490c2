"""Keeping a text safe before anybody is told that we have it (decision 6)."""

from __future__ import annotations

import time

import structlog
from sqlalchemy import exc
from sqlmodel import select

from community_store.models import Number
from dispatch import arrivals, crashing, wake
from dispatch.runtime import Runtime
from dispatch.spool import Spool
from gateway.contract import Inbound

log = structlog.get_logger(__name__)

AWAY = (exc.DBAPIError, exc.TimeoutError)  # also full, read-only, without its tables


REMEMBERED = 10.0  # seconds for which a number of ours is not asked for again


def is_ours(runtime: Runtime, number: str) -> bool:
    """Whether a text was sent to a number of ours; taken for granted while the database is away.

    Asking took a third of a webhook's time, so what is ours is remembered for a moment: one
    that was given up meanwhile still gets its last texts. What is not is asked for each time.
    """
    if time.monotonic() < runtime.ours.get(number, 0.0):
        return True
    try:
        with runtime.store.read() as session:
            known = session.exec(select(Number.id).where(Number.value == number)).first()
    except AWAY as error:
        log.warning("database_away", error=type(error).__name__)
        return True
    if known is None:
        return False
    runtime.ours[number] = time.monotonic() + REMEMBERED
    return True


def receive(runtime: Runtime, gateway: str, inbound: Inbound) -> None:
    """Store a text as one row, or on disk while the database is away; then wake.

    Raises OSError when neither takes it: the answer is then a 5xx, and the provider
    calls again.
    """
    try:
        with runtime.store.write() as connection:
            row = arrivals.store(connection, gateway, inbound, runtime.clock())
    except AWAY as error:
        log.warning("database_away", error=type(error).__name__)
        Spool(runtime.settings.data_dir).keep(gateway, inbound)
        crashing.point("text_spooled")
        return
    if row is None:
        log.info("text_known_already", gateway=gateway)
        return
    crashing.point("text_stored")
    wake.read_inbound(runtime, row)
