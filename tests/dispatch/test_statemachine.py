"""The delivery's whole life in any order of events: nothing lost, nothing twice, only forward.

Real code on a database in memory and a clock that the machine moves; the provider is a
stand-in whose truth is known. `make statemachine` plays 2,000 lives of 50 steps.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from redis import Redis

from community_store.models import Member, Number
from community_store.store import Store, open_store
from dispatch import alerts, claiming, leaving, outbox, receipts, settlement, sweep
from dispatch.outbox import Claimed, Lane
from dispatch.runtime import Runtime, build_providers
from gateway.contract import (
    Accepted,
    NotNow,
    Outbound,
    Receipt,
    Refused,
    SendError,
    Stage,
    Traits,
    Unknown,
)
from tests.dispatch import world as worlds
from tests.dispatch.standin import StandIn
from tests.dispatch.world import NUMBER, TERMS, Clock, World
from tests.rigs.databases import make_schema

LIVES = int(os.environ.get("LIVES", "16"))
STEPS = 50
QUIET = TERMS.quiet
LEASE = 30.0
PATIENCE = 10.0  # seconds that a call lasts at most
TRIES = 3
CARRIER = "elsewhere:1"  # not of this machine, so nobody asks whether it is alive

FINAL = {
    "delivered", "undelivered", "failed", "expired", "suppressed", "cancelled", "no_receipt"
}  # fmt: skip
EVIDENCE = {"accepted", "sent", "delivered", "undelivered", "failed"}
MAY_FOLLOW: dict[str, set[str]] = {
    "queued": {"sending", "expired", "suppressed", "cancelled"} | EVIDENCE,
    "held": {"queued", "expired", "suppressed", "cancelled"},
    "sending": {"queued", "unknown", "suppressed", "expired", "cancelled"} | EVIDENCE,
    "unknown": {"queued", "expired", "no_receipt"} | EVIDENCE,
    "accepted": {"sent", "delivered", "undelivered", "failed", "no_receipt"},
    "sent": {"delivered", "undelivered", "failed", "no_receipt"},
    "no_receipt": {"delivered", "undelivered", "failed"},
    "failed": {"delivered", "undelivered"},
    "undelivered": {"delivered"},
    "delivered": set(),
    "expired": EVIDENCE,
    "suppressed": EVIDENCE,
    "cancelled": EVIDENCE,
}
"""Written down a second time, from architecture.md and R5, not taken from the code.

A step may do two things at once (a sweep doubts and settles): see `_reachable`.
"""


ROWS = """
SELECT d.id, d.state, d.attempts, d.doubts, d.settled_at IS NOT NULL, d.look_at IS NOT NULL,
  d.due_at, d.expires_at, d.alert_id, a.state, n.kind,
  EXISTS (SELECT 1 FROM stop s WHERE s.address = d.address AND s.channel = d.channel),
  (SELECT count(*) FROM attempt t WHERE t.delivery_id = d.id),
  (SELECT coalesce(max(t.n), 0) FROM attempt t WHERE t.delivery_id = d.id)
