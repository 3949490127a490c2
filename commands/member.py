"""`tocsin member`: people and their accounts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from commands.context import AsJson, Context, emit, of, say
from commands.reading import community_named, e164, member_named

if TYPE_CHECKING:
    from sqlmodel import Session

    from community_store.models import Member
    from dispatch.act import Act

app = typer.Typer(no_args_is_help=True, help="People and their accounts.")
Named = Annotated[
    str, typer.Argument(metavar="MEMBER", help="id, or name, number or e-mail where unique")
]
State = Literal["pending", "active", "suspended", "closed"]
COLUMNS = (
    "id", "first_name", "last_name", "state", "community", "referent", "mobile", "landline",
    "email",
)  # fmt: skip


@app.command()
def add(  # one option for each column of interfaces.md
    ctx: typer.Context,
    *,
    first_name: Annotated[str, typer.Option()],
    last_name: Annotated[str, typer.Option()],
    address: Annotated[str, typer.Option()],
    lat: Annotated[float, typer.Option(help="degrees, WGS 84")],
    lon: Annotated[float, typer.Option(help="degrees, WGS 84")],
    mobile: Annotated[str, typer.Option(help="06 39 98 00 01 or +33639980001")] = "",
    landline: Annotated[str, typer.Option()] = "",
    email: Annotated[str, typer.Option()] = "",
    community: Annotated[
        str, typer.Option(help="id or name; left out: the one whose boundary holds the home")
    ] = "",
    active: Annotated[bool, typer.Option("--active", help="the home is vouched for")] = False,
    referent: Annotated[bool, typer.Option("--referent")] = False,
    hide_mobile: Annotated[bool, typer.Option("--hide-mobile")] = False,
    hide_landline: Annotated[bool, typer.Option("--hide-landline")] = False,
    pseudonym: Annotated[str, typer.Option(help="left out: chosen at random")] = "",
    language: Annotated[Literal["fr", "en"], typer.Option()] = "fr",
) -> None:
    """Add a member, pending unless --active."""
    from community_store import membership

    new = membership.NewMember(
        first_name=first_name, last_name=last_name, email=email or None, address=address,
        mobile=e164(mobile, "--mobile", mobile=True),
        landline=e164(landline, "--landline", mobile=False),
        lat=lat, lon=lon, active=active, referent=referent, hide_mobile=hide_mobile,
        hide_landline=hide_landline, pseudonym=pseudonym, language=language,
    )  # fmt: skip
    with of(ctx).begin() as session:
        member = membership.register(session, _placed(session, new, community))
        _request(of(ctx), session, member)
        row = _row(member, _community_name(session, member))
    say(f"member {member.id} added: {member.state}, {row['community'] or 'in no community'}")


def _request(context: Context, session: Session, member: Member) -> None:
    """A pending member's request goes to whoever vouches for homes there."""
    from dispatch import requests

    if member.state == "pending":
        requests.ask(_act(context, session), member)


def _act(context: Context, session: Session) -> Act:
    from community_store.columns import utcnow
    from dispatch.act import Act

    return Act(session, context.settings, utcnow())


def _placed(session: Session, new: Any, community: str) -> Any:
    from dataclasses import replace

    return replace(new, community_id=community_named(session, community).id) if community else new


@app.command()
def place(
    ctx: typer.Context,
    member: Named,
    *,
    lat: Annotated[float, typer.Option(help="degrees, WGS 84")],
    lon: Annotated[float, typer.Option(help="degrees, WGS 84")],
    address: Annotated[str, typer.Option(help="left out: it stays")] = "",
) -> None:
    """Put a home on the map. Of no community, the member joins the one around it."""
    from dispatch import placing

    with of(ctx).begin() as session:
        found = member_named(session, member)
        placing.by_team(_act(of(ctx), session), found, placing.Home(address, lat, lon))
        name = _community_name(session, found)
    say(f"member {found.id} has a place: {found.state}, {name or 'in no community'}")


@app.command("list")
def list_(
    ctx: typer.Context,
    community: Annotated[str, typer.Option(help="only those of one community")] = "",
    state: Annotated[State | None, typer.Option()] = None,
    as_json: AsJson = False,
) -> None:
    """List the members."""
    from community_store import membership

    with of(ctx).read() as session:
        home = community_named(session, community).id if community else None
        listed = membership.list_all(session, community_id=home, state=state)
        emit((_row(*one) for one in listed), as_json=as_json, columns=COLUMNS)


