"""A small fictional world to send in: towns, neighbours, numbers, and their phones."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import SQLModel, col, select

from community_store import boundaries
from community_store.columns import utcnow
from community_store.models import (
    Agent,
    Alert,
    Attempt,
    Community,
    Delivery,
    GatewayPause,
    GazetteDigest,
    InboundText,
    Member,
    MemberState,
    Mute,
    Notice,
    Number,
    NumberKind,
    Stop,
    Topic,
    Town,
    Twinning,
    Wording,
)
from community_store.store import Store
from config import Settings
from dispatch import alerts, arrivals, claiming, inbound, outbox, pump, settlement
from dispatch.act import Act
from dispatch.alerts import Raised, Told
from dispatch.audience import Heard
from dispatch.outbox import Claimed, Lane
from dispatch.pace import Grant, Wait
from dispatch.runtime import MAIL, Runtime, build_providers, connect_redis
from gateway.contract import Accepted, Channel, Inbound, SendError
from gateway.providers.maildir import Maildir, read_folder
from gateway.providers.simulator import Simulator
from tests.community_store.ground import square

INSEE = "38185"
NUMBER = "38000"
TERMS = settlement.Terms(quiet=60, ask_after=600)


@dataclass
class Clock:
    """An instant that only moves when the test says so."""

    now: datetime = field(default_factory=utcnow)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


class FreeSlots:
    """Slots without limit: for tests that are not about pace."""

    def reserve(self, key: str, rate: float, wanted: int) -> Grant | Wait:
        return Grant(asyncio.get_running_loop().time(), wanted, 1 / rate, "")

    def give_back(self, key: str, grant: Grant, unused: int) -> None:
        """Nothing was taken."""


@dataclass
class World:
    """A runtime on a real database and a real Valkey, and short ways to fill it."""

    runtime: Runtime
    clock: Clock
    _texts: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _people: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _homes: Iterator[int] = field(default_factory=itertools.count)

    @property
    def store(self) -> Store:
        return self.runtime.store

    @property
    def settings(self) -> Settings:
        return self.runtime.settings

    # who and where

    def add(self, *rows: SQLModel) -> None:
        with self.store.begin() as session:
            for row in rows:
                session.add(row)

    def town(self, insee: str = INSEE, *, subscribed: bool = False, **more: Any) -> Town:
        town = Town(insee=insee, name=f"Ville {insee}", subscribed=subscribed, **more)
        self.add(town)
        return town

    def community(self, name: str = "Les Lilas", insee: str = INSEE, **more: Any) -> int:
        """The id of a new community, in a town that is made when it is not there."""
        with self.store.begin() as session:
            if session.get(Town, insee) is None:
                session.add(Town(insee=insee, name=f"Ville {insee}"))
                session.flush()
            home = Community(
                name=name, town_insee=insee, boundary=square(next(self._homes)), area_ha=20, **more
            )
            session.add(home)
            session.flush()
            boundaries.occupy(session, _id(home), home.boundary)
            return _id(home)

    def person(self, community: int | None, **more: Any) -> Member:
        """An active member, not yet added, with a mobile of their own unless told otherwise."""
        n = next(self._people)
        values: dict[str, Any] = {
            "first_name": "Ana", "last_name": f"Voisin{n}", "mobile": mobile(n), "email": None,
            "address": f"{n} rue des Lilas, 38000 Grenoble", "pseudonym": f"Mésange {n}",
            "state": MemberState.ACTIVE, "community_id": community,
        } | more  # fmt: skip
        return Member(**values)

    def member(self, community: int | None, **more: Any) -> Member:
        member = self.person(community, **more)
        self.add(member)
        return member

    def members(self, community: int, count: int, **more: Any) -> list[Member]:
        return [self.member(community, **more) for _ in range(count)]

    def agent(self, insee: str = INSEE, **more: Any) -> Agent:
        n = next(self._people)
        values: dict[str, Any] = {
            "town_insee": insee, "name": f"Agent {n}", "mobile": mobile(n), "email": None,
        } | more  # fmt: skip
        agent = Agent(**values)
        self.add(agent)
        return agent

    def twin(self, one: int, other: int) -> None:
        self.add(Twinning(a_id=min(one, other), b_id=max(one, other)))

    def number(self, value: str = NUMBER, **more: Any) -> Number:
        values: dict[str, Any] = {
            "value": value, "gateway": "sim", "kind": NumberKind.SHORT, "rate": 1000.0,
            "is_default": True,
        } | more  # fmt: skip
        number = Number(**values)
        self.add(number)
        return number

    def stop(self, address: str, channel: Channel = Channel.SMS) -> None:
        self.add(Stop(address=address, channel=channel))

    def mute(self, member: Member, topic: Topic, channel: Channel) -> None:
        self.add(Mute(member_id=_id(member), topic=topic, channel=channel))

    # what happens

    @contextmanager
    def act(self) -> Iterator[Act]:
        with self.store.begin() as session:
            yield Act(session, self.settings, self.clock())

    def raised(self, author: Member, text: str = "Camionnette suspecte") -> Alert:
        return self.raise_alert(author, text).alert

    def raise_alert(self, author: Member, text: str = "Camionnette suspecte") -> Raised:
        with self.act() as act:
            found = act.session.get(Member, author.id)
            assert found is not None
            return alerts.raise_resident(act, found, Told(text))

    def heard(self, author: Member) -> Heard:
        return self.raise_alert(author).heard

    def arrives(self, sender: str, text: str, **more: Any) -> int:
        """A text comes in; its row's id."""
        values = {"id": f"in{next(self._texts)}", "to": NUMBER, "sent_at": None} | more
        with self.store.begin() as session:
            text_in = Inbound(values["id"], sender, values["to"], text, values["sent_at"])
            row = arrivals.store(
                session.connection(), values.get("gateway", "sim"), text_in, self.clock()
            )
        assert row is not None
        return row

    def text(self, sender: str, text: str, **more: Any) -> str:
        """A text comes in and is read; its outcome."""
        return inbound.read(self.runtime, self.arrives(sender, text, **more))

    def pump(self, seconds: float = 10.0) -> pump.Pumped:
        return pump.run(self.runtime, FreeSlots(), seconds)

    def claim(
        self, number: Number | None = None, segments: int = 100, *, lease: float = 30
    ) -> list[Claimed]:
        """What may leave by a number (e-mail without one)."""
        lane = Lane(number.gateway, number.id) if number else Lane(MAIL, None, Channel.EMAIL)
        terms = outbox.Terms(self.runtime.worker, lease, self.clock())
        with self.store.begin() as session:
            return claiming.claim(session, lane, segments, terms)

    def settle(self, claimed: Claimed, outcome: Accepted | SendError) -> None:
        with self.store.begin() as session:
            settled = settlement.Settled(claimed, outcome, self.clock(), TERMS)
            settlement.settle(session, [settled])

    # what there is

    def rows(self, kind: type[Any], **where: Any) -> list[Any]:
        with self.store.read() as session:
            query = select(kind).order_by(col(_key(kind)))
            return list(session.exec(query.filter_by(**where)).all())

    def deliveries(self, **where: Any) -> list[Delivery]:
        return self.rows(Delivery, **where)

    def deliveries_of(self, alert: Alert) -> list[Delivery]:
        return self.deliveries(alert_id=alert.id)

    def delivery(self, **where: Any) -> Delivery:
        (only,) = self.deliveries(**where)
        return only

    def told(self, channel: Channel, alert: Alert) -> set[str]:
        """The addresses that an alert is for."""
        found = self.deliveries(alert_id=alert.id, channel=channel)
        assert len({row.address for row in found}) == len(found)
        return {row.address for row in found}

    def said(self, delivery: Delivery) -> Wording:
        (wording,) = self.rows(Wording, id=delivery.wording_id)
        assert isinstance(wording, Wording)
        return wording

    def answers(self, address: str) -> list[str]:
        """The kinds of the answers and notices queued for an address, oldest first."""
        with self.store.read() as session:
            return list(
                session.exec(
                    select(Notice.kind)
                    .join(Delivery, col(Delivery.notice_id) == col(Notice.id))
                    .where(Delivery.address == address, Delivery.channel == Channel.SMS)
                    .order_by(col(Notice.id))
                )
            )

    def phone(self, e164: str) -> list[str]:
        """The texts that a phone of the simulator received."""
        simulator = self.runtime.providers["sim"]
        assert isinstance(simulator, Simulator)
        return [m["text"] for m in simulator.phones.messages(e164) if m["direction"] == "in"]

    def mails(self) -> list[dict[str, str]]:
        maildir = self.runtime.providers[MAIL]
        assert isinstance(maildir, Maildir)
        return read_folder(maildir.folder)

    def inbound(self, row: int) -> InboundText:
        (found,) = self.rows(InboundText, id=row)
        assert isinstance(found, InboundText)
        return found

    def alert_of(self, delivery: int) -> Alert:
        (found,) = self.rows(Alert, id=self.delivery(id=delivery).alert_id)
        assert isinstance(found, Alert)
        return found

    def member_of(self, delivery: int) -> Member:
        (found,) = self.rows(Member, id=self.delivery(id=delivery).member_id)
        assert isinstance(found, Member)
        return found

    def change(self, row: Any, **values: Any) -> None:
        """Change columns of a row as it stands in the database."""
        with self.store.begin() as session:
            found = session.get(type(row), row.model_dump()[_key(type(row)).key])
            assert found is not None
            for name, value in values.items():
                setattr(found, name, value)

    def delete(self, row: Any) -> None:
        with self.store.begin() as session:
            session.delete(session.merge(row))

    def with_providers(self, **providers: Any) -> World:
        """The same world behind other gateways."""
        runtime = replace(self.runtime, providers={**self.runtime.providers, **providers})
        return replace(self, runtime=runtime)