FROM delivery d LEFT JOIN alert a ON a.id = d.alert_id LEFT JOIN notice n ON n.id = d.notice_id
"""


@dataclass(frozen=True)
class Row:
    """A delivery as plain SQL finds it. `recorded` attempts, the `highest` of their numbers."""

    id: int
    state: str
    attempts: int
    doubts: int
    settled: int
    looked_at: int
    due: str
    expires: str
    alert_id: int | None
    alert_state: str | None
    notice_kind: str | None
    stopped: int
    recorded: int
    highest: int

    @property
    def due_at(self) -> datetime:
        return datetime.fromisoformat(self.due).replace(tzinfo=UTC)

    @property
    def expires_at(self) -> datetime:
        return datetime.fromisoformat(self.expires).replace(tzinfo=UTC)


@dataclass
class Taken:
    """A message that the provider took: when it shows in its list, and how it ends."""

    delivery: int
    attempt: int
    shows: datetime
    end: Stage
    way: tuple[float, float] = (5.0, 20.0)

    @property
    def id(self) -> str:
        return f"P{self.delivery}.{self.attempt}"

    def stage(self, now: datetime) -> Stage:
        since = (now - self.shows).total_seconds()
        if since < self.way[0]:
            return Stage.ACCEPTED
        return Stage.SENT if since < self.way[1] else self.end


@dataclass
class Flight:
    """A claimed delivery: not called yet, or answered and not written back yet."""

    claimed: Claimed
    outcome: Accepted | SendError | None = None
    at: datetime | None = None


@dataclass
class Truth:
    """What the provider knows."""

    clock: Clock
    taken: list[Taken] = field(default_factory=list)
    down: bool = False

    def find(self, message: Outbound) -> Receipt | Exception | None:
        if self.down:
            return Unknown("the list does not answer")
        for one in reversed(self.taken):
            if one.delivery == message.delivery and one.shows <= self.clock():
                return Receipt(one.stage(self.clock()), one.id, message.delivery, message.attempt)
        return None

    def of(self, delivery: int) -> list[Taken]:
        return [one for one in self.taken if one.delivery == delivery]


ANSWERS = st.tuples(
    st.sampled_from(
        ["accept", "accept", "accept", "refuse", "opted_out", "not_now", "throttle",
         "doubt_taken", "doubt_taken_later", "doubt_not_taken", "doubt_not_taken"]
    ),
    st.sampled_from([Stage.DELIVERED, Stage.DELIVERED, Stage.UNDELIVERED, Stage.FAILED]),
    st.floats(0.1, QUIET - 10),
)  # fmt: skip
"""What the provider answers, how the message ends, and how late it shows in the list."""


TIMES = st.sampled_from([0.5, 2.0, 6.0, 6.0, 16.0, 31.0, 61.0, 61.0, 700.0, 8000.0])


class Life(RuleBasedStateMachine):
    """One town, five neighbours, and all that may befall what they are told."""

    def __init__(self) -> None:
        super().__init__()
        self.store, self.raw = _store()
        self.before: dict[int, Row] = {}
        _refill(self.raw)
        self.clock = Clock(worlds.at(12))
        self.truth = Truth(self.clock)
        self.flights: list[Flight] = []
        provider = StandIn(traits=Traits(looks=True, receipts=True), finds=self.truth.find)
        self.world = _world(self.store, self.clock, provider)
        (self.number,) = self.world.rows(Number)
        self.members: list[Member] = self.world.rows(Member)
        self.alerts = self.texts = 0

    def teardown(self) -> None:
        if self.before:
            self._let_end()

    # what happens

    @initialize()
    def a_first_alert(self) -> None:
        self.raise_alert(author=0)

    @precondition(lambda self: self.alerts < 3)
    @rule(author=st.integers(0, 4))
    def raise_alert(self, author: int) -> None:
        self.alerts += 1
        with self.world.act() as act:
            member = act.session.get(Member, self.members[author].id)
            assert member is not None
            alerts.raise_resident(act, member, alerts.Told(f"Camionnette {self.alerts}"))

    @rule(segments=st.integers(1, 5))
    def claim(self, segments: int) -> None:
        self._claim(segments)

    def _claim(self, segments: int) -> list[Flight]:
        known = self._rows()
        terms = outbox.Terms(CARRIER, LEASE, self.clock())
        with self.store.begin() as session:
            batch = claiming.claim(session, Lane("sim", self.number.id), segments, terms)
        for claimed in batch:
            self._may_go(known[claimed.id])
        flights = [Flight(claimed) for claimed in batch]
        self.flights += flights
        return flights

    @rule(data=st.data(), segments=st.integers(1, 5), written=st.booleans())
    def send(self, data: st.DataObject, segments: int, *, written: bool) -> None:
        """What a pump does: claim, call, and write back, or die before it does."""
        flights = self._claim(segments)
        for flight in flights:
            self._call(flight, *data.draw(ANSWERS))
        if written:
            self._write(flights)

    @precondition(lambda self: any(f.outcome is None for f in self.flights))
    @rule(data=st.data(), answer=ANSWERS)
    def call(self, data: st.DataObject, answer: tuple[str, Stage, float]) -> None:
        """The provider is called and answers; nothing is written back yet."""
        flight = data.draw(st.sampled_from([f for f in self.flights if f.outcome is None]))
        if (self.clock() - flight.claimed.started_at).total_seconds() > LEASE - PATIENCE:
            self.flights.remove(flight)  # its process is gone: nobody calls so late
        else:
            self._call(flight, *answer)

    def _call(self, flight: Flight, kind: str, end: Stage, seconds: float) -> None:
        if kind == "accept" or kind.startswith("doubt_taken"):
            later = seconds if kind == "doubt_taken_later" else 0.0
            shows = self.clock() + timedelta(seconds=later)
            self.truth.taken.append(Taken(flight.claimed.id, flight.claimed.attempt, shows, end))
        flight.outcome, flight.at = _answer(kind, flight.claimed), self.clock()

    @precondition(lambda self: any(f.outcome for f in self.flights))
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        """Some answers are written back, in one batch, however late."""
        answered = [f for f in self.flights if f.outcome]
        batch = data.draw(st.lists(st.sampled_from(answered), min_size=1, unique_by=id))
        self._write(batch)

    @precondition(lambda self: self.flights)
    @rule(data=st.data())
    def die(self, data: st.DataObject) -> None:
        """A process ends with some deliveries in its hands, called or not."""
        for flight in data.draw(st.lists(st.sampled_from(self.flights), min_size=1, unique_by=id)):
            self.flights.remove(flight)

    @precondition(lambda self: any(f.outcome is None for f in self.flights))
    @rule(data=st.data())
    def put_away(self, data: st.DataObject) -> None:
        """What nobody was called for goes back: its number was paused, the pump drains."""
        waiting = [f for f in self.flights if f.outcome is None]
        batch = data.draw(st.lists(st.sampled_from(waiting), min_size=1, unique_by=id))
        ends = [(flight.claimed, leaving.BACK) for flight in batch]
        with self.store.begin() as session:
            leaving.undo(session, ends, self.clock())
        for flight in batch:
            self.flights.remove(flight)

    @precondition(lambda self: self.truth.taken)
    @rule(data=st.data(), back=st.integers(0, 2), named=st.booleans(), times=st.integers(1, 2))
    def receipt(self, data: st.DataObject, back: int, named: bool, times: int) -> None:
        """The provider reports: the present stage or an earlier one, once or twice."""
        one = data.draw(st.sampled_from(self.truth.taken))
        stages = [Stage.ACCEPTED, Stage.SENT, one.end]
        here = stages.index(one.stage(self.clock()))
        said = stages[max(0, here - back)]
        ours = (one.delivery, one.attempt) if named else (None, None)
        for _ in range(times):
            with self.store.begin() as session:
                receipts.record(session, "sim", Receipt(said, one.id, *ours), self.clock())

    @rule(seconds=TIMES)
    def tick(self, seconds: float) -> None:
        self.clock.forward(seconds=seconds)

    @rule(seconds=TIMES, down=st.sampled_from([False, False, False, True]))
    def sweep(self, seconds: float, *, down: bool) -> None:
        self.clock.forward(seconds=seconds)
        self.truth.down = down
        sweep.sweep(self.world.runtime)
        self.truth.down = False

    @precondition(lambda self: self.texts < 5)
    @rule(who=st.integers(0, 4), word=st.sampled_from(["STOP", "REPRISE", "FIN", "FAUX"]))
    def text(self, who: int, word: str) -> None:
        """Somebody decides: no more texts, again, my alert is over, my alert was wrong."""
        self.texts += 1
        self.world.text(self.members[who].mobile or "", word)

    # what must hold

    def _may_go(self, row: Row) -> None:
        """R7 and A4: what was forbidden before the claim is never claimed."""
        assert row.state == "queued"
        assert row.expires_at > self.clock()
        assert row.due_at <= self.clock()
        assert row.alert_id is None or row.alert_state in ("open", "expired")
        assert not row.stopped or row.notice_kind == "stopped"

    @invariant()
    def only_forward_and_once(self) -> None:
        now = self._rows()
        for id_, row in now.items():
            was = self.before.get(id_)
            assert was is None or row.state in _reachable(was.state), (was.state, row.state)
            _is_sound(row, self.truth.of(id_))
        self.before = now

    def _rows(self) -> dict[int, Row]:
        """By plain SQL: another eye than that of the code."""
        return {found[0]: Row(*found) for found in self.raw.execute(ROWS)}

    def _let_end(self) -> None:
        """The provider is well from now on: all of it ends, and as it truly was."""
        for _ in range(60):
            self._write([f for f in self.flights if f.outcome])
            self.flights.clear()
            sweep.sweep(self.world.runtime)
            self._claim(100)
            for flight in self.flights:
                shows = self.clock()
                one = Taken(flight.claimed.id, flight.claimed.attempt, shows, Stage.DELIVERED)
                self.truth.taken.append(one)
                flight.outcome, flight.at = _answer("accept", flight.claimed), shows
            self._write(list(self.flights))
            self.only_forward_and_once()
            open_ = [row for row in self.before.values() if row.state not in FINAL]
            if not open_:
                break
            self.clock.forward(seconds=61 if _doubtful(open_) else 4000)
        for row in self.before.values():
            self._ended_as_it_was(row)

    def _ended_as_it_was(self, row: Row) -> None:
        assert row.state in FINAL, f"delivery {row.id} is {row.state} for ever"
        taken = self.truth.of(row.id)
        if taken:
            assert row.state == taken[0].end.value, (row.state, taken[0].end)
        elif row.state == "no_receipt":
            assert row.doubts == TRIES, "given up before three attempts"
        else:
            assert row.state in ("failed", "expired", "suppressed", "cancelled"), row.state

    def _write(self, batch: list[Flight]) -> None:
        done = [
            settlement.Settled(f.claimed, f.outcome, self.clock(), TERMS)
            for f in batch
            if f.outcome is not None
        ]
        if done:
            with self.store.begin() as session:
                settlement.settle(session, done)
        for flight in batch:
            self.flights.remove(flight)


def _is_sound(row: Row, taken: list[Taken]) -> None:
    assert len(taken) <= 1, f"delivery {row.id} was taken {len(taken)} times"
    assert row.attempts == row.recorded == row.highest
    assert row.doubts <= min(row.attempts, TRIES)
    assert row.settled == (row.state in FINAL), row.state
    assert not (row.looked_at and row.state in FINAL), row.state
    assert row.looked_at or row.state in FINAL | {"queued", "held"}, row.state
    if row.state in ("accepted", "sent", "delivered", "undelivered"):
        assert taken, f"delivery {row.id} is {row.state}, and nobody took it"
    if row.state == "delivered":
        assert taken[0].end is Stage.DELIVERED


def _doubtful(rows: list[Row]) -> bool:
    return any(row.state in ("queued", "sending", "unknown") for row in rows)


def _reachable(state: str) -> set[str]:
    """What one step of the machine may make of a state: a sweep may do two things, a batch too."""
    once = {state} | MAY_FOLLOW[state]
    return once | {after for one in once for after in MAY_FOLLOW[one]}


def _answer(kind: str, claimed: Claimed) -> Accepted | SendError:
    answers: dict[str, Accepted | SendError] = {
        "accept": Accepted(f"P{claimed.id}.{claimed.attempt}"),
        "refuse": Refused("no such number", code="21211"),
        "opted_out": Refused("a STOP", code="21610", opted_out=True),
        "not_now": NotNow("refused a connection"),
        "throttle": NotNow("too fast", delay=2, throttled=True),
    }
    return answers.get(kind, Unknown("time-out"))


def _world(store: Store, clock: Clock, provider: StandIn) -> World:
    told = worlds.settings(
        Path(tempfile.gettempdir()),
        alerts={"per_member_hour": 1000, "per_community_hour": 1000, "answers_max": 1000},
    )
    nowhere = Redis(unix_socket_path="/nonexistent")  # only what has been committed is looked at
    providers: Mapping[str, Any] = {**build_providers(told), "sim": provider}
    return World(Runtime(told, store, nowhere, providers, clock), clock)


@cache
def _store() -> tuple[Store, sqlite3.Connection]:
    """A database in memory, one for all lives: its compiled statements are what takes time."""
    store = open_store("sqlite:///:memory:")
    with store.engine.connect() as connection:
        raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    return store, raw


def _refill(raw: sqlite3.Connection) -> None:
    """Five neighbours, and nothing has happened yet."""
    source = sqlite3.connect(":memory:")
    source.deserialize(_settled())
    source.backup(raw)
    source.close()


@cache
def _settled() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/template.db"
        make_schema(url)
        store = open_store(url)
        world = _world(store, Clock(), StandIn())
        world.number(NUMBER)
        world.members(world.community(), 5)
        store.close()
        with sqlite3.connect(f"{folder}/template.db") as source:
            source.execute("PRAGMA journal_mode=DELETE")
            return source.serialize()


class Twin(Life):
    """The same, for another process: `make statemachine` lives two lives at once."""


TestLife, TestTwin = Life.TestCase, Twin.TestCase
TestLife.settings = TestTwin.settings = settings(
    max_examples=LIVES // 2,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
pytestmark = pytest.mark.timeout(3600)
