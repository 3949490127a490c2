"""`tocsin agent`: the people who act for a town."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from commands.context import AsJson, emit, of, say
from commands.reading import e164, number_if_any

if TYPE_CHECKING:
    from community_store.models import Agent

app = typer.Typer(no_args_is_help=True, help="People who act for a town.")
Named = Annotated[
    str, typer.Argument(metavar="AGENT", help="id, or name, mobile or e-mail where unique")
]


@app.command()
def add(
    ctx: typer.Context,
    *,
    town: Annotated[str, typer.Option(metavar="INSEE")],
    name: Annotated[str, typer.Option()],
    mobile: Annotated[str, typer.Option(help="06 39 98 00 01 or +33639980001")] = "",
    email: Annotated[str, typer.Option()] = "",
    role: Annotated[Literal["mairie", "police"], typer.Option()] = "mairie",
    language: Annotated[Literal["fr", "en"], typer.Option()] = "fr",
) -> None:
    """Add an agent, who receives alerts once the town is subscribed."""
    from community_store import agents
    from community_store.models import Agent, Town

    new = Agent(
        town_insee=town, name=name, mobile=e164(mobile, "--mobile", mobile=True),
        email=email or None, role=role, language=language,
    )  # fmt: skip
    with of(ctx).begin() as session:
        agent = agents.add(session, new)
        home = session.get(Town, agent.town_insee)
    say(f"agent {agent.id} ({agent.name}) added")
    if home and not home.subscribed:
        say(f"note: {home.name} is not subscribed: `tocsin town subscribe {home.insee}`")


@app.command("list")
def list_(
    ctx: typer.Context,
    town: Annotated[str, typer.Option(metavar="INSEE", help="only those of one town")] = "",
    as_json: AsJson = False,
) -> None:
    """List the agents."""
    from community_store import agents, towns

    with of(ctx).read() as session:
        insee = towns.find(session, town).insee if town else None
        emit([_row(agent) for agent in agents.list_all(session, town=insee)], as_json=as_json)


@app.command("set")
def set_(
    ctx: typer.Context,
    agent: Named,
    *,
    confirmed: Annotated[bool, typer.Option(help="whether you vouch that the mobile is theirs")],
) -> None:
    """Confirm an agent's number, or no longer: only then may a text speak for the town."""
    from community_store import agents

    with of(ctx).begin() as session:
        found = agents.find(session, agent, number=number_if_any(agent))
        agents.confirm(session, found, confirmed=confirmed)
    say(f"agent {found.id} ({found.name}) is {'confirmed' if confirmed else 'not confirmed'}")


@app.command()
def reset(ctx: typer.Context, agent: Named) -> None:
    """Forget the second factor of an agent who lost telephone and paper codes."""
    from community_store import accounts, agents, second_factor, sessions

    with of(ctx).begin() as session:
        found = agents.find(session, agent, number=number_if_any(agent))
        account = accounts.of_agent(session, found)
        second_factor.reset(session, account)
        sessions.end_all(session, account.id)
    say(f"agent {found.id} is signed out, and sets up a telephone after the next password")


@app.command()
def remove(
    ctx: typer.Context,
    agent: Named,
) -> None:
    """Remove an agent: nothing goes to them any more."""
    from community_store import agents

    with of(ctx).begin() as session:
        found = agents.find(session, agent, number=number_if_any(agent))
        agents.remove(session, found)
    say(f"agent {found.id} removed")


def _row(agent: Agent) -> dict[str, Any]:
    return {
        "id": agent.id,
        "town": agent.town_insee,
        "name": agent.name,
        "role": agent.role,
        "mobile": agent.mobile,
        "email": agent.email,
        "language": agent.language,
        "confirmed": agent.confirmed,
    }
