"""Texts that nobody wrote, and those that no reading takes."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from community_store.models import Alert, InboundState, InboundText
from community_store.models import DeliveryState as State
from dispatch import inbound, sweep
from tests.dispatch.texts import FEU, STRANGER
from tests.dispatch.world import NUMBER, World, mobile


@pytest.fixture
def home(sqlite_world: World) -> int:
    sqlite_world.number()
    return sqlite_world.community()


# loops and storms


@pytest.mark.parametrize("sender", ["36180", "TOCSIN", "Orange", "3", "+33899700000", ""])
def test_short_codes_names_and_premium_numbers_get_no_answer(
    sqlite_world: World, home: int, sender: str
) -> None:
    assert sqlite_world.text(sender, FEU) == "unknown_sender"
    assert sqlite_world.deliveries() == []


def test_our_own_number_gets_no_answer(sqlite_world: World) -> None:
    sqlite_world.number("+33937001234")
    assert sqlite_world.text("+33937001234", FEU) == "ours"
    assert sqlite_world.text("0937 00 12 34", "AIDE") == "ours"
    assert sqlite_world.deliveries() == []


def test_a_foreign_phone_is_answered(sqlite_world: World, home: int) -> None:
    assert sqlite_world.text("+447700900123", FEU) == "unknown_sender"
    assert sqlite_world.answers("+447700900123") == ["unknown_sender"]


def test_nobody_gets_more_than_six_answers_in_ten_minutes(sqlite_world: World, home: int) -> None:
    world = sqlite_world
    for n in range(20):
        assert world.text(STRANGER, f"Bonjour {n}") == "unknown_sender"
    assert len(world.answers(STRANGER)) == 6
    world.text(STRANGER, "STOP")
    assert len(world.rows(Alert)) == 0
    world.clock.forward(minutes=10, seconds=1)
    world.text(STRANGER, "REPRISE")
    assert len(world.answers(STRANGER)) == 7


def test_a_robot_that_repeats_our_answer_is_answered_once(sqlite_world: World, home: int) -> None:
    answers = [sqlite_world.text(STRANGER, "Je suis un robot") for _ in range(5)]
    assert answers == ["unknown_sender"] + ["duplicate"] * 4
    assert len(sqlite_world.answers(STRANGER)) == 1


# poison


POISON = [
    "\ud800", "a\udfffb", "\x00", "a\x00b", "x" * 100_000, "é" * 100_000, "\u202eabc\u202d",
    "🔥🔥🔥", "👨‍👩‍👧‍👦" * 40, "{service}", "%s%n{0.__class__}", "\x1b[2J", "'; DROP TABLE alert; --",
    "=cmd|' /C calc'!A0", "\ufeffSTOP", "ﷺ" * 100, "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L", "FIN \u0663\u0668\u0661", "FIN ²", "FIN ①",
    "\r\n\r\n", "\u2028\u2029", "STOP\u200b", "ALERTE " + "🔥" * 500,
]  # fmt: skip


@pytest.mark.parametrize("text", POISON, ids=range(len(POISON)))
def test_no_text_is_poison(world: World, text: str) -> None:
    home = world.community()
    world.number()
    author = world.member(home)
    world.member(home, email="ana@residents.example")
    assert world.text(author.mobile or "", text) != ""
    world.pump()
    assert {row.state for row in world.deliveries()} <= {State.DELIVERED, State.SUPPRESSED}


@pytest.mark.parametrize("field", ["id", "sender", "to"])
@pytest.mark.parametrize("bad", ["\x00", "a\x00b", "\ud800", "x" * 5000, "\U0010ffff"])
def test_no_field_is_poison(world: World, field: str, bad: str) -> None:
    values = {"id": "SM1", "sender": STRANGER, "to": NUMBER} | {field: bad}
    sender = values.pop("sender")
    assert world.text(sender, FEU, **values) == "unknown_sender"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    text=st.text(alphabet=st.characters(exclude_categories=()), max_size=400)
    | st.from_regex(r"(?i)(stop|fin|faux|alerte|mairie|aide|reprise)[ .:!]{0,2}.{0,20}"),
    stranger=st.booleans(),
)
def test_any_text_is_read(sqlite_world: World, text: str, stranger: bool) -> None:
    world = sqlite_world
    if not world.rows(Alert) and not world.rows(InboundText):
        world.number()
        world.members(world.community(), 2)
    world.clock.forward(minutes=3)
    assert world.text(STRANGER if stranger else mobile(1), text) != ""


def test_three_failed_readings_set_a_row_aside_and_the_others_go_on(sqlite_world: World) -> None:
    world = sqlite_world
    world.number()
    author, _ = world.members(world.community(), 2)
    row = world.arrives(author.mobile or "", FEU)
    world.change(author, language="xx")  # what nothing can say
    for tries in (1, 2, 3):
        with pytest.raises(FileNotFoundError):
            inbound.read(world.runtime, row)
        assert world.inbound(row).tries == tries
    assert world.inbound(row).state == InboundState.SET_ASIDE
    assert inbound.read(world.runtime, row) == ""
    world.clock.forward(seconds=3)
    assert sweep.unread(world.runtime) == []
    assert world.rows(Alert) == [], "a failed reading leaves nothing half-done"
    assert world.text(STRANGER, FEU) == "unknown_sender"
