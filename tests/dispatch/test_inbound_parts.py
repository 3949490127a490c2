"""Texts that come twice, and long ones that come in parts."""

from __future__ import annotations

import threading

import pytest

from community_store.models import Alert, InboundState, InboundText
from dispatch import arrivals, inbound, sweep
from gateway.contract import Inbound
from tests.dispatch.texts import FEU, STRANGER
from tests.dispatch.world import NUMBER, World

pytestmark = pytest.mark.both


@pytest.fixture
def home(sqlite_world: World) -> int:
    sqlite_world.number()
    return sqlite_world.community()


# duplicates


def test_the_same_gateway_id_is_one_text(world: World) -> None:
    text = Inbound("SM1", STRANGER, NUMBER, FEU)
    rows = []
    for gateway in ("sim", "sim", "other"):
        with world.store.begin() as session:
            rows.append(arrivals.store(session.connection(), gateway, text, world.clock()))
    assert rows[0] is not None
    assert rows[1] is None
    assert rows[2] not in (None, rows[0])


@pytest.mark.parametrize(
    ("text", "seconds", "outcome"),
    [
        (FEU, 0, "duplicate"),
        (f" {FEU}\n", 119, "duplicate"),
        (FEU, 121, "repeat"),
        (FEU.upper(), 60, "repeat"),
        (FEU, 599, "repeat"),
        (FEU, 601, "alert"),
        (f"{FEU} bis", 0, "alert"),
    ],
)
def test_the_same_text_again(
    sqlite_world: World, home: int, text: str, seconds: float, outcome: str
) -> None:
    author, _ = sqlite_world.members(home, 2)
    assert sqlite_world.text(author.mobile or "", FEU) == "alert"
    sqlite_world.clock.forward(seconds=seconds)
    assert sqlite_world.text(author.mobile or "", text) == outcome
    assert len(sqlite_world.rows(Alert)) == (2 if outcome == "alert" else 1)


def test_the_same_text_from_two_phones_is_two_alerts(sqlite_world: World, home: int) -> None:
    for author in sqlite_world.members(home, 2):
        assert sqlite_world.text(author.mobile or "", FEU) == "alert"


@pytest.mark.parametrize("readers", [8])
def test_fifty_deliveries_of_one_text_at_once_are_one_alert(world: World, readers: int) -> None:
    home = world.community()
    world.number()
    author, _ = world.members(home, 2)
    rows: list[int] = []
    with world.store.begin() as session:  # half under one id, half under ids of their own
        for n in range(50):
            name = "SM1" if n % 2 else f"SM{n}"
            text = Inbound(name, author.mobile or "", NUMBER, FEU)
            row = arrivals.store(session.connection(), "sim", text, world.clock())
            rows += [row] if row is not None else []
    assert len(rows) == 26
    faults: list[Exception] = []

    def read(mine: list[int]) -> None:
        try:
            for row in mine:
                inbound.read(world.runtime, row)
        except Exception as error:  # told below  # noqa: BLE001
            faults.append(error)

    threads = [threading.Thread(target=read, args=(rows[n::4],)) for n in range(4)]
    threads += [threading.Thread(target=read, args=(rows,)) for _ in range(readers - 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(world.rows(Alert)) == 1
    outcomes = sorted(text.outcome for text in world.rows(InboundText))
    assert world.answers(author.mobile or "") == ["receipt_one"]
    assert outcomes == ["alert"] + ["duplicate"] * 25


# parts of one long text


@pytest.mark.parametrize(
    "parts",
    [
        ["a" * 153, "fin"],
        ["é" * 160, "fin"],
        ["ж" * 67, "конец"],
        ["ж" * 70, "конец"],
        ["a" * 153, "b" * 153, "fin"],
    ],
)
def test_parts_are_joined_before_they_are_read(
    sqlite_world: World, home: int, parts: list[str]
) -> None:
    world = sqlite_world
    author, _ = world.members(home, 2)
    outcomes = []
    for part in parts:
        outcomes.append(world.text(author.mobile or "", part))
        world.clock.forward(seconds=3)
    assert outcomes == ["waiting"] * (len(parts) - 1) + ["alert"]
    (alert,) = world.rows(Alert)
    assert alert.text == "".join(parts)
    first, *others = world.rows(InboundText)
    assert (alert.inbound_id, first.state) == (first.id, InboundState.READ)
    assert {(part.state, part.joined_into) for part in others} == {(InboundState.JOINED, first.id)}


def test_a_stop_is_never_the_end_of_a_long_text(sqlite_world: World, home: int) -> None:
    """A text of 70 letters may be a whole one; the STOP that follows it at once is a STOP."""
    world = sqlite_world
    author, _ = world.members(home, 2)
    sender = author.mobile or ""
    assert world.text(sender, "x" * 70) == "waiting"
    assert world.text(sender, "STOP.") == "stop"


def test_parts_that_come_all_at_once_are_joined_whichever_is_read_first(
    sqlite_world: World, home: int
) -> None:
    world = sqlite_world
    author, _ = world.members(home, 2)
    rows = [world.arrives(author.mobile or "", part) for part in ("a" * 153, "b" * 153, "c")]
    assert inbound.read(world.runtime, rows[1]) == "alert"
    assert [inbound.read(world.runtime, row) for row in rows] == ["", "", ""]
    (alert,) = world.rows(Alert)
    assert alert.text == "a" * 153 + "b" * 153 + "c"


def test_a_full_length_text_waits_ten_seconds_for_more_and_is_then_read(
    sqlite_world: World, home: int
) -> None:
    world = sqlite_world
    author, _ = world.members(home, 2)
    row = world.arrives(author.mobile or "", "a" * 160)
    assert inbound.read(world.runtime, row) == "waiting"
    world.clock.forward(seconds=9)
    assert sweep.unread(world.runtime) == [row]
    assert inbound.read(world.runtime, row) == "waiting"
    world.clock.forward(seconds=1)
    assert inbound.read(world.runtime, row) == "alert"


def test_a_part_that_comes_too_late_is_a_text_of_its_own(sqlite_world: World, home: int) -> None:
    world = sqlite_world
    author, _ = world.members(home, 2)
    first = world.arrives(author.mobile or "", "a" * 153)
    world.clock.forward(seconds=11)
    assert world.text(author.mobile or "", "la suite") == "alert"
    assert inbound.read(world.runtime, first) == "alert"
    assert {alert.text for alert in world.rows(Alert)} == {"a" * 153, "la suite"}


def test_parts_of_two_senders_are_not_mixed(sqlite_world: World, home: int) -> None:
    world = sqlite_world
    one, other = world.members(home, 2)
    assert world.text(one.mobile or "", "a" * 153) == "waiting"
    assert world.text(other.mobile or "", "bb") == "alert"
    assert world.text(one.mobile or "", "c") == "alert"
    assert {alert.text for alert in world.rows(Alert)} == {"bb", "a" * 153 + "c"}
