"""`tocsin request`: people who wait for somebody to vouch for their home."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.context import AsJson, CommandError, Context, emit, of, say
from commands.reading import community_named, member_named

if TYPE_CHECKING:
    from sqlmodel import Session

    from community_store.models import Member

app = typer.Typer(no_args_is_help=True, help="Membership requests.")
Id = Annotated[
    str,
    typer.Argument(metavar="ID", help="the member's id, or the request's ref as ref:12"),
]
Reason = Annotated[str, typer.Option(help="kept with the request; the person is not told it")]


@app.command("list")
def list_(
    ctx: typer.Context,
    community: Annotated[str, typer.Option(help="only those of one community")] = "",
    as_json: AsJson = False,
) -> None:
    """List the requests, the longest waiting first. `ref` is what deciders text back, `due_at`
    by when the team decides, if it is for the team, `proof` a document to look at, `placed`
    whether the home is on the map (if not, `tocsin member place`), `proved` whether a device
    or a partner says that they live there.
    """
    from community_store import membership
    from community_store.columns import utcnow
    from dispatch import evidence, proofs, requests, team

    with of(ctx).read() as session:
        due = {one.member.id: one.due_at for one in team.queue(session, utcnow())}
        documents, proved = proofs.waiting(session), evidence.waiting(session)
        home = community_named(session, community).id if community else None
        refs = requests.open_refs(session)
        rows: list[dict[str, Any]] = [
            {
                "id": member.id,
                "ref": refs.get(member.id or 0),
                "first_name": member.first_name,
                "last_name": member.last_name,
                "address": member.address,
                "placed": member.lat is not None,
                "proved": member.id in proved,
                "community": name,
                "mode": mode,
                "created_at": member.created_at.isoformat(),
                "due_at": due[member.id].isoformat() if member.id in due else None,
                "proof": documents.get(member.id or 0),
            }
            for member, name, mode in membership.requests(session, community_id=home)
        ]
    emit(rows, as_json=as_json)


@app.command()
def accept(
    ctx: typer.Context,
    member: Id,
    community: Annotated[
        str, typer.Option(help="put the member there first: id, or name where unique")
    ] = "",
    reason: Reason = "",
) -> None:
    """Accept a request: the member is active, and is told so."""
    from community_store import membership

    context = of(ctx)
    with context.begin() as session:
        found = _waiting(session, member)
        if community:
            membership.move(session, found, community_named(session, community))
        name = f"{found.first_name} {found.last_name}"
        _decide(context, session, found, (True, reason))
    say(f"member {found.id} ({name}) accepted")


@app.command()
def proof(
    ctx: typer.Context,
    member: Id,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="where to write it")],
) -> None:
    """Write a member's proof of address to a file. That you looked is kept."""
    from community_store.columns import utcnow
    from dispatch import proofs
    from dispatch.act import Act

    if file.exists():
        raise CommandError(f"{file} is there already")
    context = of(ctx)
    with context.begin() as session:
        found = _waiting(session, member)
        document = proofs.current(session, found.id or 0)
        if document is None:
            raise CommandError(f"member {found.id} sent no proof of address")
        act = Act(session, context.settings, utcnow())
        shown = proofs.look(act, document.id or 0, who=f"operator {getpass.getuser()}")
    handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(shown.data)
    say(f"{shown.media_type}, {len(shown.data)} bytes: delete {file} when you have decided")


@app.command()
def refuse(ctx: typer.Context, member: Id, reason: Reason = "") -> None:
    """Refuse a request: the person is told; an account that was never active is
    erased, one that was is of no community.
    """
    context = of(ctx)
    with context.begin() as session:
        found = _waiting(session, member)
        name = f"{found.first_name} {found.last_name}"
        _decide(context, session, found, (False, reason))
    say(f"member {found.id} ({name}) refused")


def _waiting(session: Session, named: str) -> Member:
    """The pending member who is named, or whose request is.

    A bare number is a request's only where no member has that id: a command that is given
    twice must not accept somebody else.
    """
    from community_store.errors import NotFound

    wanted = named.strip().lower()
    try:
        found = _of_request(session, wanted) if wanted.startswith("ref:") else None
        found = found or member_named(session, named)
    except NotFound:
        found = _of_request(session, wanted)
    if found is None:
        raise CommandError(f"no open request {named!r}: see `tocsin request list`")
    if found.state != "pending":
        raise CommandError(f"member {found.id} is {found.state}, not pending")
    return found


def _of_request(session: Session, wanted: str) -> Member | None:
    from dispatch import requests

    ref = wanted.removeprefix("ref:").strip()
    return requests.waiting_member(session, int(ref)) if ref.isdecimal() else None


def _decide(context: Context, session: Session, member: Member, decision: tuple[bool, str]) -> None:
    from community_store.columns import utcnow
    from dispatch import requests
    from dispatch.act import Act

    accept, reason = decision
    act = Act(session, context.settings, utcnow())
    if not requests.decide_for(act, member, accept=accept, by="operator", reason=reason):
        raise CommandError(f"the request of member {member.id} was decided a moment ago")
