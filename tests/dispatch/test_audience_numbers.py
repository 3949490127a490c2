"""By which number an alert goes out, at what price, and what planning that costs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event

from community_store.models import Delivery, NumberKind, NumberState
from community_store.store import Store
from dispatch import sweep
from gateway.contract import Channel
from tests.dispatch.world import World

pytestmark = pytest.mark.both

SMS, EMAIL = Channel.SMS, Channel.EMAIL


# numbers and prices


def test_deliveries_are_spread_over_the_default_numbers_by_person(world: World) -> None:
    home = world.community()
    numbers = [world.number(value) for value in ("38000", "38001", "38002")]
    world.number("38999", is_default=False)
    author, *neighbours = world.members(home, 31)
    first = {row.member_id: row.number_id for row in world.deliveries_of(world.raised(author))}
    second = {
        row.member_id: row.number_id for row in world.deliveries_of(world.raised(author, "Autre"))
    }
    assert first == second, "everybody always sees the same sender"
    shares = [list(first.values()).count(number.id) for number in numbers]
    assert sum(shares) == len(neighbours)
    assert max(shares) - min(shares) <= 1


def test_the_oldest_number_stands_in_for_a_default(world: World) -> None:
    home = world.community()
    oldest = world.number("38000", is_default=False)
    world.number("38001", is_default=False)
    author, _ = world.members(home, 2)
    world.raised(author)
    assert world.delivery().number_id == oldest.id


def test_a_paused_default_number_gets_no_new_people(world: World) -> None:
    home = world.community()
    world.number("38000", state=NumberState.PAUSED)
    active = world.number("38001")
    author, *_ = world.members(home, 5)
    world.raised(author)
    assert {row.number_id for row in world.deliveries()} == {active.id}


def test_the_price_is_segments_times_the_number_s_price(world: World) -> None:
    home = world.community()
    world.number("38000", price=0.05)
    author = world.member(home)
    world.member(home, email="ana@residents.example")
    alert = world.raised(author, "mot " * 60)
    by_channel = {row.channel: row for row in world.deliveries(alert_id=alert.id)}
    words = world.said(by_channel[SMS])
    assert words.segments == 2
    assert by_channel[SMS].segments == 2
    assert by_channel[SMS].price == pytest.approx(0.10)
    assert (by_channel[EMAIL].segments, by_channel[EMAIL].price) == (0, 0.0)


def test_without_any_number_sms_wait_and_are_adopted_by_the_first(world: World) -> None:
    home = world.community()
    author, neighbour = world.members(home, 2)
    raised = world.raise_alert(author)
    assert raised.heard.waiting
    assert world.delivery().gateway == ""
    assert world.pump().sent == 0
    sweep.sweep(world.runtime)
    number = world.number(price=0.05)
    sweep.sweep(world.runtime)
    adopted = world.delivery()
    assert (adopted.gateway, adopted.number_id) == ("sim", number.id)
    assert adopted.price == pytest.approx(0.05 * adopted.segments)
    assert world.pump().sent == 1
    assert len(world.phone(neighbour.mobile or "")) == 1


def test_a_one_way_sender_names_the_number_to_text(world: World) -> None:
    home = world.community()
    world.number("TOCSIN", kind=NumberKind.SENDER)
    world.number("38000", is_default=False)
    author, _ = world.members(home, 2)
    world.raised(author)
    assert world.said(world.delivery()).sms.endswith("38000")


# cost


def test_planning_takes_the_same_number_of_queries_for_ten_and_a_thousand(world: World) -> None:
    world.town(subscribed=True)
    world.number()
    counts = []
    for size in (10, 1000):
        home, twin = world.community(f"A{size}"), world.community(f"B{size}")
        world.twin(home, twin)
        author = world.member(home)
        world.add(*[
            world.person(place, email=f"{place}.{n}@residents.example")
            for place in (home, twin) for n in range(size)
        ])  # fmt: skip
        with counted(world.store) as queries:
            heard = world.heard(author)
        assert (heard.neighbours, heard.twins) == (size, size)
        counts.append(len(queries))
    assert counts[0] == counts[1]


@contextmanager
def counted(store: Store) -> Iterator[list[str]]:
    queries: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        queries.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    yield queries
    event.remove(store.engine, "before_cursor_execute", note)


def test_deliveries_carry_what_the_claim_orders_by(world: World) -> None:
    home = world.community()
    world.number()
    author, *neighbours = world.members(home, 4)
    alert = world.raised(author)
    rows: list[Delivery] = world.deliveries(alert_id=alert.id)
    assert sorted(row.size for row in rows) == list(range(1, 1 + len(neighbours)))
    assert {row.expires_at - row.created_at for row in rows} == {timedelta(hours=2)}
