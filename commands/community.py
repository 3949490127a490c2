"""`tocsin community`: neighbourhoods, their boundaries and twinnings."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from commands import community_code
from commands.context import AsJson, CommandError, Context, emit, fail, of, progress, say
from commands.reading import community_named, read_bytes

if TYPE_CHECKING:
    from shapely import Polygon
    from sqlmodel import Session

    from community_store.models import Community

app = typer.Typer(no_args_is_help=True, help="Neighbourhoods, boundaries, twinnings.")
Named = Annotated[str, typer.Argument(metavar="COMMUNITY", help="id, or name where unique")]
Mode = Literal["team", "referent", "town"]
AfterHold = Annotated[Literal["release", "drop"], typer.Argument(metavar="release|drop")]
Boundary = Annotated[Path, typer.Option("--boundary", metavar="FILE.geojson")]
app.command("code")(community_code.code)
COLUMNS = ("id", "name", "town", "town_name", "members", "pending", "mode", "area_ha")


@app.command()
def add(
    ctx: typer.Context,
    name: str,
    *,
    town: Annotated[str, typer.Option(metavar="INSEE", help="the town, added before")],
    boundary: Boundary,
    address: Annotated[str, typer.Option()] = "",
    mode: Annotated[Mode, typer.Option(help="who vouches for new members")] = "team",
) -> None:
    """Add a community. Registrants of no community whose home is inside join it."""
    from community_store import communities

    context = of(ctx)
    polygon = _read_boundary(context, boundary)
    new = communities.NewCommunity(name, town, polygon, address, mode)
    with context.begin() as session:
        community = communities.add(session, new, geo=context.settings.geo)
    say(f"community {community.id} ({community.name}) added: {community.area_ha:.2f} ha")


@app.command("list")
def list_(
    ctx: typer.Context,
    town: Annotated[str, typer.Option(metavar="INSEE", help="only those of one town")] = "",
    as_json: AsJson = False,
) -> None:
    """List the communities; `members` counts the active ones."""
    from community_store import communities, towns

    with of(ctx).read() as session:
        insee = towns.find(session, town).insee if town else None
        rows = [_row(*listed) for listed in communities.list_all(session, town=insee)]
    emit(rows, as_json=as_json, columns=COLUMNS)


@app.command()
def show(ctx: typer.Context, community: Named, as_json: AsJson = False) -> None:
    """Show a community."""
    from community_store import communities, twinning

    with of(ctx).read() as session:
        found = community_named(session, community)
        counted = communities.list_all(session, only=found.id)
        twins = twinning.twins(session, found.id or 0)
        more = {
            "address": found.address,
            "twins": [name for _, name in twins],
            "referents": [r.id for r in communities.referents(session, found)],
            "after_hold": found.after_hold,
            "points": len(found.boundary.exterior.coords) - 1,
            "created_at": found.created_at.isoformat(),
        }
        emit(_row(*counted[0]) | more, as_json=as_json)


@app.command()
def rename(ctx: typer.Context, community: Named, name: str) -> None:
    """Rename a community."""
    from community_store import communities

    with of(ctx).begin() as session:
        found = community_named(session, community)
        communities.rename(session, found, name)
    say(f"community {found.id} is now called {found.name}")


@app.command()
def boundary(
    ctx: typer.Context,
    community: Named,
    file: Annotated[Path, typer.Argument(metavar="FILE.geojson")],
    confirm: Annotated[
        bool, typer.Option("--confirm", help="leave the members outside whom it lists")
    ] = False,
) -> None:
    """Give a community another boundary."""
    from community_store import communities

    context = of(ctx)
    polygon = _read_boundary(context, file)
    with context.begin() as session:
        found = community_named(session, community)
        outside = _outside(session, found, polygon) if confirm else ()
        communities.redraw(session, found, polygon, geo=context.settings.geo, outside=outside)
    say(f"community {found.id} ({found.name}) now has {found.area_ha:.2f} ha")


@app.command()
def hold(ctx: typer.Context, community: Named, choice: AfterHold) -> None:
    """Choose what becomes of a held alert that nobody decided in time."""
    from community_store import communities

    with of(ctx).begin() as session:
        found = community_named(session, community)
        communities.choose_after_hold(session, found, choice)
    done = "released" if choice == "release" else "dropped"
    say(f"community {found.id} ({found.name}): alerts that nobody decides in time are {done}")


@app.command()
def remove(
    ctx: typer.Context,
    community: Named,
    with_members: Annotated[
        bool, typer.Option("--with-members", help="its members stay, in no community")
    ] = False,
) -> None:
    """Remove a community; refused while it has members, unless --with-members."""
    from community_store import communities

    with of(ctx).begin() as session:
        found = community_named(session, community)
        count = communities.remove(session, found, with_members=with_members)
    let_go = f"; {count} members are now in none" if count else ""
    say(f"community {found.id} ({found.name}) removed{let_go}")


@app.command()
def twin(ctx: typer.Context, a: Named, b: Named) -> None:
    """Twin two communities."""
    from community_store import twinning

    context = of(ctx)
    with context.begin() as session:
        first, second = community_named(session, a), community_named(session, b)
        twinning.twin(session, first, second, geo=context.settings.geo)
    say(f"communities {first.id} ({first.name}) and {second.id} ({second.name}) are twinned")


@app.command()
def untwin(ctx: typer.Context, a: Named, b: Named) -> None:
    """End a twinning."""
    from community_store import twinning

    with of(ctx).begin() as session:
        first, second = community_named(session, a), community_named(session, b)
        if not twinning.untwin(session, first, second):
            raise CommandError(f"communities {first.id} and {second.id} are not twinned")
    say(f"communities {first.id} and {second.id} are no longer twinned")


@app.command("import")
def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.geojson")],
    all_or_nothing: Annotated[bool, typer.Option("--all-or-nothing")] = False,
) -> None:
    """Add the communities of a FeatureCollection; the good ones go in, the others are named."""
    from community_store import communities_geojson as files

    context = of(ctx)
    store = context.open_store_checked()
    features = files.read(read_bytes(file, files.MAX_BYTES))
    if all_or_nothing:
        with store.begin() as session:
            bad = _import(context, session, features)
            if bad:
                session.rollback()
    else:
        with store.begin() as session:
            bad = _import(context, session, features)
    added = 0 if all_or_nothing and bad else len(features) - len(bad)
    say(f"{added} communities added")
    _end_import(bad, len(features))


def _import(context: Context, session: Session, features: list[Any]) -> list[str]:
    """Add what can be added; one line for each feature that cannot."""
    from community_store import communities
    from community_store import communities_geojson as files
    from community_store.errors import RuleError

    bad = []
    with progress() as bar:
        for n, feature in enumerate(bar.track(features, description="communities"), start=1):
            try:
                new = files.community_of(feature, points_max=context.settings.geo.points_max)
                with session.begin_nested():
                    communities.add(session, new, geo=context.settings.geo)
            except RuleError as error:
                bad.append(f"feature {n}: {error}")
    return bad


def _end_import(bad: list[str], total: int) -> None:
    for line in bad:
        typer.echo(line, err=True)
    if bad:
        fail(f"{len(bad)} of {total} communities were refused")


@app.command()
def export(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE.geojson]")] = None,
) -> None:
    """Write all communities as a FeatureCollection, to a file or standard output."""
    from community_store import communities_geojson as files

    with of(ctx).read() as session:
        lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in files.export(session))
    document = f'{{"type": "FeatureCollection", "features": [\n{lines}\n]}}\n'
    if file is None:
        sys.stdout.write(document)
    else:
        file.write_text(document, encoding="utf-8")


def _read_boundary(context: Context, file: Path) -> Polygon:
    from community_store import geometry

    document = read_bytes(file, geometry.MAX_BYTES)
    try:
        return geometry.read(document, points_max=context.settings.geo.points_max)
    except geometry.BoundaryError as error:
        raise CommandError(f"{file}: {error}") from None


def _outside(session: Session, community: Community, polygon: Polygon) -> list[int]:
    from community_store import boundaries

    return boundaries.left_outside(session, community, polygon)


def _row(community: Community, town_name: str, members: int, pending: int) -> dict[str, Any]:
    return {
        "id": community.id,
        "name": community.name,
        "town": community.town_insee,
        "town_name": town_name,
        "members": members,
        "pending": pending,
        "mode": community.mode,
        "area_ha": community.area_ha,
    }
