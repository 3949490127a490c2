"""`tocsin town`: municipalities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.context import AsJson, emit, of, say

if TYPE_CHECKING:
    from community_store.models import Town

app = typer.Typer(no_args_is_help=True, help="Municipalities, by INSEE code.")
Named = Annotated[str, typer.Argument(metavar="TOWN", help="INSEE code, or name where unique")]


@app.command()
def add(
    ctx: typer.Context,
    insee: Annotated[str, typer.Argument(help="the five characters of the INSEE code: 38185")],
    name: str,
    subscribed: Annotated[bool, typer.Option("--subscribed", help="it uses the service")] = False,
) -> None:
    """Add a town."""
    from community_store import towns

    with of(ctx).begin() as session:
        town = towns.add(session, insee, name, subscribed=subscribed)
    say(f"town {town.insee} ({town.name}) added")


@app.command("list")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the towns."""
    from community_store import towns

    with of(ctx).read() as session:
        rows = [_row(*counted) for counted in towns.list_all(session)]
    emit(rows, as_json=as_json)


@app.command()
def show(ctx: typer.Context, town: Named, as_json: AsJson = False) -> None:
    """Show a town."""
    from community_store import agents, communities, towns

    with of(ctx).read() as session:
        found = towns.find(session, town)
        homes = [c.name for c, *_ in communities.list_all(session, town=found.insee)]
        people = [agent.name for agent in agents.list_all(session, town=found.insee)]
        emit(_row(found, homes, people), as_json=as_json)


@app.command()
def subscribe(ctx: typer.Context, town: Named) -> None:
    """The town uses the service: its agents receive and send alerts."""
    _set_subscribed(ctx, town, subscribed=True)


@app.command()
def unsubscribe(ctx: typer.Context, town: Named) -> None:
    """The town no longer uses the service."""
    _set_subscribed(ctx, town, subscribed=False)


@app.command("set")
def set_(
    ctx: typer.Context,
    town: Named,
    *,
    sms_alerts: Annotated[
        bool, typer.Option(help="whether its confirmed agents may raise town alerts by SMS")
    ],
) -> None:
    """Change what a town's agents may do by SMS."""
    from community_store import towns

    with of(ctx).begin() as session:
        found = towns.find(session, town)
        towns.allow_sms_alerts(session, found, allowed=sms_alerts)
    may = "may" if sms_alerts else "may not"
    say(f"agents of town {found.insee} ({found.name}) {may} raise town alerts by SMS")


def _set_subscribed(ctx: typer.Context, named: str, *, subscribed: bool) -> None:
    from community_store import towns

    with of(ctx).begin() as session:
        town = towns.find(session, named)
        towns.subscribe(session, town, subscribed=subscribed)
    say(f"town {town.insee} ({town.name}) {'subscribed' if subscribed else 'unsubscribed'}")


def _row(town: Town, communities: object, agents: object) -> dict[str, Any]:
    return {
        "insee": town.insee,
        "name": town.name,
        "subscribed": town.subscribed,
        "sms_alerts": town.sms_alerts,
        "communities": communities,
        "agents": agents,
    }
