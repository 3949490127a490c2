"""`tocsin delivery`: every message, where it stands and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.context import AsJson, emit, of, say

if TYPE_CHECKING:
    from sqlmodel import Session

    from dispatch.story import Story

app = typer.Typer(no_args_is_help=True, help="Messages to one person over one channel.")
COLUMNS = (
    "id",
    "alert",
    "notice",
    "member",
    "channel",
    "to",
    "number",
    "state",
    "attempts",
    "segments",
    "reason",
    "created_at",
    "handed_over_at",
)


@app.command("list")
def list_(
    ctx: typer.Context,
    alert: Annotated[int | None, typer.Option(help="of one alert, by reference")] = None,
    state: Annotated[str | None, typer.Option(help="queued, unknown, failed...")] = None,
    channel: Annotated[str | None, typer.Option(help="sms, email, voice or push")] = None,
    limit: Annotated[int, typer.Option(min=1, help="the newest so many")] = 100_000,
    as_json: AsJson = False,
) -> None:
    """List deliveries, the newest first."""
    wanted = {"alert_id": alert, "state": _known(state), "channel": _channel(channel)}
    with of(ctx).read() as session:
        if alert is not None:
            from dispatch import alerts

            alerts.find(session, alert)
        emit(
            _rows(session, wanted, limit),
            as_json=as_json,
            columns=COLUMNS,
        )


@app.command()
def show(
    ctx: typer.Context,
    delivery: Annotated[int, typer.Argument(metavar="ID")],
    as_json: AsJson = False,
) -> None:
    """Show one delivery with its attempts and receipts."""
    from sqlmodel import col, select

    from community_store.models import Attempt, ReceiptRow
    from dispatch import outbox

    with of(ctx).read() as session:
        outbox.find(session, delivery)
        (row,) = _rows(session, {"id": delivery}, 1)
        attempts = session.exec(
            select(Attempt).where(Attempt.delivery_id == delivery).order_by(col(Attempt.n))
        )
        receipts = session.exec(
            select(ReceiptRow)
            .where(ReceiptRow.delivery_id == delivery)
            .order_by(col(ReceiptRow.id))
        )
        emit(
            row
            | {
                "tries": [_attempt(a) for a in attempts],
                "receipts": [
                    f"{r.received_at.isoformat()} {r.stage} {r.code}".strip() for r in receipts
                ],
            },
            as_json=as_json,
        )


@app.command()
def explain(
    ctx: typer.Context,
    delivery: Annotated[int, typer.Argument(metavar="ID")],
    as_json: AsJson = False,
) -> None:
    """Tell a delivery's whole story in order, in words."""
    from community_store.columns import utcnow
    from dispatch import story
    from dispatch.runtime import build_providers

    traits = {name: each.traits for name, each in build_providers(of(ctx).settings).items()}
    with of(ctx).read() as session:
        told = story.tell(session, delivery, utcnow(), traits=traits)
    if as_json:
        emit(_story(told), as_json=True)
        return
    for event in told.events:
        say(f"{event.at:%Y-%m-%d %H:%M:%S.%f}"[:-3] + f"  {event.text}")
    say(f"now  {told.delivery.state}" + (f"; {told.ahead}" if told.ahead else ""))


def _story(told: Story) -> dict[str, Any]:
    return {
        "id": told.delivery.id,
        "state": told.delivery.state,
        "next": told.ahead,
        "story": [
            {"at": event.at.isoformat(), "event": event.event, "text": event.text}
            for event in told.events
        ],
    }


@app.command()
def retry(ctx: typer.Context, delivery: Annotated[int, typer.Argument(metavar="ID")]) -> None:
    """Send a failed delivery again, while its alert is still worth telling."""
    from commands.alert import open_
    from dispatch import outbox, wake

    context = of(ctx)
    runtime = open_(context)
    with context.begin() as session:
        outbox.retry(session, delivery, runtime.clock())
    wake.pump(runtime)
    runtime.close()
    say(f"delivery {delivery} is queued again")


def _known(state: str | None) -> str | None:
    from community_store.errors import RuleError
    from community_store.models import DeliveryState

    if state is not None and state not in list(DeliveryState):
        raise RuleError("state", f"unknown state {state[:20]!r}: one of {', '.join(DeliveryState)}")
    return state


def _channel(name: str | None) -> str | None:
    from community_store.errors import RuleError
    from gateway.contract import Channel

    if name is not None and name not in list(Channel):
        raise RuleError("channel", f"unknown channel {name[:20]!r}: one of {', '.join(Channel)}")
    return name


def _rows(session: Session, wanted: dict[str, Any], limit: int) -> Iterator[dict[str, Any]]:
    from sqlmodel import col, func, select

    from community_store.models import Attempt, Delivery, Number
    from dispatch.settlement import THROTTLED

    throttled = (
        select(func.count())
        .where(Attempt.delivery_id == Delivery.id, Attempt.outcome == THROTTLED)
        .scalar_subquery()
    )
    query = (
        select(Delivery, Number.value, throttled)
        .outerjoin(Number, col(Number.id) == col(Delivery.number_id))
        .order_by(col(Delivery.id).desc())
        .limit(limit)
    )
    for name, value in wanted.items():
        if value is not None:
            query = query.where(getattr(Delivery, name) == value)
    for delivery, number, free in session.exec(query):
        yield {
            "id": delivery.id,
            "alert": delivery.alert_id,
            "notice": delivery.notice_id,
            "member": delivery.member_id,
            "agent": delivery.agent_id,
            "channel": delivery.channel,
            "to": delivery.address,
            "number": number,
            "gateway": delivery.gateway,
            "state": delivery.state,
            "attempts": delivery.attempts - free,  # throttled costs none (decision 4)
            "segments": delivery.segments,
            "price": delivery.price,
            "reason": delivery.reason,
            "created_at": delivery.created_at.isoformat(),
            "handed_over_at": delivery.handed_over_at.isoformat()
            if delivery.handed_over_at
            else None,
        }


def _attempt(attempt: Any) -> str:
    outcome = attempt.outcome or "no answer noted"
    return " ".join(
        part
        for part in (
            f"{attempt.n}:",
            attempt.started_at.isoformat(),
            outcome,
            attempt.code,
            attempt.reason,
        )
        if part
    )
