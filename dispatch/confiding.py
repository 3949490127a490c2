"""Telling chosen neighbours that one is away (S48)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import col, func, select

from community_store import blocks, correspondents
from community_store.errors import NotFound, RuleError
from community_store.models import Absence, AbsenceWatcher, Member
from community_store.store import lock
from dispatch import heralding
from dispatch.act import Act

MOST_WATCHERS = 20
MOST_ABSENCES = 5  # of one person at a time
LONGEST = timedelta(days=366)
PATH = "/messages/"  # where they are told of: no address says what it is about


@dataclass(frozen=True, slots=True)
class Away:
    """From one day to another, both included, with a word for those who are told."""

    starts_on: date
    ends_on: date
    note: str = ""


def today(act: Act) -> date:
    """The day it is where the service is."""
    return act.now.astimezone(ZoneInfo(act.settings.service.time_zone)).date()


def require(act: Act, away: Away) -> None:
    """Raises RuleError: "past", "backwards", "far"."""
    if away.ends_on < away.starts_on:
        raise RuleError("backwards", "it ends before it begins")
    if away.ends_on < today(act):
        raise RuleError("past", "it is over already")
    if away.ends_on > today(act) + LONGEST:
        raise RuleError("far", "it ends more than a year from now")


def confide(act: Act, member: Member, ids: Collection[int], away: Away) -> Absence:
    """Tell chosen neighbours. The same twice is once.

    Raises NotFound for somebody who is no neighbour, RuleError as `require` does, "crowd"
    for too many of them, "too_many" for too many absences.
    """
    require(act, away)
    watchers = neighbours(act, member, ids)
    if not 1 <= len(watchers) <= MOST_WATCHERS:
        raise RuleError("crowd", f"1 to {MOST_WATCHERS} neighbours can be told")
    lock(act.session, f"absence:{member.id}")
    repeated = _same(act, member, away, {one.id or 0 for one in watchers})
    return repeated or _make(act, member, watchers, away)


def neighbours(act: Act, member: Member, ids: Collection[int]) -> list[Member]:
    """Those whom one chose; a twin is none of them. Raises NotFound."""
    people = correspondents.chosen(act.session, member, ids)
    if any(one.place for one in people):
        raise NotFound("an absence is for neighbours")
    query = select(Member).where(col(Member.id).in_([one.id for one in people]))
    return list(act.session.exec(query.order_by(col(Member.id))))


def _same(act: Act, member: Member, away: Away, told: set[int]) -> Absence | None:
    """The same absence, told to the same people a moment ago."""
    found = act.session.exec(
        select(Absence).where(
            Absence.member_id == member.id,
            Absence.starts_on == away.starts_on,
            Absence.ends_on == away.ends_on,
            Absence.note == away.note,
            col(Absence.created_at) > act.now - timedelta(minutes=1),
        )
    )
    return next((one for one in found if _told(act, one) == told), None)


def _told(act: Act, absence: Absence) -> set[int]:
    query = select(AbsenceWatcher.member_id).where(AbsenceWatcher.absence_id == absence.id)
    return set(act.session.exec(query))


def _make(act: Act, member: Member, watchers: list[Member], away: Away) -> Absence:
    going_on = select(func.count()).where(
        Absence.member_id == member.id, col(Absence.ends_on) >= today(act)
    )
    if act.session.exec(going_on).one() >= MOST_ABSENCES:
        raise RuleError("too_many", f"{MOST_ABSENCES} absences are told of already")
    made = Absence(
        member_id=member.id or 0, starts_on=away.starts_on, ends_on=away.ends_on, note=away.note,
        created_at=act.now,
    )  # fmt: skip
    act.session.add(made)
    act.session.flush()
    for one in watchers:
        act.session.add(AbsenceWatcher(absence_id=made.id or 0, member_id=one.id or 0))
    act.session.flush()
    deaf = blocks.deaf(act.session, member, [one.id or 0 for one in watchers])
    heralding.announce(act, member, [one for one in watchers if one.id not in deaf], PATH)
    return made
