"""The gazette by e-mail: asked for, to whom, and only when something is new."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import select

from community_store import membership, personal_data, retention
from community_store.models import (
    Delivery,
    DeliveryState,
    GazetteDigest,
    GazetteEntry,
    Member,
    MemberState,
    Mute,
    Notice,
    Topic,
    Wording,
)
from dispatch import digests, envelope
from dispatch.act import Act
from dispatch.runtime import MAIL
from gateway.contract import Channel
from gateway.providers.maildir import Maildir
from tests.dispatch.readers import TEXT, TITLE, Street, build, paris
from tests.dispatch.world import World


@pytest.fixture
def street(world: World) -> Street:
    return build(world)


@pytest.fixture
def lane(sqlite_world: World) -> Street:
    """The same on SQLite alone: for what no database changes."""
    return build(sqlite_world)


def test_nobody_gets_it_who_has_not_asked(street: Street) -> None:
    street.writes()
    assert street.comes(paris(24, 8, 30)) == 0
    assert street.world.deliveries() == []


def test_what_is_new_comes_once_by_mail_and_never_by_text(street: Street) -> None:
    street.chooses(street.reader)
    street.writes()
    assert street.comes(paris(24, 8, 30)) == 1
    (delivery,) = street.world.deliveries()
    assert (delivery.channel, delivery.state) == (Channel.EMAIL, DeliveryState.DELIVERED)
    assert street.world.said(delivery).sms == ""
    (mail,) = street.world.mails()
    assert mail["to"] == "paul@voisins.example"
    assert mail["subject"] == "Tocsin : une nouvelle dans la gazette (Les Lilas)"
    (entry,) = street.world.rows(GazetteEntry)
    for told in (f"Petite annonce : {TITLE}", TEXT, f"https://tocsin.example/gazette/{entry.id}"):
        assert told in mail["text"]
    assert "Odette" not in mail["text"]
    assert envelope.HOW_TO_STOP not in mail["text"]
    for later in (paris(24, 8, 31), paris(24, 20), paris(25, 8, 30), paris(26, 8, 30)):
        assert street.comes(later) == 0
    assert len(street.world.mails()) == 1


def test_each_speaks_their_language(lane: Street) -> None:
    other = lane.world.member(lane.home, email="ann@voisins.example", language="en")
    for who in (lane.reader, other):
        lane.chooses(who)
    lane.writes()
    lane.writes("Chat perdu")
    assert lane.comes(paris(24, 8, 30)) == 2
    subjects = {mail["to"]: mail["subject"] for mail in lane.world.mails()}
    assert subjects == {
        "paul@voisins.example": "Tocsin : 2 nouvelles dans la gazette (Les Lilas)",
        "ann@voisins.example": "Tocsin: 2 new entries in the gazette (Les Lilas)",
    }


def test_a_mail_can_be_stopped_in_one_click(lane: Street) -> None:
    """RFC 8058; the same address stands in the words, for whoever looks there."""
    lane.chooses(lane.reader)
    lane.writes()
    lane.comes(paris(24, 8, 30))
    maildir = lane.world.runtime.providers[MAIL]
    assert isinstance(maildir, Maildir)
    (path,) = maildir.folder.glob("*.eml")
    letter = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    (delivery,) = lane.world.deliveries()
    token = envelope.unsubscribe_token(lane.world.settings, delivery.id or 0)
    address = f"https://tocsin.example/unsubscribe/{token}"
    assert letter["List-Unsubscribe"].strip() == f"<{address}>"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert address in "".join(lane.world.mails()[0]["text"].split())


# to whom


def test_whoever_wrote_all_of_it_is_told_nothing_new(lane: Street) -> None:
    for who in (lane.author, lane.reader):
        lane.chooses(who)
    lane.writes()
    assert lane.comes(paris(24, 8, 30)) == 1
    lane.writes()
    lane.writes("Chat perdu", by=lane.reader)
    assert lane.comes(paris(25, 8, 30)) == 2


CHANGES: dict[str, dict[str, Any]] = {
    "suspended": {"state": MemberState.SUSPENDED},
    "pending": {"state": MemberState.PENDING},
    "left": {"community_id": None},
    "no e-mail": {"email": None},
    "muted": {},
    "stopped": {},
    "stops": {},
    "closes": {},
    "moved": {},
}


@pytest.mark.parametrize("queued", [False, True], ids=["before", "while it waits"])
@pytest.mark.parametrize("change", CHANGES)
def test_whoever_may_not_or_will_not_have_it_gets_none(
    lane: Street, change: str, queued: bool
) -> None:
    """Counts from the commit on: what is queued included (R7)."""
    lane.chooses(lane.reader)
    lane.writes()
    lane.world.clock.now = paris(24, 8, 30)
    if queued:
        assert digests.run(lane.world.runtime) == 1
    happens(lane, change)
    digests.run(lane.world.runtime)
    lane.world.pump()
    assert lane.world.mails() == []
    assert {one.state for one in lane.world.deliveries()} <= {DeliveryState.SUPPRESSED}


def happens(lane: Street, change: str) -> None:
    world, reader = lane.world, lane.reader
    if change == "muted":
        world.mute(reader, Topic.GAZETTE, Channel.EMAIL)
    elif change == "stopped":
        world.stop(reader.email or "", Channel.EMAIL)
    elif change == "stops":
        lane.chooses(reader, None)
    elif change == "closes":
        with world.act() as act:
            membership.close(act.session, act.session.get_one(Member, reader.id))
    elif change == "moved":
        world.change(reader, community_id=world.community("Les Roses"))
    else:
        world.change(reader, **CHANGES[change])


def test_asking_for_it_takes_a_mute_back(lane: Street) -> None:
    lane.world.mute(lane.reader, Topic.GAZETTE, Channel.EMAIL)
    lane.world.mute(lane.reader, Topic.ALERT, Channel.EMAIL)
    lane.chooses(lane.reader)
    with lane.world.store.read() as session:
        assert session.get(Mute, (lane.reader.id, "gazette", "email")) is None
        assert session.get(Mute, (lane.reader.id, "alert", "email")) is not None


def test_only_what_the_community_still_reads_is_told(lane: Street) -> None:
    gone = lane.world.member(lane.home, state=MemberState.SUSPENDED)
    elsewhere = lane.world.member(lane.world.community("Les Roses"))
    lane.chooses(lane.reader)
    lane.writes("Retirée", removed_at=paris(23, 13), removed_by="author")
    lane.writes("Passée", expires_at=paris(24, 0))
    lane.writes("D'un suspendu", by=gone)
    lane.writes("D'à côté", by=elsewhere)
    assert lane.comes(paris(24, 8, 30)) == 0
    lane.writes("À lire")
    assert lane.comes(paris(25, 8, 30)) == 1
    assert lane.titles() == ["À lire"]


def test_a_long_list_is_cut_and_says_so(lane: Street) -> None:
    lane.chooses(lane.reader)
    for n in range(18):
        lane.writes(f"Numéro {n}")
    assert lane.comes(paris(24, 8, 30)) == 1
    assert len(lane.titles()) == 15
    assert "Et 3 autres." in lane.world.mails()[0]["text"]


# how much it takes


def test_many_readers_take_no_more_questions_than_few(lane: Street) -> None:
    counts = []
    for day, more in ((24, 2), (25, 40)):
        for n in range(more):
            lane.chooses(lane.world.member(lane.home, email=f"{day}.{n}@voisins.example"))
        lane.writes(f"Le {day}")
        lane.world.clock.now = paris(day, 7)
        with lane.world.act() as act:
            all_told_alike(act)
        lane.world.clock.now = paris(day, 8, 30)
        with counted(lane.world) as statements:
            digests.run(lane.world.runtime)
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert len(lane.world.rows(Notice)) == 2


def all_told_alike(act: Act) -> None:
    """Who asked later is told of what came later: here, all asked at once."""
    for row in act.session.exec(select(GazetteDigest)):
        row.told_until = paris(20, 12)


@contextmanager
def counted(world: World) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(*said: object) -> None:
        statements.append(str(said[2]))

    event.listen(world.store.engine, "before_cursor_execute", note)
    yield statements
    event.remove(world.store.engine, "before_cursor_execute", note)


# what is forgotten


def test_its_words_are_forgotten_after_a_day(lane: Street) -> None:
    lane.chooses(lane.reader)
    lane.writes()
    lane.comes(paris(24, 8, 30))
    for now, left in ((paris(25, 8), 1), (paris(25, 9), 0)):
        limits = retention.Limits.of(
            now,
            text_days=90,
            delivery_months=13,
            pending_days=30,
            gazette_days=30,
            message_days=365,
            movement_months=12,
        )
        with lane.world.store.begin() as session:
            retention.forget(session, retention.due(session, limits))
        assert sum(bool(one.mail) for one in lane.world.rows(Wording)) == left


def test_an_author_who_leaves_is_in_no_digest_any_more(lane: Street) -> None:
    lane.chooses(lane.reader)
    lane.writes("Appelez Odette")
    lane.comes(paris(24, 8, 30))
    with lane.world.act() as act:
        personal_data.erase(act.session, act.session.get_one(Member, lane.author.id))
    assert [one.mail for one in lane.world.rows(Wording)] == [""]
    assert lane.world.rows(GazetteEntry) == []
    assert lane.world.rows(Delivery)[0].state == DeliveryState.DELIVERED
