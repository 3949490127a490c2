"""What a text means, and what its sender is told: an alert, and why it is none (sms.md)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from community_store.models import Alert, InboundState, MemberState, Mode
from dispatch import inbound
from tests.dispatch.texts import FEU, STRANGER
from tests.dispatch.world import World


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
