"""Which number a message leaves from.

Deliveries are spread over the default numbers by person, so that everybody always sees
the same sender. With no default number, the oldest stands in. What was planned for a paused
number waits for it (interfaces.md); what is planned while it is paused takes another.
While a gateway fails (health.py), a part of its numbers' people get a number elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, case, cast, event, literal, null, or_
from sqlalchemy import Integer as SqlInteger
from sqlalchemy.orm import Session as OrmSession
from sqlmodel import Session, col, select

from community_store.models import GatewayPause, Number, NumberKind, NumberState
from dispatch import health
from dispatch.outbox import Lane
from gateway.contract import Channel

ROSTER = "tocsin_numbers"  # where a session keeps what it read of them
NO_GATEWAY = ""  # deliveries that wait for a first number


PARTS = 1000  # into which the people of a number are divided, to move some of them


def chosen(person: Any, share: float) -> ColumnElement[bool]:
    """SQL: whether one of a number's people is among the `share` (0 to 1) moved away."""
    return cast(person, BigInteger) * SPREAD % PARTS < round(share * PARTS)


SPREAD = 7919  # a prime: neighbours by id are not moved together


@dataclass(frozen=True, slots=True)
class Away:
    """While a number fails: the part of its people who are moved, and the numbers they get."""

    share: float
    others: Sequence[Number]

    def takes(self, person: int) -> bool:
        return person * SPREAD % PARTS < round(self.share * PARTS)


@dataclass(frozen=True, slots=True)
class Senders:
    """The numbers that new deliveries leave from, in a fixed order; `away` by number's id."""

    numbers: Sequence[Number]
    channel: Channel = Channel.SMS
    away: Mapping[int | None, Away] = field(default_factory=dict)

    def price(self, number: Number) -> float:
        """Euros for a segment, or for a call."""
        return number.call_price if self.channel is Channel.VOICE else number.price

    def usual(self, person: int) -> Number | None:
        """The number of one person, by their id, when all is well."""
        return self.numbers[person % len(self.numbers)] if self.numbers else None

    def of(self, person: int) -> Number | None:
        """The number of one person, by their id."""
        usual = self.usual(person)
        away = self.away.get(usual.id) if usual else None
        if away is None or not away.takes(person):
            return usual
        return away.others[person % len(away.others)]

    def columns(self, person: ColumnElement[int]) -> tuple[Any, Any, Any]:
        """SQL for (number id, gateway, price a segment or call) of the person with that id."""
        if not self.numbers:
            return cast(null(), SqlInteger), literal(NO_GATEWAY), literal(0.0)
        cases = [(when, number) for when, number in self._cases(person)]
        if len(cases) == 1:
            only = self.numbers[0]
            return literal(only.id), literal(only.gateway), literal(self.price(only))
        return (
            case(*[(when, literal(n.id)) for when, n in cases]),
            case(*[(when, literal(n.gateway)) for when, n in cases]),
            case(*[(when, literal(self.price(n))) for when, n in cases]),
        )

    def _cases(self, person: ColumnElement[int]) -> Iterator[tuple[ColumnElement[bool], Number]]:
        turn = person % len(self.numbers)
        for i, number in enumerate(self.numbers):
            if away := self.away.get(number.id):
                moves = and_(turn == i, chosen(person, away.share))
                for j, other in enumerate(away.others):
                    yield and_(moves, person % len(away.others) == j), other
            yield turn == i, number

    def moved(self, person: Any, number: Any) -> Any:
        """SQL: whether somebody gets another number than the usual; None when nobody does."""
        if not self.away:
            return None
        turn = person % len(self.numbers)
        return or_(*[and_(turn == i, number != n.id) for i, n in enumerate(self.numbers)])

    @property
    def one_way(self) -> bool:
        """Whether some of them cannot be answered, so that the message names a number."""
        return any(n.kind == NumberKind.SENDER for n in self.numbers)


def senders(session: Session, now: datetime | None = None) -> Senders:
    """The default numbers, or the oldest number when none is a default.

    With `now` (UTC), people of failing numbers are spread over those that are well.
    """
    return _choose(session, Channel.SMS, now)


def callers(session: Session, now: datetime | None = None) -> Senders:
    """The default numbers that can call, or the oldest that can. None: nobody is called."""
    return _choose(session, Channel.VOICE, now)


def _choose(session: Session, channel: Channel, now: datetime | None) -> Senders:
    known = _able(session, channel)
    chosen_ = [n for n in known if n.is_default] or known[:1]
    active = _active(session, channel, chosen_)
    away = _away(session, channel, now) if now and len(known) > 1 else {}
    return Senders(active or chosen_, channel, away)


@dataclass(frozen=True, slots=True)
class _Roster:
    """All numbers by age, and the gateways that are paused."""

    numbers: Sequence[Number]
    stopped: frozenset[str]


def _roster(session: Session) -> _Roster:
    """As this transaction found it: an alert asks for its numbers a dozen times."""
    known: _Roster | None = session.info.get(ROSTER)
    if known is None:
        numbers = session.exec(select(Number).order_by(col(Number.id))).all()
        stopped = frozenset(session.exec(select(GatewayPause.gateway)))
        known = session.info[ROSTER] = _Roster(numbers, stopped)
    return known


@event.listens_for(Session, "after_flush")
def _forget_changed(session: OrmSession, _context: object) -> None:
    changed = chain(session.new, session.dirty, session.deleted)
    if ROSTER in session.info and any(isinstance(one, Number | GatewayPause) for one in changed):
        _forget(session)


@event.listens_for(Session, "after_commit")
@event.listens_for(Session, "after_rollback")
def _forget(session: OrmSession) -> None:
    session.info.pop(ROSTER, None)


def _able(session: Session, channel: Channel) -> list[Number]:
    voice = channel is Channel.VOICE
    return [n for n in _roster(session).numbers if (n.voice if voice else n.sms)]


def _active(session: Session, channel: Channel, among: Sequence[Number]) -> list[Number]:
    stopped = _roster(session).stopped
    return [
        n
        for n in among
        if n.state == NumberState.ACTIVE
        and n.gateway not in stopped
        and not (channel is Channel.VOICE and n.calls_paused)
    ]


def _away(session: Session, channel: Channel, now: datetime) -> dict[int | None, Away]:
    shares = health.failing(session, now)
    away = {
        lane.number_id: Away(share, substitutes(session, lane, now))
        for lane, share in shares.items()
        if lane.channel == channel
    }
    return {number: moved for number, moved in away.items() if moved.others}


def substitutes(session: Session, lane: Lane, now: datetime) -> list[Number]:
    """The numbers that are well at other gateways: default ones, or else whichever there is."""
    channel = Channel(lane.channel)
    ill = {failing.number_id for failing in health.failing(session, now)}
    well = [
        n
        for n in _active(session, channel, _able(session, channel))
        if n.gateway != lane.gateway and n.id not in ill
    ]
    return [n for n in well if n.is_default] or well


def answerable(session: Session) -> str:
    """The number to text, as printed in messages from one-way senders; "" for none."""
    two_way = [n for n in _roster(session).numbers if n.sms and n.kind != NumberKind.SENDER]
    two_way.sort(key=lambda number: not number.is_default)
    return two_way[0].value if two_way else ""


def texted(session: Session, value: str) -> Number | None:
    """Our number with this value, to answer from; None when it is not ours."""
    return next((n for n in _roster(session).numbers if n.value == value), None)
