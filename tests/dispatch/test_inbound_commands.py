"""What a text means that begins with a command: STOP, FIN, FAUX, and words that look like one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from community_store.models import Alert, AlertState, MemberState
from community_store.models import DeliveryState as State
from tests.dispatch.texts import FEU, STRANGER
from tests.dispatch.world import World


@pytest.fixture
def home(sqlite_world: World) -> int:
    sqlite_world.number()
    return sqlite_world.community()


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


@pytest.mark.parametrize("word", ["FIN", "FAUX"])
def test_all_who_are_to_know_an_answer_to_what_is_over_are_warned_anew(
    sqlite_world: World, home: int, word: str
) -> None:
    """The answer to the reply promised that TOUS tells the whole quarter."""
    world = sqlite_world
    author, neighbour, other = world.members(home, 3)
    alert = world.raised(author)
    world.pump()
    world.text(author.mobile or "", f"{word} {alert.id}")
    assert world.text(neighbour.mobile or "", "De la fumée sort du garage du 9") == "reply"
    assert world.text(neighbour.mobile or "", "TOUS") == "alert"
    world.pump()
    assert "De la fumée sort du garage du 9" in " ".join(world.phone(other.mobile or ""))
    assert world.answers(neighbour.mobile or "")[-1] == "receipt"
