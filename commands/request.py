"""`tocsin request`: people who wait for somebody to vouch for their home."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from commands.context import AsJson, CommandError, emit, of, say
from commands.reading import community_named, member_named

app = typer.Typer(no_args_is_help=True, help="Membership requests.")
Id = Annotated[str, typer.Argument(metavar="ID", help="the id of the pending member")]


@app.command("list")
def list_(
    ctx: typer.Context,
    community: Annotated[str, typer.Option(help="only those of one community")] = "",
    as_json: AsJson = False,
) -> None:
    """List the requests, the longest waiting first."""
    from community_store import membership

    with of(ctx).read() as session:
        home = community_named(session, community).id if community else None
        rows: list[dict[str, Any]] = [
            {
                "id": member.id,
                "first_name": member.first_name,
                "last_name": member.last_name,
                "address": member.address,
                "community": name,
                "mode": mode,
                "created_at": member.created_at.isoformat(),
            }
            for member, name, mode in membership.requests(session, community_id=home)
        ]
    emit(rows, as_json=as_json)


@app.command()
def accept(ctx: typer.Context, member: Id) -> None:
    """Accept a request: the member is active."""
    from community_store import membership

    with of(ctx).begin() as session:
        found = member_named(session, member)
        if found.state != "pending":
            raise CommandError(f"member {found.id} is {found.state}, not pending")
        membership.activate(session, found)
    say(f"member {found.id} accepted")


@app.command()
def refuse(ctx: typer.Context, member: Id) -> None:
    """Refuse a request: the account is closed and erased."""
    from community_store import membership

    with of(ctx).begin() as session:
        found = member_named(session, member)
        membership.refuse(session, found)
    say(f"member {found.id} refused")
