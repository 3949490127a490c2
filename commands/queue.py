"""`tocsin queue`: what waits at each gateway; stop and start one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands import queue_screen
from commands.context import AsJson, CommandError, Context, console, emit, of, say

if TYPE_CHECKING:
    from dispatch.queues import GatewayFigures

app = typer.Typer(no_args_is_help=True, help="What is due, per gateway.")
Gateway = Annotated[str | None, typer.Argument(metavar="[GATEWAY]", help="all when left out")]


@app.command()
def status(
    ctx: typer.Context,
    as_json: AsJson = False,
    watch: Annotated[bool, typer.Option("--watch", help="again and again, until Ctrl-C")] = False,
    every: Annotated[float, typer.Option(min=0.2, help="seconds between two looks")] = 1.0,
) -> None:
    """Show what is due, held, in flight and in doubt at each gateway and each of its numbers."""
    context = of(ctx)
    if watch and as_json:
        raise CommandError("--watch is for the terminal: leave out --json, or ask repeatedly")
    if watch:
        queue_screen.watch(lambda: _look(context), every)
    elif as_json:
        emit([_row(gateway) for gateway in _look(context)], as_json=True)
    else:
        console().print(queue_screen.screen(_look(context)))


def _look(context: Context) -> list[GatewayFigures]:
    from community_store.columns import utcnow
    from dispatch import queues
    from dispatch.runtime import rates

    settings = context.settings
    with context.read() as session:
        names = [*settings.gateway, *rates(settings)]
        return queues.gateways(session, names, utcnow(), rates=rates(settings))


def _row(gateway: GatewayFigures) -> dict[str, Any]:
    row = asdict(gateway)
    numbers = [lane | _reason(lane) for lane in row.pop("lanes") if lane["number"]]
    return row | _reason(row) | {"numbers": numbers}


def _reason(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"paused": bool(row["paused"]), "reason": row["paused"]}


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
    known = [*of(ctx).settings.gateway, "mail", "push"]
    if gateway is None:
        return known
    if gateway not in known:
        raise CommandError(f"no gateway {gateway!r} in the configuration: {', '.join(known)}")
    return [gateway]