def _id(row: Any) -> int:
    assert isinstance(row.id, int)
    return row.id


def _key(kind: type[Any]) -> Any:
    names: dict[Any, str] = {
        GatewayPause: "gateway",
        Mute: "member_id",
        Stop: "address",
        Town: "insee",
        Attempt: "delivery_id",
        GazetteDigest: "member_id",
    }
    return getattr(kind, names.get(kind, "id"))


def mobile(n: int) -> str:
    """The n-th number of those kept for fiction."""
    return f"+3363998{n:04}"


def settings(data_dir: Path, **sections: Any) -> Settings:
    told: dict[str, Any] = {
        "service": {"data_dir": data_dir, "site": "https://tocsin.example", "secret_key": "k" * 32},
        "gateway": {"sim": {"type": "simulator"}},
    } | sections
    return Settings(**told)


@contextmanager
def make_world(store: Store, redis_url: str, data_dir: Path, **sections: Any) -> Iterator[World]:
    """A world of its own folder; `sections` are those of config.toml."""
    sections = {"redis": {"url": redis_url}} | sections
    chosen, clock = settings(data_dir, **sections), Clock()
    redis = connect_redis(redis_url)
    world = World(Runtime(chosen, store, redis, build_providers(chosen), clock), clock)
    yield world
    redis.close()
    asyncio.run(world.runtime.providers["sim"].close())


def at(hour: int, minute: int = 0) -> datetime:
    """An instant of one winter's day, UTC."""
    return datetime(2026, 11, 24, hour, minute, tzinfo=UTC)


def addresses(people: Iterable[Member | Agent]) -> set[str]:
    return {person.mobile for person in people if person.mobile}
