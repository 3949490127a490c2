"""The gazette by e-mail: by day, and exactly once."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import pytest

from community_store.models import (
    DeliveryState,
    Every,
    GazetteDigest,
    Notice,
)
from config import Settings
from dispatch import digest_choice, digests, housekeeping
from dispatch.act import Act
from tests.dispatch.readers import Street, build, paris
from tests.dispatch.world import World

pytestmark = pytest.mark.both


@pytest.fixture
def street(world: World) -> Street:
    return build(world)


@pytest.fixture
def lane(sqlite_world: World) -> Street:
    """The same on SQLite alone: for what no database changes."""
    return build(sqlite_world)


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
