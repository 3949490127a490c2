"""What was told to all since an alert that is reported: nobody can report it apart, and what is
wrong may stand there (A11).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from community_store.models import Agent, Member, Reply, ReplyKind, Report, Reported
from community_store.visibility import Viewer, viewers_of, visible
from web import i18n

MOST = 200


@dataclass(frozen=True, slots=True)
class Line:
    """`name` as far as the reader may know it, "" for nobody they know."""

    name: str
    time: str
    text: str


def told(
    db: Session, report: Report, reader: Member | None, masked: Callable[[str], str]
) -> list[Line]:
    """Oldest first; `reader` is a référent, None for the team. As many questions for a hundred
    as for one.
    """
    if report.kind != Reported.ALERT:
        return []
    said = db.exec(
        select(Reply)
        .where(
            Reply.alert_id == report.subject_id,
            Reply.kind == ReplyKind.FOLLOWUP,
            Reply.text != "",
        )
        .order_by(col(Reply.id))
        .limit(MOST)
    ).all()
    names = _names(db, said, reader)
    return [
        Line(
            names.get((one.member_id, one.agent_id), ""),
            i18n.asked().moment(one.created_at),
            masked(one.text),
        )
        for one in said
    ]


def _names(
    db: Session, said: Sequence[Reply], reader: Member | None
) -> dict[tuple[int | None, int | None], str]:
    wanted, agents = {one.member_id for one in said}, {one.agent_id for one in said}
    members = db.exec(select(Member).where(col(Member.id).in_(wanted - {None}))).all()
    seen = viewers_of(db, reader, members) if reader is not None else {}
    names: dict[tuple[int | None, int | None], str] = {
        (one.id, None): visible(one, seen.get(one.id or 0, Viewer.OPERATOR)).name for one in members
    }
    for agent in db.exec(select(Agent).where(col(Agent.id).in_(agents - {None}))):
        names[None, agent.id] = agent.name
    return names
