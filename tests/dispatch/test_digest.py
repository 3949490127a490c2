"""The gazette by e-mail: asked for, by day, once, and only when something is new."""

from __future__ import annotations

import email
import email.policy
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event
from sqlmodel import select

from community_store import membership, personal_data, retention
from community_store.models import (
    Delivery,
    DeliveryState,
    EntryKind,
    Every,
    GazetteDigest,
    GazetteEntry,
    Member,
    MemberState,
    Mute,
    Notice,
    Topic,
    Wording,
)
from config import Settings
from dispatch import digest_choice, digests, envelope, housekeeping
from dispatch.act import Act
from dispatch.runtime import MAIL
from gateway.contract import Channel
from gateway.providers.maildir import Maildir
from tests.dispatch.world import World

PARIS = ZoneInfo("Europe/Paris")
TITLE, TEXT = "Vélo d'enfant à donner", "Rouge, 20 pouces, bon état."


def paris(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    """An instant of 2026 as the clocks in Paris show it; the 23rd of November is a Monday."""
    return datetime(2026, month, day, hour, minute, tzinfo=PARIS).astimezone(UTC)


@dataclass
class Street:
    """A community with somebody who writes in its gazette, and somebody who reads it by mail."""

    world: World
    home: int
    author: Member
    reader: Member

    def chooses(self, who: Member, every: Every | None = Every.DAILY) -> None:
        with self.world.act() as act:
            digest_choice.choose(act, act.session.get_one(Member, who.id), every)
        self.world.clock.forward(minutes=1)  # what is written now is after it

    def writes(self, title: str = TITLE, *, by: Member | None = None, **more: Any) -> None:
        author, now = by or self.author, self.world.clock()
        values: dict[str, Any] = {
            "community_id": author.community_id, "author_id": author.id, "title": title,
            "kind": EntryKind.CLASSIFIED, "text": TEXT, "created_at": now,
            "expires_at": now + timedelta(days=30),
        } | more  # fmt: skip
        self.world.add(GazetteEntry(**values))

    def comes(self, when: datetime) -> int:
        """Time passes, housekeeping and a pump do their work: how many e-mails that makes."""
        self.world.clock.now = when
        made = digests.run(self.world.runtime)
        if made:
            self.world.pump()
        return made

    def titles(self, mail: int = -1) -> list[str]:
        """What the last e-mail names."""
        text = self.world.mails()[mail]["text"]
        return [line.partition(": ")[2] for line in text.split("\n") if line.startswith("Petite")]


@pytest.fixture
def street(world: World) -> Street:
    return build(world)


@pytest.fixture
def lane(sqlite_world: World) -> Street:
    """The same on SQLite alone: for what no database changes."""
    return build(sqlite_world)


def build(world: World) -> Street:
    world.clock.now = paris(23, 12)
    home = world.community("Les Lilas")
    author = world.member(home, first_name="Odette", email="odette@voisins.example")
    return Street(world, home, author, world.member(home, email="paul@voisins.example"))


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


# when


@pytest.mark.parametrize(
    ("hour", "minute", "leaves"),
    [(0, 5, 0), (7, 59, 0), (8, 0, 1), (12, 0, 1), (21, 29, 1), (21, 30, 0), (23, 59, 0)],
)
def test_it_leaves_by_day(lane: Street, hour: int, minute: int, leaves: int) -> None:
    """Though it is due since yesterday: nothing ran."""
    lane.chooses(lane.reader)
    lane.writes()
    assert lane.comes(paris(25, hour, minute)) == leaves
    assert len(lane.world.mails()) == leaves


def test_what_has_not_left_in_the_evening_never_leaves_at_night(lane: Street) -> None:
    lane.chooses(lane.reader)
    lane.writes()
    lane.world.clock.now = paris(24, 21)
    assert digests.run(lane.world.runtime) == 1
    (queued,) = lane.world.deliveries()
    assert queued.expires_at == paris(24, 21, 30)
    lane.world.clock.now = paris(24, 21, 30)
    lane.world.pump()
    assert lane.world.delivery().state == DeliveryState.EXPIRED


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (paris(23, 8, 29), paris(23, 8, 30)),
        (paris(23, 8, 30), paris(24, 8, 30)),
        (paris(24, 10, 0, month=10), paris(25, 8, 30, month=10)),  # the clocks go back
    ],
)
def test_a_day_s_comes_at_its_hour(lane: Street, now: datetime, due: datetime) -> None:
    assert digest_choice.next_due(lane.world.settings, Every.DAILY, now) == due


@pytest.mark.parametrize("day", [23, 24, 25, 26, 27])
def test_a_week_s_comes_on_friday(lane: Street, day: int) -> None:
    due = digest_choice.next_due(lane.world.settings, Every.WEEKLY, paris(day, 8))
    assert due == paris(27, 8, 30)


def test_a_week_s_comes_once_a_week(street: Street) -> None:
    street.chooses(street.reader, Every.WEEKLY)
    street.writes("Lundi")
    came = []
    for day in (24, 25, 26, 27, 28, 29, 30):
        came.append(street.comes(paris(day, 9)))
        street.writes(f"Le {day}")
    assert came == [0, 0, 0, 1, 0, 0, 0]
    assert street.titles() == ["Lundi", "Le 24", "Le 25", "Le 26"]
    assert street.comes(paris(4, 9, month=12)) == 1
    assert street.titles() == ["Le 27", "Le 28", "Le 29", "Le 30"]


