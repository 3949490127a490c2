"""What a text means, and what its sender is told (sms.md)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from community_store.models import Alert, AlertState, InboundState, InboundText, MemberState, Mode
from community_store.models import DeliveryState as State
from dispatch import arrivals, inbound, sweep
from gateway.contract import Inbound
from tests.dispatch.world import NUMBER, World, mobile

FEU = "Fumée au 12 rue des Lilas"
STRANGER = mobile(9000)


@pytest.fixture
def home(sqlite_world: World) -> int:
    sqlite_world.number()
    return sqlite_world.community()


# an alert, and why it is none


def test_a_member_s_text_is_an_alert_with_a_receipt(world: World) -> None:
    home = world.community()
    world.number()
    author, *neighbours = world.members(home, 3)
    row = world.arrives(author.mobile or "", f"  {FEU}  ")
    assert inbound.read(world.runtime, row) == "alert"
    (alert,) = world.rows(Alert)
    assert (alert.text, alert.author_id, alert.inbound_id) == (FEU, author.id, row)
    assert len(world.deliveries(alert_id=alert.id)) == len(neighbours)
    assert world.answers(author.mobile or "") == ["receipt"]
    assert world.inbound(row).state == InboundState.READ
    assert inbound.read(world.runtime, row) == "", "a second reading finds nothing to do"
    assert len(world.rows(Alert)) == 1


def test_a_stranger_is_told_how_to_join(sqlite_world: World, home: int) -> None:
    assert sqlite_world.text(STRANGER, FEU) == "unknown_sender"
    assert sqlite_world.answers(STRANGER) == ["unknown_sender"]
    assert sqlite_world.rows(Alert) == []


@pytest.mark.parametrize(
    ("mode", "who"),
    [(Mode.TEAM, "l'équipe Tocsin"), (Mode.REFERENT, "votre référent"), (Mode.TOWN, "la mairie")],
)
def test_a_pending_sender_is_told_who_decides(sqlite_world: World, mode: Mode, who: str) -> None:
    world = sqlite_world
    world.number()
    waiting = world.member(world.community(mode=mode), state=MemberState.PENDING)
    assert world.text(waiting.mobile or "", FEU) == "pending_sender"
    assert who in world.said(world.delivery()).sms
    assert world.rows(Alert) == []


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"state": MemberState.SUSPENDED}, "suspended_sender"),
        ({"state": MemberState.CLOSED}, "unknown_sender"),
        ({"community_id": None}, "no_community"),
    ],
)
def test_who_may_not_alert_is_told_so(
    sqlite_world: World, home: int, change: dict[str, object], outcome: str
) -> None:
    sqlite_world.member(home)
    sender = sqlite_world.member(home, **change).mobile or ""
    assert sqlite_world.text(sender, FEU) == outcome
    assert sqlite_world.answers(sender) == [outcome]
    assert sqlite_world.rows(Alert) == []


@pytest.mark.parametrize(
    ("minutes", "outcome"), [(14, "alert"), (16, "stale"), (60 * 24 * 3, "stale")]
)
def test_a_text_that_came_too_late_is_not_broadcast(
    sqlite_world: World, home: int, minutes: float, outcome: str
) -> None:
    author, _ = sqlite_world.members(home, 2)
    sent = sqlite_world.clock() - timedelta(minutes=minutes)
    assert sqlite_world.text(author.mobile or "", FEU, sent_at=sent) == outcome


@pytest.mark.parametrize(("minutes", "outcome"), [(14, "alert"), (16, "stale")])
def test_a_text_that_waited_with_us_is_stale_too(
    sqlite_world: World, home: int, minutes: int, outcome: str
) -> None:
    author = sqlite_world.member(home)
    row = sqlite_world.arrives(author.mobile or "", FEU)
    sqlite_world.clock.forward(minutes=minutes)
    assert inbound.read(sqlite_world.runtime, row) == outcome


@pytest.mark.parametrize("text", [FEU, f"ALERTE {FEU}"])
def test_a_stale_text_can_be_repeated_at_once(sqlite_world: World, home: int, text: str) -> None:
    author, _ = sqlite_world.members(home, 2)
    sent = sqlite_world.clock() - timedelta(minutes=20)
    assert sqlite_world.text(author.mobile or "", text, sent_at=sent) == "stale"
    again = sqlite_world.text(author.mobile or "", text, sent_at=sent, id="delivered-again")
    assert again == "duplicate"
    sqlite_world.clock.forward(seconds=40)
    assert sqlite_world.text(author.mobile or "", text, sent_at=sqlite_world.clock()) == "alert"


def test_who_was_refused_is_heard_once_they_may_alert(sqlite_world: World, home: int) -> None:
    sqlite_world.member(home)
    author = sqlite_world.member(home, state=MemberState.PENDING)
    assert sqlite_world.text(author.mobile or "", FEU) == "pending_sender"
    assert sqlite_world.text(author.mobile or "", FEU) == "duplicate"
    sqlite_world.change(author, state=MemberState.ACTIVE)
    assert sqlite_world.text(author.mobile or "", FEU) == "alert"
    assert sqlite_world.text(author.mobile or "", FEU) == "duplicate"


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u00a0", "ALERTE", "alerte :"])
def test_an_empty_text_is_no_alert(sqlite_world: World, home: int, text: str) -> None:
    author, _ = sqlite_world.members(home, 2)
    assert sqlite_world.text(author.mobile or "", text) == "empty"
    assert sqlite_world.answers(author.mobile or "") == ["empty"]
    assert sqlite_world.rows(Alert) == []


def test_the_receipt_says_how_many_are_told(sqlite_world: World) -> None:
    world = sqlite_world
    world.number()
    world.town(subscribed=True)
    alone, pair, lonely = world.community("A"), world.community("B"), world.community("C", "38421")
    for home, others, kind in ((alone, 0, "receipt_town_hall"), (pair, 1, "receipt_one")):
        author, *_ = world.members(home, 1 + others)
        world.agent()
        world.text(author.mobile or "", FEU)
        assert world.answers(author.mobile or "") == [kind]
    author = world.member(lonely)
    world.text(author.mobile or "", FEU)
    assert world.answers(author.mobile or "") == ["receipt_nobody"]


def test_without_a_number_the_receipt_does_not_say_sent(sqlite_world: World) -> None:
    author, _ = sqlite_world.members(sqlite_world.community(), 2)
    sqlite_world.text(author.mobile or "", FEU)
    assert sqlite_world.answers(author.mobile or "") == ["receipt_queued"]


def test_the_answer_leaves_from_the_number_that_was_texted(sqlite_world: World) -> None:
    world = sqlite_world
    world.number("38000")
    second = world.number("38001")
    world.text(STRANGER, FEU, to="38001")
    assert world.delivery().number_id == second.id


# STOP and REPRISE


@pytest.mark.parametrize(
    "text", ["STOP", "stop.", " Stop ! ", "Arrêt", "ARRET", "StopSMS", "UNSUBSCRIBE", "ＳＴＯＰ"]
)
def test_stop_is_at_once_also_for_what_is_queued(world: World, text: str) -> None:
    home = world.community()
    world.number()
    author, leaving, staying = world.members(home, 3)
    alert = world.raised(author)
    assert world.text(leaving.mobile or "", text) == "stop"
    world.pump()
    assert [row.state for row in world.deliveries(alert_id=alert.id, member_id=leaving.id)] == [
        State.SUPPRESSED
    ]
    assert len(world.phone(staying.mobile or "")) == 1
    (confirmation,) = world.phone(leaving.mobile or "")
    assert "REPRISE" in confirmation
    world.raised(author, "Autre chose")
    world.pump()
    assert len(world.phone(leaving.mobile or "")) == 1


def test_a_second_stop_is_silent(sqlite_world: World, home: int) -> None:
    assert sqlite_world.text(STRANGER, "STOP") == "stop"
    sqlite_world.clock.forward(minutes=5)
    assert sqlite_world.text(STRANGER, "STOP") == "stop"
    assert sqlite_world.answers(STRANGER) == ["stopped"]


def test_resume_takes_a_stop_back(sqlite_world: World, home: int) -> None:
    author, neighbour = sqlite_world.members(home, 2)
    sender = neighbour.mobile or ""
    outcomes = [sqlite_world.text(sender, text) for text in ("STOP", "Reprise", "STOP", "START")]
    assert outcomes == ["stop", "resume", "stop", "resume"]
    sqlite_world.raised(author)
    sqlite_world.pump()
    texts = sqlite_world.phone(sender)
    assert len(texts) == 3, "the second STOP took back what was still queued"
    assert sqlite_world.answers(sender) == ["stopped", "resumed"] * 2


def test_the_confirmation_of_a_stop_that_was_taken_back_does_no_harm(
    sqlite_world: World, home: int
) -> None:
    sqlite_world.text(STRANGER, "REPRISE")
    assert sqlite_world.answers(STRANGER) == ["resumed_already"]


# words that look like commands


@pytest.mark.parametrize("text", ["AIDE", "aide ?", "Help", "INFO.", "?", " ? "])
def test_help_is_for_anybody(sqlite_world: World, home: int, text: str) -> None:
    member = sqlite_world.member(home).mobile or ""
    for sender in (STRANGER, member):
        assert sqlite_world.text(sender, text) == "help"
        assert sqlite_world.answers(sender) == ["help"]


@pytest.mark.parametrize("text", [f"ALERTE {FEU}", f"alerte: {FEU}", f"Alerte\n{FEU}"])
def test_alerte_leaves_its_own_word_out(sqlite_world: World, home: int, text: str) -> None:
    author, _ = sqlite_world.members(home, 2)
    assert sqlite_world.text(author.mobile or "", text) == "alert"
    assert sqlite_world.rows(Alert)[0].text == FEU


def test_an_agent_s_text_is_a_town_alert_with_or_without_the_word(sqlite_world: World) -> None:
    world = sqlite_world
    world.number()
    world.town(subscribed=True)
    neighbour = world.member(world.community())
    agent = world.agent().mobile or ""
    assert world.text(agent, "MAIRIE Route coupée") == "town_alert"
    assert world.text(agent, "Eau non potable") == "town_alert"
    assert [alert.text for alert in world.rows(Alert)] == ["Route coupée", "Eau non potable"]
    world.pump()
    assert len(world.phone(neighbour.mobile or "")) == 2
    assert world.answers(agent) == ["receipt_town", "receipt_town"]


@pytest.mark.parametrize(
    ("town", "agent"),
    [
        ({"subscribed": False}, {}),
        ({"subscribed": True, "sms_alerts": False}, {}),
        ({"subscribed": True}, {"confirmed": False}),
    ],
)
def test_an_agent_speaks_only_where_it_is_allowed(
    sqlite_world: World, town: dict[str, Any], agent: dict[str, Any]
) -> None:
    world = sqlite_world
    world.number()
    world.town(**town)
    world.member(world.community())
    sender = world.agent(**agent).mobile or ""
    assert world.text(sender, "MAIRIE Route coupée") == "agent_refused"
    assert world.rows(Alert) == []


def test_mairie_from_a_resident_is_an_alert(sqlite_world: World, home: int) -> None:
    author, _ = sqlite_world.members(home, 2)
    assert sqlite_world.text(author.mobile or "", "MAIRIE en feu") == "alert"
    assert sqlite_world.rows(Alert)[0].text == "MAIRIE en feu"


# FIN and FAUX


def test_the_author_ends_the_latest_open_alert(sqlite_world: World, home: int) -> None:
    world = sqlite_world
    author, neighbour = world.members(home, 2)
    first, second = world.raised(author), world.raised(author, "Autre")
    world.pump()
    assert world.text(author.mobile or "", "FIN") == "end"
    assert [alert.state for alert in world.rows(Alert)] == [AlertState.OPEN, AlertState.ENDED]
    assert world.text(author.mobile or "", f"fin n°{first.id} tout va bien") == "end"
    world.pump()
    *_, one, other = sorted(world.phone(neighbour.mobile or ""), key=lambda text: "FIN" in text)
    over = {one, other}  # they leave at the same instant
    assert sum(f"FIN de l'alerte {second.id}" in text for text in over) == 1
    assert sum(text.endswith("tout va bien") for text in over) == 1


def test_faux_cancels_the_unsent_and_tells_those_told(sqlite_world: World, home: int) -> None:
    world = sqlite_world
    number = world.rows(type(world.number("38001", is_default=False)))[0]
    author, *neighbours = world.members(home, 4)
    alert = world.raised(author)
    (told,) = world.claim(number, 1)
    assert world.text(author.mobile or "", "Fausse alerte !") == "withdraw"
    states = sorted(row.state for row in world.deliveries(alert_id=alert.id))
    assert states == [State.CANCELLED, State.CANCELLED, State.SENDING]
    world.pump()
    withdrawn = {n.mobile: world.phone(n.mobile or "") for n in neighbours}
    assert [len(texts) for address, texts in withdrawn.items() if address == told.to] == [1]
    assert sum(len(texts) for texts in withdrawn.values()) == 1


def who(world: World, role: str, home: int) -> str:
    elsewhere = world.community("Ailleurs", "38421")
    people: dict[str, Callable[[], str | None]] = {
        "référent": lambda: world.member(home, referent=True).mobile,
        "agent": lambda: world.agent().mobile,
        "neighbour": lambda: world.member(home).mobile,
        "référent elsewhere": lambda: world.member(elsewhere, referent=True).mobile,
        "suspended référent": lambda: (
            world.member(home, referent=True, state=MemberState.SUSPENDED).mobile
        ),
        "agent elsewhere": lambda: world.agent("38421").mobile,
        "stranger": lambda: STRANGER,
    }
    return people[role]() or ""


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("référent", True),
        ("agent", True),
        ("neighbour", False),
        ("référent elsewhere", False),
        ("suspended référent", False),
        ("agent elsewhere", False),
        ("stranger", False),
    ],
)
@pytest.mark.parametrize("word", ["FIN", "FAUX"])
def test_who_may_close_an_alert(sqlite_world: World, role: str, may: bool, word: str) -> None:
    world = sqlite_world
    world.number()
    world.town(subscribed=True)
    home = world.community()
    author, _ = world.members(home, 2)
    alert = world.raised(author)
    outcome = world.text(who(world, role, home), f"{word} {alert.id}")
    (found,) = world.rows(Alert)
    assert (found.state != AlertState.OPEN) is may
    expected = {"FIN": "end", "FAUX": "withdraw"}[word] if may else "unknown_ref"
    unable = {"stranger": "unknown_sender", "suspended référent": "suspended_sender"}
    assert outcome == unable.get(role, expected)


@pytest.mark.parametrize("text", ["FIN 999999", "FAUX 214748364", "FIN 999999999", "FIN 0"])
def test_a_reference_that_does_not_exist_is_said_so(
    sqlite_world: World, home: int, text: str
) -> None:
    author = sqlite_world.member(home).mobile or ""
    assert sqlite_world.text(author, text) == "unknown_ref"
    assert sqlite_world.answers(author) == ["no_such_alert"]


def test_nothing_open_to_end_is_said_so(sqlite_world: World, home: int) -> None:
    author = sqlite_world.member(home).mobile or ""
    assert sqlite_world.text(author, "FIN") == "unknown_ref"
    assert sqlite_world.answers(author) == ["no_open_alert"]


def test_an_alert_ends_once(sqlite_world: World, home: int) -> None:
    world = sqlite_world
    author, _ = world.members(home, 2)
    alert = world.raised(author)
    outcomes = [world.text(author.mobile or "", f"{word} {alert.id}") for word in ("FIN", "FAUX")]
    assert outcomes == ["end", "closed_already"]


# duplicates


def test_the_same_gateway_id_is_one_text(world: World) -> None:
    text = Inbound("SM1", STRANGER, NUMBER, FEU)
    rows = []
    for gateway in ("sim", "sim", "other"):
        with world.store.begin() as session:
            rows.append(arrivals.store(session, gateway, text, world.clock()))
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
            row = arrivals.store(session, "sim", text, world.clock())
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
