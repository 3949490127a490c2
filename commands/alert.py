"""`tocsin alert`: raise, look at, end and withdraw alerts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.context import AsJson, Context, emit, of, say

if TYPE_CHECKING:
    from sqlmodel import Session

    from community_store.models import Alert
    from dispatch.act import Act
    from dispatch.runtime import Runtime

app = typer.Typer(no_args_is_help=True, help="Alerts, by their public reference.")
Ref = Annotated[int, typer.Argument(metavar="REF", help="the alert's reference: 381")]
COLUMNS = ("ref", "community", "town", "author", "text", "state", "created_at")


@app.command("raise")
def raise_(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(metavar="TEXT")],
    member: Annotated[str, typer.Option(help="the author: id, name, number or e-mail")],
    category: Annotated[str, typer.Option(help="cambriolage, vol, disparition...")] = "autre",
) -> None:
    """Raise an alert as a member."""
    from commands.reading import member_named
    from dispatch import alerts
    from dispatch.act import Act

    context = of(ctx)
    runtime = open_(context)
    with context.begin() as session:
        author = member_named(session, member)
        told = alerts.Told(_normal(text), category=_category(category))
        act = Act(session, context.settings, runtime.clock())
        raised = alerts.raise_resident(act, author, told)
    _report(runtime, raised)


@app.command()
def town(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(metavar="TEXT")],
    town: Annotated[str, typer.Option(help="INSEE code")],
    community: Annotated[
        list[str] | None, typer.Option(help="only this community (may be repeated)")
    ] = None,
    category: Annotated[str, typer.Option(help="cambriolage, vol, disparition...")] = "autre",
    urgent: Annotated[bool, typer.Option("--urgent", help="before residents' alerts")] = False,
) -> None:
    """Raise an alert for a subscribed town, or for some of its communities."""
    from community_store import communities, towns
    from community_store.errors import RuleError
    from dispatch import alerts
    from dispatch.act import Act

    context = of(ctx)
    runtime = open_(context)
    with context.begin() as session:
        place = towns.find(session, town)
        chosen = [communities.find(session, name) for name in community or []]
        if strange := [c.name for c in chosen if c.town_insee != place.insee]:
            raise RuleError("other_town", f"{strange[0]} is not in {place.name}")
        told = alerts.Told(_normal(text), category=_category(category))
        ids = tuple(c.id for c in chosen if c.id is not None)
        voice = alerts.TownVoice(communities=ids, urgent=urgent)
        act = Act(session, context.settings, runtime.clock())
        raised = alerts.raise_town(act, place, told, voice)
    _report(runtime, raised)


@app.command("list")
def list_(
    ctx: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="the newest so many")] = 100,
    as_json: AsJson = False,
) -> None:
    """List the newest alerts."""
    from sqlmodel import col, select

    from community_store.models import Alert

    with of(ctx).read() as session:
        found = session.exec(select(Alert).order_by(col(Alert.id).desc()).limit(limit))
        emit([_row(session, alert) for alert in found], as_json=as_json, columns=COLUMNS)


@app.command()
def show(ctx: typer.Context, ref: Ref, as_json: AsJson = False) -> None:
    """Show an alert, what became of its deliveries, and whom it did not reach."""
    from dispatch import alerts, tally

    with of(ctx).read() as session:
        alert = alerts.find(session, ref)
        row = _row(session, alert) | {
            "category": alert.category,
            "kind": alert.kind,
            "expires_at": alert.expires_at.isoformat(),
            "held_until": alert.held_until.isoformat() if alert.held_until else None,
            "acknowledged": alert.acknowledged,
            "called": alert.called,
            "replies": tally.replies(session, ref),
            "cost": tally.cost(session, ref),
            "deliveries": tally.by_channel(session, ref),
            "not_reached": _not_reached(session, alert, as_json=as_json),
        }
    emit(row, as_json=as_json)


@app.command()
def end(
    ctx: typer.Context,
    ref: Ref,
    text: Annotated[str, typer.Option(help="words to add")] = "",
) -> None:
    """All clear, to exactly those who were told."""
    from dispatch import alerts

    with _acting(of(ctx), ref) as (act, alert):
        count = alerts.end(act, alert, text)
    say(f"alert {ref} ended: {count} messages to those who were told")


@app.command()
def withdraw(ctx: typer.Context, ref: Ref) -> None:
    """A false alarm: what is unsent is cancelled, those told are told so."""
    from dispatch import alerts

    with _acting(of(ctx), ref) as (act, alert):
        count = alerts.withdraw(act, alert)
    say(f"alert {ref} withdrawn: {count} messages to those who were told")


@app.command()
def release(ctx: typer.Context, ref: Ref) -> None:
    """Let an alert go that is held because its author or community raised too many."""
    from dispatch import holding

    with _acting(of(ctx), ref) as (act, alert):
        count = holding.release(act, alert)
    say(f"alert {ref} released: {count} messages")


@app.command()
def drop(ctx: typer.Context, ref: Ref) -> None:
    """Refuse a held alert: nobody is told but its author."""
    from dispatch import holding

    with _acting(of(ctx), ref) as (act, alert):
        holding.drop(act, alert)
    say(f"alert {ref} dropped: its author is told")


@contextmanager
def _acting(context: Context, ref: int) -> Iterator[tuple[Act, Alert]]:
    """An alert to do something about, in one transaction; then the pump is woken."""
    from dispatch import alerts
    from dispatch.act import Act

    runtime = open_(context)
    with context.begin() as session:
        yield Act(session, context.settings, runtime.clock()), alerts.find(session, ref)
    _wake(runtime)


def _not_reached(session: Session, alert: Alert, *, as_json: bool) -> Any:
    """Those without the alert: rows for a program, one line each for a person."""
    from dispatch import tally

    missed = tally.not_reached(session, alert)
    if as_json:
        return [
            {"member": one.member_id, "name": one.name, "reason": one.why, "detail": one.detail}
            for one in missed
        ]
    return "\n".join(f"{one.name}: {one.why.replace('_', ' ')}" for one in missed)


def open_(context: Context) -> Runtime:
    """The runtime of the settings, on a database that is up to date."""
    from dispatch.runtime import open_runtime

    context.open_store_checked()
    return open_runtime(context.settings)


def _normal(text: str) -> str:
    from dispatch.reading import normal

    return normal(text)


def _category(text: str) -> Any:
    from community_store.errors import RuleError
    from community_store.models import Category

    try:
        return Category(text)
    except ValueError:
        raise RuleError(
            "category", f"unknown category {text[:30]!r}: one of {', '.join(Category)}"
        ) from None


def _report(runtime: Runtime, raised: Any) -> None:
    _wake(runtime)
    heard, ref = raised.heard, raised.alert.id
    known = " (the same alert as before)" if raised.repeated else ""
    whom = f"{heard.neighbours} neighbours, {heard.twins} of twinned communities, {heard.agents} agents"
    if raised.alert.state == "held":
        say(
            f"alert {ref}{known} is HELD: its author or community raised too many, nobody is told"
            f" yet ({whom}); `tocsin alert release {ref}` or `tocsin alert drop {ref}`"
        )
        return
    say(f"alert {ref}{known}: {whom}")
    if heard.waiting:
        say("no number can send SMS: add one with `tocsin number add`; they wait until then")


def _wake(runtime: Runtime) -> None:
    from dispatch import wake

    if not wake.pump(runtime):
        say("Redis is away: housekeeping sends within seconds, if it runs")
    runtime.close()


def _row(session: Session, alert: Alert) -> dict[str, Any]:
    from community_store.models import Community, Town
    from dispatch.tally import author_name

    community = session.get(Community, alert.community_id) if alert.community_id else None
    town = session.get(Town, alert.town_insee)
    return {
        "ref": alert.id,
        "community": community.name if community else None,
        "town": town.name if town else alert.town_insee,
        "author": author_name(session, alert),
        "text": alert.text,
        "state": alert.state,
        "created_at": alert.created_at.isoformat(),
    }
