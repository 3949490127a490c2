"""`tocsin queue`: what waits at each gateway; stop and start one."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from commands.context import AsJson, emit, of, say

app = typer.Typer(no_args_is_help=True, help="What is due, per gateway.")
Gateway = Annotated[str | None, typer.Argument(metavar="[GATEWAY]", help="all when left out")]


@app.command()
def status(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Show what is due, in flight and in doubt at each gateway."""
    from community_store.columns import utcnow
    from dispatch import figures

    context = of(ctx)
    with context.read() as session:
        found = figures.gateways(session, [*context.settings.gateway, "mail"], utcnow())
    emit(
        [asdict(f) | {"paused": bool(f.paused), "reason": f.paused} for f in found], as_json=as_json
    )


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
            session.merge(GatewayPause(gateway=name, reason=reason))
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
    from commands.context import CommandError

    known = [*of(ctx).settings.gateway, "mail"]
    if gateway is None:
        return known
    if gateway not in known:
        raise CommandError(f"no gateway {gateway!r} in the configuration: {', '.join(known)}")
    return [gateway]