@app.command()
def show(ctx: typer.Context, member: Named, as_json: AsJson = False) -> None:
    """Show a member."""
    with of(ctx).read() as session:
        found = member_named(session, member)
        emit(_row(found, _community_name(session, found)), as_json=as_json)


@app.command()
def activate(ctx: typer.Context, member: Named) -> None:
    """The home is vouched for, or a suspension ends."""
    from community_store import membership

    with of(ctx).begin() as session:
        found = member_named(session, member)
        if not _accepted(of(ctx), session, found):
            membership.activate(session, found)
    say(f"member {found.id} is active")


def _accepted(context: Context, session: Session, member: Member) -> bool:
    """A pending member is told that they are active, as by `tocsin request accept`."""
    from dispatch import requests

    return member.state == "pending" and requests.decide_for(
        _act(context, session), member, accept=True, by="operator"
    )


@app.command()
def suspend(
    ctx: typer.Context,
    member: Named,
    why: Annotated[str, typer.Option("--why", help="What the member is shown.")] = "",
) -> None:
    """The member neither sends nor receives until activated again."""
    from community_store import membership

    with of(ctx).begin() as session:
        found = member_named(session, member)
        membership.suspend(session, found, why=why)
    say(f"member {found.id} is suspended")


@app.command()
def referent(
    ctx: typer.Context,
    member: Named,
    off: Annotated[bool, typer.Option("--off", help="no longer")] = False,
) -> None:
    """Make a member coordinator of their community, or no longer with --off."""
    from community_store import membership

    with of(ctx).begin() as session:
        found = member_named(session, member)
        membership.set_referent(session, found, referent=not off)
    say(f"member {found.id} is {'no longer référent' if off else 'référent'}")


@app.command("drop-number")
def drop_number(
    ctx: typer.Context,
    member: Named,
    which: Annotated[Literal["mobile", "landline"], typer.Argument()],
) -> None:
    """Take a number off an account: it is another person's now. The last contact stays."""
    from dispatch import number_change
    from gateway.numbers import Kind

    with of(ctx).begin() as session:
        found = member_named(session, member)
        number_change.remove(_act(of(ctx), session), found, Kind(which))
    say(f"member {found.id} has no {which} any more")


@app.command()
def remove(ctx: typer.Context, member: Named) -> None:
    """Close an account: everything personal is erased, as with `erase`."""
    _close(ctx, member)


@app.command()
def erase(ctx: typer.Context, member: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Erase everything personal of a member; the facts of alerts stay, without a name."""
    _close(ctx, member)


def _close(ctx: typer.Context, named: str) -> None:
    from community_store import membership

    with of(ctx).begin() as session:
        found = member_named(session, named)
        membership.close(session, found)
    say(f"member {found.id} is closed and erased")


@app.command("export-data")
def export_data(ctx: typer.Context, member: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Print all that is held on a member, as JSON."""
    from community_store import personal_data

    with of(ctx).read() as session:
        emit(personal_data.export(session, member_named(session, member)), as_json=True)


@app.command("import")
def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.csv")],
    all_or_nothing: Annotated[
        bool, typer.Option("--all-or-nothing", help="add none when a row is bad")
    ] = False,
) -> None:
    """Add the members of a CSV file; bad rows are named by their line."""
    from commands.member_import import import_members

    import_members(of(ctx), file, all_or_nothing=all_or_nothing)


@app.command()
def export(
    ctx: typer.Context, file: Annotated[Path | None, typer.Argument(metavar="[FILE.csv]")] = None
) -> None:
    """Write the members as CSV, to a file or standard output."""
    import sys

    from community_store import members_csv

    with of(ctx).read() as session:
        if file is None:
            members_csv.export(session, sys.stdout)
            return
        with file.open("w", encoding="utf-8", newline="") as out:
            count = members_csv.export(session, out)
    say(f"{count} members written to {file}")


def _community_name(session: Session, member: Member) -> str | None:
    from community_store.models import Community

    home = session.get(Community, member.community_id) if member.community_id else None
    return home.name if home else None


def _row(member: Member, community: str | None) -> dict[str, Any]:
    from community_store.visibility import Viewer, visible

    return {
        "id": member.id,
        "first_name": member.first_name,
        "last_name": member.last_name,
        "state": member.state,
        "community": community,
        "community_id": member.community_id,
        "referent": member.referent,
        **visible(member, Viewer.OPERATOR).as_dict(),
        "hide_mobile": member.hide_mobile,
        "hide_landline": member.hide_landline,
        "lat": member.lat,
        "lon": member.lon,
        "language": member.language,
        "created_at": member.created_at.isoformat(),
    }
