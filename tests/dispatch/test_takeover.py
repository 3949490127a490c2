"""A second gateway: it takes over while the first fails, gradually, and gives back."""

from __future__ import annotations

from pathlib import Path

import pytest

from community_store import numbers
from community_store.columns import utcnow
from community_store.models import Delivery, GatewayPause, LaneHealth, Member, Number, Step
from community_store.models import DeliveryState as State
from community_store.store import open_store
from dispatch import health, pump, senders, sweep, takeover
from dispatch.outbox import Lane
from gateway.contract import Accepted, Channel, Misconfigured, NotNow, Refused, SendError, Unknown
from tests.dispatch import crew
from tests.dispatch.standin import StandIn
from tests.dispatch.world import FreeSlots, World, make_world
from tests.emulator.client import running_emulator


@pytest.fixture
def two(world: World) -> World:
    """A default number at gateway one, and another at gateway two that is not a default."""
    world = world.with_providers(one=StandIn(name="one"), two=StandIn(name="two"))
    world.number("38001", gateway="one")
    world.number("38002", gateway="two", is_default=False)
    return world


def fell_ill(world: World, badness: float = 1.0, number: int = 1, gateway: str = "one") -> None:
    world.add(
        LaneHealth(
            gateway=gateway, number_id=number, channel="sms", badness=badness, at=world.clock()
        )
    )


def raised(world: World, people: int = 200) -> list[Delivery]:
    author = world.member(world.community())
    world.add(*[world.person(author.community_id) for _ in range(people)])
    world.raised(author)
    return world.deliveries()


def share_at_two(rows: list[Delivery]) -> float:
    return sum(row.gateway == "two" for row in rows) / len(rows)


@pytest.mark.parametrize(
    ("outcome", "ill"),
    [
        (NotNow("no connection"), True),
        (Unknown("time-out"), True),
        (NotNow("too fast", throttled=True), False),
        (Refused("no such number"), False),
        (Accepted("P"), False),
    ],
)
def test_only_a_gateway_that_does_not_answer_falls_ill(
    two: World, outcome: Accepted | SendError, ill: bool
) -> None:
    author = two.member(two.community())
    two.add(*[two.person(author.community_id) for _ in range(20)])
    two.raised(author)
    answers = lambda _: outcome  # noqa: E731 - one line says it
    pump.run(two.with_providers(one=StandIn("one", answers=answers)).runtime, FreeSlots(), 3)
    with two.store.read() as session:
        failing = health.failing(session, two.clock())
    assert set(failing) == ({Lane("one", 1, "sms")} if ill else set())


@pytest.mark.parametrize(("bad", "share"), [(0.0, 0), (0.15, 0), (0.5, 0.5), (0.8, 1), (1.0, 1)])
def test_new_deliveries_move_over_gradually(two: World, bad: float, share: float) -> None:
    fell_ill(two, bad)
    rows = raised(two)
    assert share_at_two(rows) == pytest.approx(share, abs=0.1)
    told = [step.delivery_id for step in two.rows(Step)]
    assert sorted(told) == [row.id for row in rows if row.gateway == "two"], "explain says it"


def test_and_back_as_time_passes(two: World) -> None:
    fell_ill(two, 1.0)
    shares = []
    author = two.member(two.community())
    two.add(*[two.person(author.community_id) for _ in range(100)])
    for n in range(6):
        alert = two.raise_alert(author, f"Camionnette suspecte {n}").alert
        shares.append(share_at_two(two.deliveries_of(alert)))
        two.clock.forward(seconds=15)
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == 1.0
    assert shares[-1] == 0.0
    assert any(0.1 < share < 0.9 for share in shares)


def test_everybody_else_keeps_their_usual_number(two: World) -> None:
    two.number("38003", gateway="three")
    fell_ill(two, 1.0)
    rows = raised(two, 40)
    for row in rows:
        assert row.member_id is not None
        usual = 1 if row.member_id % 2 == 0 else 3
        assert row.number_id == (3 if usual == 1 else usual), "a default one before any other"


def test_one_answer_for_one_person_in_sql_and_in_python(two: World) -> None:
    fell_ill(two, 0.5)
    rows = raised(two, 60)
    with two.store.read() as session:
        chosen = senders.senders(session, two.clock())
    for row in rows:
        number = chosen.of(row.member_id or 0)
        assert number is not None
        assert row.number_id == number.id


