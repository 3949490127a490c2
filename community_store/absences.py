"""Absences, as they are told to chosen neighbours and to nobody else (S48).

Days are those of the service's time zone: the caller says which day it is. One that is
over is over for everybody at once; retention erases it within the hour.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_
from sqlmodel import Session, col, select

from community_store import circles, visibility
from community_store.models import Absence, AbsenceWatcher, Member, MemberState

AT_ONCE = 50  # shown on a page


@dataclass(frozen=True, slots=True)
class Mine:
    """An absence of the reader's, with the names of those who know of it."""

    absence: Absence
    watchers: Sequence[str]


@dataclass(frozen=True, slots=True)
class Confided:
    """What a neighbour told the reader."""

    absence: Absence
    name: str
    street: str


def mine(session: Session, me: Member, today: date) -> list[Mine]:
    """One's own that are not over, the next first."""
    own = session.exec(
        select(Absence)
        .where(col(Absence.member_id) == me.id, col(Absence.ends_on) >= today)
        .order_by(col(Absence.starts_on), col(Absence.id))
    ).all()
    names = _watchers(session, me, [one.id or 0 for one in own])
    return [Mine(one, names.get(one.id or 0, [])) for one in own]


def _watchers(session: Session, me: Member, ids: Collection[int]) -> dict[int, list[str]]:
    """Those who still live here, by name."""
    rows = session.exec(
        select(AbsenceWatcher.absence_id, Member)
        .join(Member, col(Member.id) == col(AbsenceWatcher.member_id))
        .where(col(AbsenceWatcher.absence_id).in_(ids), _lives_by(me))
        .order_by(col(Member.last_name), col(Member.id))
    ).all()
    names: dict[int, list[str]] = {}
    for id_, member in rows:
        name = visibility.visible(member, visibility.Viewer.NEIGHBOUR).called
        names.setdefault(id_, []).append(name)
    return names


def _lives_by(me: Member) -> ColumnElement[bool]:
    """A member is an active neighbour of the reader; never a twin."""
    return and_(
        col(Member.community_id) == me.community_id, col(Member.state) == MemberState.ACTIVE.value
    )


def confided(session: Session, me: Member, today: date) -> list[Confided]:
    """What neighbours told one, and is not over: the soonest first. Nothing of those whom one
    blocked, who are not told so: they still read one's name among those who know.
    """
    rows = session.exec(
        select(Absence, Member)
        .join(AbsenceWatcher, col(AbsenceWatcher.absence_id) == col(Absence.id))
        .join(Member, col(Member.id) == col(Absence.member_id))
        .where(col(AbsenceWatcher.member_id) == me.id, col(Absence.ends_on) >= today, _lives_by(me))
        .where(col(Absence.member_id).not_in(circles.blocked(session, me)))
        .order_by(col(Absence.starts_on), col(Absence.id))
        .limit(AT_ONCE)
    ).all()
    return [_confided(absence, member) for absence, member in rows]


def _confided(absence: Absence, member: Member) -> Confided:
    seen = visibility.visible(member, visibility.Viewer.NEIGHBOUR)
    return Confided(absence, seen.called, seen.address)


def own(session: Session, me: Member, ref: int, today: date) -> Absence | None:
    """One's own by its id, unless it is over; another's is not there."""
    found = session.get(Absence, ref) if ref < 2**31 else None
    theirs = found is None or found.member_id != me.id or found.ends_on < today
    return None if theirs else found


def end(session: Session, absence: Absence) -> None:
    """It is over, and nobody's business any more."""
    session.delete(absence)
    session.flush()
