"""What reports hold of a member, who made them or was reported: given out, and erased (S84)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, update
from sqlmodel import Session, SQLModel, col, or_, select

from community_store.models import Member, Outcome, Report, Reported

Columns = Callable[[SQLModel], dict[str, Any]]
MADE = ("kind", "subject_id", "why", "state", "outcome", "created_at", "decided_at")
ABOUT = ("kind", "subject_id", "quote", "state", "outcome", "told", "created_at", "decided_at")


def export(session: Session, member: Member, columns: Columns) -> dict[str, Any]:
    """What they reported; and what was reported of them, without who did or in which words."""

    def rows(which: ColumnElement[bool], shown: Sequence[str]) -> list[dict[str, Any]]:
        found = session.exec(select(Report).where(which).order_by(col(Report.id)))
        return [{name: row[name] for name in shown} for row in map(columns, found)]

    return {
        "reports_made": rows(col(Report.reporter_id) == member.id, MADE),
        "reports_about_me": rows(_about(member), ABOUT),
    }


def _about(member: Member) -> ColumnElement[bool]:
    """Only who was sent a message can have reported it: that there is such a report would tell
    who did, as long as nothing came of it that the member was told.
    """
    came = col(Report.outcome).not_in(("", Outcome.KEPT.value))
    public = col(Report.kind) != Reported.MESSAGE.value
    return (col(Report.about_id) == member.id) & or_(public, came)


def erase(session: Session, member: Member) -> None:
    """What they wrote and what was quoted of them; that there was a report stays."""
    by, about = col(Report.reporter_id) == member.id, col(Report.about_id) == member.id
    session.execute(update(Report).where(by).values(reporter_id=None, why=""))
    session.execute(update(Report).where(about).values(about_id=None, quote="", told=""))
