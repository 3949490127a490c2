"""The gazette by e-mail, once a day or a week, to whoever asked for it (S46).

Never by SMS, never unasked, never at night, and never when nothing is new. One transaction
makes a digest and moves its readers on to their next, so that two housekeepings at once, or
one that is cut short, tell everybody once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, insert, update
from sqlmodel import col, exists, select

from community_store import gazette_reading
from community_store.models import (
    DIGEST_NOTICE,
    Audience,
    Community,
    Delivery,
    Every,
    GazetteDigest,
    GazetteEntry,
    Member,
    MemberState,
    Mute,
    Notice,
    Stop,
    Topic,
    Wording,
)
from community_store.store import AWAY
from dispatch import digest_choice, digest_words, duty, metrics, night, wording
from dispatch.act import Act
from dispatch.priority import Priority
from dispatch.runtime import MAIL, Runtime
from gateway.contract import Channel

log = structlog.get_logger(__name__)

SETTLED = timedelta(minutes=2)  # what is written just now may not be committed yet: next time
LOOKED_AT = 500  # readers, to find communities whose digest is due
AT_ONCE = 40  # communities in one transaction: others have to write too
DUTY_SECONDS = 30.0
APART = {Every.DAILY: 1, Every.WEEKLY: 4}  # days at least, when the one before was late


def run(runtime: Runtime) -> int:
    """Make some of the digests that are due, unless another process is at it; how many e-mails."""
    now = runtime.clock()
    if night.is_night(runtime.settings.service.time_zone, now):
        return 0
    with runtime.store.read() as session:
        if not _homes(Act(session, runtime.settings, now)):
            return 0
    if not duty.take(runtime, "digests", DUTY_SECONDS):
        return 0
    with runtime.store.begin() as session:
        return send_due(Act(session, runtime.settings, now))


def send_due(act: Act) -> int:
    """The same in a transaction; a community whose digest fails keeps no other waiting."""
    if night.is_night(act.settings.service.time_zone, act.now):
        return 0
    return sum(_try(act, home) for home in _homes(act))


def _try(act: Act, home: int | None) -> int:
    try:
        with act.session.begin_nested():
            return _send(act, home)
    except AWAY:
        raise
    except Exception:
        log.exception("digest_failed", community=home)
        metrics.TASKS_FAILED.labels("digests").inc()
        return 0


def _homes(act: Act) -> list[int | None]:
    """The communities of those who have waited longest; None (last) for readers of none."""
    first = (
        select(Member.community_id)
        .join(GazetteDigest, col(GazetteDigest.member_id) == col(Member.id))
        .where(GazetteDigest.due_at <= act.now)
        .order_by(col(GazetteDigest.due_at))
        .limit(LOOKED_AT)
        .subquery()
    )
    found = list(act.session.exec(select(first.c.community_id).distinct().limit(AT_ONCE)))
    return sorted(found, key=lambda home: (home is None, home))


@dataclass(frozen=True, slots=True)
class _Group:
    """Readers of one community who are told the same: what is new since `began`."""

    home: int | None
    every: Every
    language: str
    began: datetime


def _send(act: Act, home: int | None) -> int:
    readers = act.session.exec(
        select(GazetteDigest, Member.language)
        .join(Member, col(Member.id) == col(GazetteDigest.member_id))
        .where(GazetteDigest.due_at <= act.now, col(Member.community_id).is_not_distinct_from(home))
        .limit(LOOKED_AT)
    )
    groups: dict[_Group, list[int]] = defaultdict(list)
    for row, language in readers:
        groups[_Group(home, Every(row.every), language, row.told_until)].append(row.member_id)
    return sum(_tell(act, group, ids) for group, ids in groups.items())


def _lives_in(home: int | None) -> ColumnElement[bool]:
    """Not IS NOT DISTINCT FROM, for which PostgreSQL reads all members."""
    mine = col(Member.community_id)
    return mine.is_(None) if home is None else mine == home


def _tell(act: Act, group: _Group, ids: Collection[int]) -> int:
    until = max(act.now - SETTLED, group.began)
    mine = _claim(act, group, ids, until)
    if not mine or group.home is None:
        return 0
    entries = gazette_reading.since(act.session, group.home, group.began, until)
    people = _people(act, group.home, mine, entries) if entries else {}
    if people:
        _write(act, group, people, entries)
    return len(people)


def _claim(act: Act, group: _Group, ids: Collection[int], until: datetime) -> list[int]:
    """Two processes may meet here: whoever moves a reader on tells them."""
    due = digest_choice.next_due(act.settings, group.every, act.now, after=APART[group.every])
    moved = act.session.execute(
        update(GazetteDigest)
        .where(col(GazetteDigest.member_id).in_(ids), col(GazetteDigest.due_at) <= act.now)
        .values(due_at=due, told_until=until)
        .returning(col(GazetteDigest.member_id))
        .execution_options(synchronize_session=False)
    )
    return list(moved.scalars())


def _people(
    act: Act, home: int, ids: Collection[int], entries: Sequence[GazetteEntry]
) -> dict[str, int]:
    """Those who may be told now, by e-mail address; not whoever wrote all of it."""
    authors = {entry.author_id for entry in entries}
    knows = authors if len(authors) == 1 else set()
    found = act.session.exec(
        select(Member.email, Member.id).where(
            col(Member.id).in_([id_ for id_ in ids if id_ not in knows]),
            Member.state == MemberState.ACTIVE,
            Member.community_id == home,
            col(Member.email).is_not(None),
            ~exists().where(
                col(Stop.address) == col(Member.email),
                col(Stop.channel) == Channel.EMAIL.value,
            ),
            ~exists().where(
                col(Mute.member_id) == col(Member.id),
                col(Mute.topic) == Topic.GAZETTE.value,
                col(Mute.channel) == Channel.EMAIL.value,
            ),
        )
    )
    return {email: id_ for email, id_ in found if email and id_ is not None}


def _write(
    act: Act, group: _Group, people: dict[str, int], entries: Sequence[GazetteEntry]
) -> None:
    """One notice and its words for all of them."""
    community = act.session.get_one(Community, group.home)
    notice = Notice(kind=DIGEST_NOTICE, community_id=group.home, created_at=act.now)
    act.session.add(notice)
    act.session.flush()
    words = digest_words.words(act.settings, group.language, community.name, (group.every, entries))
    said = wording.row(words, Audience.PERSON, group.language, notice_id=notice.id)
    act.session.add(said)
    act.session.flush()
    _deliver(act, said, people)


def _deliver(act: Act, said: Wording, people: dict[str, int]) -> None:
    """It leaves after all else, and today or never."""
    values = {
        "notice_id": said.notice_id,
        "wording_id": said.id,
        "audience": Audience.PERSON.value,
        "channel": Channel.EMAIL.value,
        "gateway": MAIL,
        "priority": int(Priority.OTHER),
        "created_at": act.now,
        "due_at": act.now,
        "expires_at": night.evening_of(act.settings.service.time_zone, act.now),
    }
    rows = [values | {"address": email, "member_id": id_} for email, id_ in people.items()]
    act.session.execute(insert(Delivery), rows)
