"""The lanes that have something due, and may send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, exists, false, func, or_, select
from sqlmodel import Session, col

from community_store.columns import UtcDateTime
from community_store.models import Delivery, GatewayPause, Number, NumberState
from community_store.models import DeliveryState as State
from dispatch.outbox import Lane
from dispatch.runtime import MAIL, PUSH
from gateway.contract import Channel


@dataclass(frozen=True, slots=True)
class OpenLane:
    """A lane with something due. `sender` is "" where there is no number, `rate` segments,
    calls or messages a second.
    """

    lane: Lane
    sender: str
    rate: float


@dataclass(frozen=True, slots=True)
class Stopped:
    """The gateways, numbers and calling numbers that may not send at this instant."""

    gateways: frozenset[str]
    numbers: frozenset[int | None]
    silent: frozenset[int | None]

    def __call__(self, lane: Lane) -> bool:
        calls = lane.channel == Channel.VOICE and lane.number_id in self.silent
        return lane.gateway in self.gateways or lane.number_id in self.numbers or calls


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at the lanes found."""

    lanes: list[OpenLane]
    stopped: Stopped


# asked for forty times a second: built once, which is most of what asking costs
NOW = bindparam("now", type_=UtcDateTime())


def _is_due(channel: Channel) -> ColumnElement[bool]:
    return exists().where(
        col(Delivery.gateway) == col(Number.gateway),
        col(Delivery.number_id) == col(Number.id),
        col(Delivery.channel) == channel.value,
        col(Delivery.state) == State.QUEUED.value,
        col(Delivery.due_at) <= NOW,
    )


NUMBERS = select(
    col(Number.id), col(Number.gateway), col(Number.value), col(Number.rate),
    col(Number.call_rate), col(Number.voice), col(Number.calls_paused),
    or_(
        col(Number.state) != NumberState.ACTIVE.value,
        func.coalesce(col(Number.backoff_until) > NOW, false()),
    ).label("rests"),
    _is_due(Channel.SMS).label("texts"),
    _is_due(Channel.VOICE).label("calls"),
)  # fmt: skip
PAUSED = select(col(GatewayPause.gateway))
NUMBERLESS = {MAIL: Channel.EMAIL, PUSH: Channel.PUSH}
NUMBERLESS_DUE = select(
    *[
        exists()
        .where(
            col(Delivery.gateway) == gateway,
            col(Delivery.number_id).is_(None),
            col(Delivery.channel) == channel.value,
            col(Delivery.state) == State.QUEUED.value,
            col(Delivery.due_at) <= NOW,
        )
        .label(gateway)
        for gateway, channel in NUMBERLESS.items()
    ]
)


def look(session: Session, rates: Mapping[str, float], now: datetime) -> Found:
    """The lanes that have something due and may send, or call, and what may not.

    `rates` are those of the gateways without numbers (dispatch.runtime.rates).
    """
    connection = session.connection()
    numbers = connection.execute(NUMBERS, {"now": now}).all()
    paused = frozenset(connection.scalars(PAUSED))
    found: list[OpenLane] = []
    for row in numbers:
        if row.rests or row.gateway in paused:
            continue
        if row.texts:
            found.append(OpenLane(Lane(row.gateway, row.id, Channel.SMS), row.value, row.rate))
        if row.calls and row.voice and not row.calls_paused:
            lane = Lane(row.gateway, row.id, Channel.VOICE)
            found.append(OpenLane(lane, row.value, row.call_rate))
    due = connection.execute(NUMBERLESS_DUE, {"now": now}).mappings().one()
    found += [
        OpenLane(Lane(gateway, None, channel), "", rates[gateway])
        for gateway, channel in NUMBERLESS.items()
        if due[gateway] and gateway not in paused
    ]
    return Found(
        found,
        Stopped(
            paused,
            frozenset(row.id for row in numbers if row.rests),
            frozenset(row.id for row in numbers if row.calls_paused),
        ),
    )
