"""Which number a message leaves from.

Deliveries are spread over the default numbers by person, so that everybody always sees
the same sender. With no default number, the oldest stands in. What was planned for a paused
number waits for it (interfaces.md); what is planned while it is paused takes another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, case, cast, literal, null
from sqlalchemy import Integer as SqlInteger
from sqlmodel import Session, col, select

from community_store.models import GatewayPause, Number, NumberKind, NumberState
from gateway.contract import Channel

NO_GATEWAY = ""  # deliveries that wait for a first number


@dataclass(frozen=True, slots=True)
class Senders:
    """The numbers that new deliveries leave from, in a fixed order."""

    numbers: Sequence[Number]
    channel: Channel = Channel.SMS

    def price(self, number: Number) -> float:
        """Euros for a segment, or for a call."""
        return number.call_price if self.channel is Channel.VOICE else number.price

    def of(self, person: int) -> Number | None:
        """The number of one person, by their id."""
        return self.numbers[person % len(self.numbers)] if self.numbers else None

    def columns(self, person: ColumnElement[int]) -> tuple[Any, Any, Any]:
        """SQL for (number id, gateway, price a segment or call) of the person with that id."""
        if not self.numbers:
            return cast(null(), SqlInteger), literal(NO_GATEWAY), literal(0.0)
        if len(self.numbers) == 1:
            only = self.numbers[0]
            return literal(only.id), literal(only.gateway), literal(self.price(only))
        turn = person % len(self.numbers)
        return (
            case(*[(turn == i, n.id) for i, n in enumerate(self.numbers)]),
            case(*[(turn == i, n.gateway) for i, n in enumerate(self.numbers)]),
            case(*[(turn == i, self.price(n)) for i, n in enumerate(self.numbers)]),
        )

    @property
    def one_way(self) -> bool:
        """Whether some of them cannot be answered, so that the message names a number."""
        return any(n.kind == NumberKind.SENDER for n in self.numbers)


def senders(session: Session) -> Senders:
    """The default numbers, or the oldest number when none is a default."""
    known = session.exec(select(Number).where(col(Number.sms)).order_by(col(Number.id))).all()
    chosen = [n for n in known if n.is_default] or list(known[:1])
    stopped = _stopped_gateways(session)
    active = [n for n in chosen if n.state == NumberState.ACTIVE and n.gateway not in stopped]
    return Senders(active or chosen)


def callers(session: Session) -> Senders:
    """The default numbers that can call, or the oldest that can. None: nobody is called."""
    known = session.exec(select(Number).where(col(Number.voice)).order_by(col(Number.id))).all()
    chosen = [n for n in known if n.is_default] or list(known[:1])
    stopped = _stopped_gateways(session)
    active = [
        n
        for n in chosen
        if n.state == NumberState.ACTIVE and not n.calls_paused and n.gateway not in stopped
    ]
    return Senders(active or chosen, Channel.VOICE)


def _stopped_gateways(session: Session) -> set[str]:
    return set(session.exec(select(GatewayPause.gateway)))


def answerable(session: Session) -> str:
    """The number to text, as printed in messages from one-way senders; "" for none."""
    two_way = session.exec(
        select(Number)
        .where(col(Number.kind) != NumberKind.SENDER, col(Number.sms))
        .order_by(col(Number.is_default).desc(), col(Number.id))
    ).first()
    return two_way.value if two_way else ""


def texted(session: Session, value: str) -> Number | None:
    """The number that a phone texted, to answer from; None when it is not ours."""
    return session.exec(select(Number).where(col(Number.value) == value)).first()