def test_what_waits_and_never_left_is_moved(two: World) -> None:
    rows = raised(two, 40)
    (tried, doubted) = two.claim(two.rows(Number)[0], 2)
    two.settle(tried, NotNow("no connection"))
    two.settle(doubted, Unknown("time-out"))
    fell_ill(two, 1.0)
    sweep.sweep(two.runtime)
    where = {row.id: row.gateway for row in two.deliveries()}
    assert where.pop(doubted.id) == "one"
    assert set(where.values()) == {"two"}
    assert len(two.rows(Step)) == len(rows) - 1
    with two.store.begin() as session:
        assert takeover.move(session, two.clock()) == 0


@pytest.mark.parametrize("only_sender", [True, False])
def test_what_waits_at_one_that_stopped_itself_is_moved(two: World, only_sender: bool) -> None:
    raised(two, 40)
    (first, doubted) = two.claim(two.rows(Number)[0], 2)
    two.settle(doubted, Unknown("time-out"))
    two.settle(first, Misconfigured("it may not send", only_sender=only_sender))
    sweep.sweep(two.runtime)
    where = {row.id: row.gateway for row in two.deliveries()}
    assert where.pop(doubted.id) == "one"
    assert set(where.values()) == {"two"}


@pytest.mark.parametrize(("rest", "gateway"), [(10, "one"), (600, "two")])
def test_nobody_waits_for_a_number_that_was_told_to_rest_for_long(
    two: World, rest: float, gateway: str
) -> None:
    rows = raised(two, 10)
    (first,) = two.claim(two.rows(Number)[0], 1)
    two.settle(first, NotNow("too many requests", delay=rest, throttled=True))
    sweep.sweep(two.runtime)
    assert [row.gateway for row in two.deliveries()] == [gateway] * len(rows)
    two.clock.forward(seconds=rest + 1)
    author = two.rows(Member)[0]
    later = two.deliveries_of(two.raise_alert(author, "Camionnette suspecte").alert)
    assert {row.gateway for row in later} == {"one"}, "and back when the rest is over"


@pytest.mark.parametrize("what", ["number", "gateway"])
def test_what_the_operator_paused_waits(two: World, what: str) -> None:
    raised(two, 10)
    with two.store.begin() as session:
        if what == "number":
            numbers.pause(session, session.get_one(Number, 1), "maintenance")
        else:
            session.add(GatewayPause(gateway="one", reason="maintenance"))
    sweep.sweep(two.runtime)
    assert {row.gateway for row in two.deliveries()} == {"one"}


def test_nothing_moves_without_a_healthy_other(two: World) -> None:
    rows = raised(two, 10)
    fell_ill(two, 1.0)
    fell_ill(two, 1.0, 2, "two")
    with two.store.begin() as session:
        assert takeover.move(session, two.clock()) == 0
        assert senders.substitutes(session, Lane("one", 1, Channel.SMS), two.clock()) == []
    assert {row.gateway for row in two.deliveries()} == {"one"}
    assert len(rows) == 10


@pytest.mark.slow
def test_two_gateways_of_which_one_dies(sqlite_url: str, redis_url: str, tmp_path: Path) -> None:
    """Everybody gets it once, though the first gateway answers nothing half-way through."""
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    store = open_store(sqlite_url)
    with (
        running_emulator(tmp_path / "one") as one,
        running_emulator(tmp_path / "two") as two,
    ):
        gateways = {"one": one.url, "two": two.url}
        told = crew.settings(sqlite_url, redis_url, tmp_path, gateways)
        sections = {
            "gateway": {name: crew.twilio(url) for name, url in gateways.items()}
            | {"sim": {"type": "simulator"}},
            "dispatch": {"sweep_seconds": 1.0, "quiet_seconds": 3.0},
        }
        with make_world(store, redis_url, tmp_path, **sections) as world:
            crew.number(world, 1, "one", 40.0)
            crew.number(world, 2, "two", 40.0, is_default=False)
            author = world.member(world.community())
            world.add(*[world.person(author.community_id) for _ in range(240)])
            world.raised(author)
            with crew.crew(told, [crew.work], 25):
                one.accepted(40, 60)
                one.faults({"kind": "error", "status": 503, "when": "before"})
                for _ in range(20):
                    sweep.sweep(world.runtime)
                    if _all_left(world):
                        break
                    world.clock.now = utcnow()
                    crew.rest(1.0)
            at_one, at_two = one.ledger("accepted"), two.ledger("accepted")
            doubted = {row.id for row in world.deliveries() if row.doubts}
    store.close()
    people = [entry["to"] for entry in at_one + at_two]
    assert len(people) == len(set(people)), "nobody twice"
    assert len(at_two) >= 100, "the second took over"
    assert not doubted & {int(entry["d"]) for entry in at_two}, "never what was in doubt"


def _all_left(world: World) -> bool:
    waiting = {State.QUEUED, State.SENDING}
    return not any(row.state in waiting and not row.attempts for row in world.deliveries())
