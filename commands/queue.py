"""`tocsin queue`: what waits at each gateway; stop and start one."""

from __future__ import annotations

import contextlib
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.context import AsJson, CommandError, Context, console, emit, of, plain, say

if TYPE_CHECKING:
    from rich.table import Table

app = typer.Typer(no_args_is_help=True, help="What is due, per gateway.")
Gateway = Annotated[str | None, typer.Argument(metavar="[GATEWAY]", help="all when left out")]


@app.command()
def status(
    ctx: typer.Context,
    as_json: AsJson = False,
    watch: Annotated[bool, typer.Option("--watch", help="again and again, until Ctrl-C")] = False,
    every: Annotated[float, typer.Option(min=0.2, help="seconds between two looks")] = 1.0,
) -> None:
    """Show what is due, held, in flight and in doubt at each gateway."""
    context = of(ctx)
    if watch and as_json:
        raise CommandError("--watch is for the terminal: leave out --json, or ask repeatedly")
    if watch:
        _watch(context, every)
    else:
        emit(_rows(context), as_json=as_json)


def _rows(context: Context) -> list[dict[str, Any]]:
    from community_store.columns import utcnow
    from dispatch import figures

    with context.read() as session:
        found = figures.gateways(session, [*context.settings.gateway, "mail"], utcnow())
    return [asdict(f) | {"paused": bool(f.paused), "reason": f.paused} for f in found]


def _watch(context: Context, every: float) -> None:
    from rich.live import Live

    before: dict[str, Any] = {}
    with (
        contextlib.suppress(KeyboardInterrupt),
        Live(console=console(), auto_refresh=False, transient=False) as live,
    ):
        while True:
            rows = _rows(context)
            live.update(_screen(rows, before, every), refresh=True)
            before = {row["gateway"]: row for row in rows}
            time.sleep(every)


def _screen(rows: list[dict[str, Any]], before: dict[str, Any], every: float) -> Table:
    """The figures, and how fast what is due changes (a second, with its sign)."""
    from rich.table import Table
    from rich.text import Text

    screen = Table(title=time.strftime("%H:%M:%S"), title_justify="left", box=None)
    names = [name for name in rows[0] if name != "reason"] if rows else []
    for name in [*names, "change"]:
        screen.add_column(name.replace("_", " "), justify="left" if name == "gateway" else "right")
    for row in rows:
        was = before.get(row["gateway"])
        change = f"{(row['due'] - was['due']) / every:+.0f}/s" if was else ""
        shown = {**row, "paused": plain(row["reason"]) if row["paused"] else ""}
        cells = [Text(str(shown[name])) for name in names]
        screen.add_row(*cells, change, style="red" if row["paused"] else "")
    return screen


@app.command()
def pause(
    ctx: typer.Context,
    gateway: Gateway = None,
    reason: Annotated[str, typer.Option(help="shown in the status")] = "paused by the operator",
) -> None:
    """Stop sending through a gateway; its deliveries wait."""
    from community_store.models import GatewayPause

    context = of(ctx)
    names = _named(ctx, gateway)
    with context.begin() as session:
        for name in names:
            session.merge(GatewayPause(gateway=name, reason=reason, by_itself=False))
    say(f"paused: {', '.join(names)}")


@app.command()
def resume(ctx: typer.Context, gateway: Gateway = None) -> None:
    """Send again through a gateway."""
    from commands.alert import open_
    from community_store.models import GatewayPause
    from dispatch import wake

    context = of(ctx)
    runtime = open_(context)
    names = _named(ctx, gateway)
    with context.begin() as session:
        for name in names:
            if (pause := session.get(GatewayPause, name)) is not None:
                session.delete(pause)
    wake.pump(runtime)
    runtime.close()
    say(f"sending again: {', '.join(names)}")


def _named(ctx: typer.Context, gateway: str | None) -> list[str]:
    known = [*of(ctx).settings.gateway, "mail"]
    if gateway is None:
        return known
    if gateway not in known:
        raise CommandError(f"no gateway {gateway!r} in the configuration: {', '.join(known)}")
    return [gateway]
