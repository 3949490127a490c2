"""`tocsin serve | worker | housekeeping`: each process alone, for many machines."""

from __future__ import annotations

import os
import signal
from enum import StrEnum
from typing import Annotated

import typer

from commands.context import of
from commands.ports import Port, require_free


class QueueName(StrEnum):
    """One queue a process, so that a job popped by a worker that dies is not another's."""

    INBOUND = "inbound"
    DISPATCH = "dispatch"


def serve(
    ctx: typer.Context,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[int, typer.Option(min=1, help="web processes")] = 1,
) -> None:
    """Webhooks and pages."""
    require_free(host, port)
    context = of(ctx)
    context.open_store_checked()
    context.close()
    from granian import Granian
    from granian.constants import Interfaces

    Granian(
        "app:serve",
        factory=True,
        address=host,
        port=port,
        workers=workers,
        interface=Interfaces.WSGI,
        blocking_threads=threads(),
        backlog=1024,
        respawn_failed_workers=True,
        log_access=False,
        websockets=False,
        workers_kill_timeout=10,
    ).serve()


def threads() -> int:
    """Requests served at once by a web process: they wait for the database, seldom for the CPU.

    Two a processor, more of which granian warns about; at least 3, since one may wait for a lock.
    """
    return max(3, min(8, 2 * (os.cpu_count() or 1)))


def worker(
    ctx: typer.Context,
    queue: Annotated[QueueName, typer.Option(help="which work")] = QueueName.DISPATCH,
) -> None:
    """Read texts (inbound) or send messages (dispatch)."""
    context = of(ctx)
    context.open_store_checked()
    context.close()
    from dispatch import logs
    from dispatch.runtime import open_runtime
    from dispatch.worker import work

    logs.configure(f"worker-{queue}")
    runtime = open_runtime(context.settings)
    try:
        work(runtime, queue)
    finally:
        runtime.close()


def housekeeping(ctx: typer.Context) -> None:
    """Sweep, poll, expire, and stand in for Redis."""
    context = of(ctx)
    context.open_store_checked()
    context.close()
    from dispatch import housekeeping as keeping
    from dispatch import logs
    from dispatch.runtime import open_runtime
    from dispatch.worker import on_signals

    logs.configure("housekeeping")
    runtime = open_runtime(context.settings)
    on_signals(runtime)
    try:
        keeping.run(runtime)
    finally:
        runtime.close()


def ignore_interrupts() -> None:
    """Under `tocsin up` Ctrl-C reaches the whole group: only the supervisor acts on it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