def test_what_came_late_does_not_come_twice_that_day(lane: Street) -> None:
    """Nothing ran on Tuesday: it comes on Wednesday at eight, and then on Thursday."""
    lane.chooses(lane.reader)
    lane.writes("Lundi")
    assert lane.comes(paris(25, 8, 0)) == 1
    lane.writes("Mercredi, huit heures cinq", created_at=paris(25, 8, 5))
    assert lane.comes(paris(25, 8, 31)) == 0
    assert lane.comes(paris(26, 8, 30)) == 1


def test_nothing_new_is_nothing_sent(lane: Street) -> None:
    lane.writes("Avant le choix")
    lane.world.clock.forward(minutes=1)
    lane.chooses(lane.reader)
    assert lane.comes(paris(24, 8, 30)) == 0
    (row,) = lane.world.rows(GazetteDigest)
    assert row.due_at == paris(25, 8, 30)
    assert lane.world.rows(Notice) == []


def test_what_is_written_at_that_very_moment_comes_the_next_time(lane: Street) -> None:
    """It may not be committed yet: nothing is lost, nothing told twice."""
    lane.chooses(lane.reader)
    lane.writes("Hier soir")
    lane.writes("À l'instant", created_at=paris(24, 8, 29))
    assert lane.comes(paris(24, 8, 30)) == 1
    assert lane.titles() == ["Hier soir"]
    assert lane.comes(paris(25, 8, 30)) == 1
    assert lane.titles() == ["À l'instant"]


def test_whoever_changes_between_day_and_week_hears_all_of_it_once(lane: Street) -> None:
    lane.chooses(lane.reader, Every.WEEKLY)
    lane.writes("Lundi")
    lane.world.clock.now = paris(24, 12)
    lane.chooses(lane.reader, Every.DAILY)
    assert lane.comes(paris(25, 8, 30)) == 1
    lane.writes("Mercredi")
    lane.chooses(lane.reader, Every.WEEKLY)
    assert lane.comes(paris(26, 9)) == 0
    assert lane.comes(paris(27, 9)) == 1
    assert [lane.titles(0), lane.titles(1)] == [["Lundi"], ["Mercredi"]]


def test_the_hour_must_be_by_day() -> None:
    with pytest.raises(ValueError, match="21:30"):
        Settings(gazette={"digest": "22:00"})


# exactly once


def test_two_housekeepings_tell_once(world: World) -> None:
    """At the same moment, from threads of their own, again and again."""
    street = build(world)
    readers = [world.member(street.home, email=f"r{n}@voisins.example") for n in range(30)]
    for who in readers:
        street.chooses(who)
    for day in (24, 25, 26):
        street.writes(f"Le {day}")
        world.clock.now = paris(day, 8, 30)
        at_once(world, 3)
    told = [(one.address, one.notice_id) for one in world.deliveries()]
    assert len(told) == len(set(told)) == 30 * 3
    assert {row.due_at for row in world.rows(GazetteDigest)} == {paris(27, 8, 30)}


def at_once(world: World, count: int) -> None:
    """So many housekeepings, each past the duty: a lease may have run out."""
    start, made = threading.Barrier(count), []

    def keep() -> None:
        start.wait()
        with world.store.begin() as session:
            made.append(digests.send_due(Act(session, world.settings, world.clock())))

    threads = [threading.Thread(target=keep) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(made) == 30


def test_one_housekeeping_at_a_time_has_the_duty(lane: Street) -> None:
    lane.chooses(lane.reader)
    lane.writes()
    lane.world.clock.now = paris(24, 8, 30)
    other = replace(lane.world.runtime, worker="elsewhere:1")
    with lane.world.store.begin() as session:
        from dispatch.duty import _take

        assert _take(session, ("digests", other.worker), paris(24, 8, 29), paris(24, 9))
    assert digests.run(lane.world.runtime) == 0
    lane.world.clock.now = paris(24, 9)
    assert digests.run(lane.world.runtime) == 1


def test_a_crash_before_the_commit_leaves_all_of_it_to_be_done(lane: Street) -> None:
    lane.chooses(lane.reader)
    lane.writes()
    lane.world.clock.now = paris(24, 8, 30)
    with suppress(KeyboardInterrupt), lane.world.act() as act:
        assert digests.send_due(act) == 1
        raise KeyboardInterrupt
    assert lane.comes(paris(24, 8, 31)) == 1
    assert len(lane.world.deliveries()) == 1


def test_housekeeping_sends_it(lane: Street) -> None:
    lane.chooses(lane.reader)
    lane.writes()
    lane.world.clock.now = paris(24, 8, 30)
    housekeeping.Housekeeping(lane.world.runtime).tick()
    assert len(lane.world.deliveries()) == 1


def test_a_community_whose_digest_fails_keeps_no_other_waiting(lane: Street) -> None:
    other = lane.world.community("Les Roses")
    writer, reader = (
        lane.world.member(other, email=f"{n}@roses.example") for n in ("ecrit", "lit")
    )
    for who in (lane.reader, reader):
        lane.chooses(who)
    lane.writes(kind="no such kind")
    lane.writes("Fête", by=writer)
    assert lane.comes(paris(24, 8, 30)) == 1
    assert lane.world.delivery().address == "lit@roses.example"


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
