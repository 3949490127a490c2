"""`tocsin up`: web, workers, housekeeping and the embedded Valkey in one process group."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commands.context import CommandError, Context, of, say
from commands.ports import Port, require_free


def up(
    ctx: typer.Context,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[int, typer.Option(min=1, help="web processes")] = 1,
) -> None:
    """Run everything; a child that dies is started again; Ctrl-C or SIGTERM drains."""
    from commands import supervisor

    context = of(ctx)
    require_writable(context.settings.data_dir)
    require_free(host, port)
    with supervisor.only_one(context.settings.data_dir):
        prepare(context)
        say(f"Tocsin on http://{host}:{port} (Ctrl-C ends)")
        supervisor.run(
            supervisor.children(context.settings, host, port, workers),
            lambda: supervisor.listening(host, port),
        )


def prepare(context: Context) -> None:
    """Bring the database up to date, as `tocsin init` does. Raises OSError, DBAPIError."""
    from community_store import schema

    schema.upgrade(context.store)
    context.close()


def require_writable(folder: Path) -> None:
    """Raises CommandError naming the key to change."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise CommandError(
            f"[service] data_dir: {folder} cannot be written ({error.strerror}): "
            "mend its rights, or name another folder"
        ) from None
