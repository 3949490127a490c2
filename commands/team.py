"""`tocsin team`: the people who run the service, and sign in to the pages of the team."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.context import AsJson, Context, emit, of, say

if TYPE_CHECKING:
    from sqlmodel import Session

    from community_store.models import Account

app = typer.Typer(no_args_is_help=True, help="People who run the service, on its web pages.")
Named = Annotated[str, typer.Argument(metavar="PERSON", help="id, name or e-mail")]


@app.command()
def add(
    ctx: typer.Context,
    *,
    name: Annotated[str, typer.Option()],
    email: Annotated[str, typer.Option(help="what they sign in with")],
) -> None:
    """Let a person act for the team; prints the link with which they choose a password."""
    from community_store import accounts

    context = of(ctx)
    with context.begin() as session:
        account = accounts.add_team(session, name, email)
        link = _link(context, session, account)
    say(f"{account.name} ({account.email}) is of the team, with the id {account.id}")
    _say_link(link)


@app.command("list")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the team."""
    from community_store import accounts

    with of(ctx).read() as session:
        emit([_row(account) for account in accounts.team(session)], as_json=as_json)


@app.command("link")
def link_(ctx: typer.Context, person: Named) -> None:
    """Print a new link with which a person chooses a password."""
    from community_store import accounts

    context = of(ctx)
    with context.begin() as session:
        link = _link(context, session, accounts.find_team(session, person))
    _say_link(link)


@app.command()
def reset(ctx: typer.Context, person: Named) -> None:
    """Forget the telephone and the paper codes of a person who lost both."""
    from community_store import accounts, second_factor, sessions

    with of(ctx).begin() as session:
        account = accounts.find_team(session, person)
        second_factor.reset(session, account)
        sessions.end_all(session, account.id)
    say(f"{account.name} is signed out, and sets up a telephone after the next password")


@app.command()
def remove(ctx: typer.Context, person: Named) -> None:
    """Remove a person from the team: they are signed out at once."""
    from community_store import accounts

    with of(ctx).begin() as session:
        account = accounts.find_team(session, person)
        name = account.name
        accounts.remove_team(session, account)
    say(f"{name} is of the team no more")


def _link(context: Context, session: Session, account: Account) -> str:
    from community_store import account_links
    from community_store.columns import utcnow
    from dispatch import signing_in

    token = account_links.make(session, account, utcnow())
    return signing_in.address(context.settings.service.site, token)


def _say_link(link: str) -> None:
    say(f"open within the hour, once, to choose a password: {link}")


def _row(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "name": account.name,
        "email": account.email,
        "password": bool(account.password),
        "second_factor": account.totp_confirmed,
        "signed_in_at": account.signed_in_at.isoformat() if account.signed_in_at else None,
    }
