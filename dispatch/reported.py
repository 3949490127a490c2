"""What can be reported (A11): as it stands, who has a part in it, and how it is removed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, false, or_, update
from sqlmodel import Session, col, select

from community_store import circles
from community_store.models import (
    Alert,
    AlertState,
    Delivery,
    GazetteComment,
    GazetteEntry,
    Member,
    Message,
    Notice,
    Outcome,
    Participant,
    RemovedBy,
    Reply,
    ReplyKind,
    Report,
    Reported,
)
from community_store.visibility import viewer_of, visible
from dispatch import alerts, followups, outbox
from dispatch.act import Act

Remove = Callable[[Act, int, str, str], None]  # which, by whom, and why


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that can be reported, as it stands."""

    kind: Reported
    id: int
    text: str
    author: Member | None
    community_id: int | None


def of_alert(act: Act, alert: Alert) -> Thing:
    """With what its author told everybody since."""
    author = act.session.get(Member, alert.author_id) if alert.author_id else None
    assert alert.id is not None
    added = act.session.exec(
        select(Reply.text)
        .where(Reply.alert_id == alert.id, Reply.kind == ReplyKind.FOLLOWUP, _by_author(alert))
        .order_by(col(Reply.id))
    )
    text = "\n".join(one for one in (alert.text, *added) if one)
    return Thing(Reported.ALERT, alert.id, text, author, alert.community_id)


def of_gazette(act: Act, written: GazetteEntry | GazetteComment) -> Thing:
    """An entry of the gazette, or a comment."""
    author = act.session.get(Member, written.author_id) if written.author_id else None
    assert written.id is not None
    if isinstance(written, GazetteEntry):
        text = f"{written.title}\n{written.text}"
        return Thing(Reported.ENTRY, written.id, text, author, written.community_id)
    entry = act.session.get_one(GazetteEntry, written.entry_id)
    return Thing(Reported.COMMENT, written.id, written.text, author, entry.community_id)


def of_message(act: Act, message: Message, reporter: Member) -> Thing:
    """It is for the référents of whoever reports it, as long as they live where it was written;
    of another community's people, those would read what is none of theirs.
    """
    author = act.session.get(Member, message.author_id) if message.author_id else None
    assert message.id is not None
    seat = _seat(act, message, reporter)
    place = reporter.community_id if seat and circles.stays(seat, reporter) else None
    return Thing(Reported.MESSAGE, message.id, message.text, author, place)


def _seat(act: Act, message: Message | None, member: Member) -> Participant | None:
    """Somebody's place in the conversation of a message."""
    if message is None:
        return None
    return act.session.get(Participant, (message.conversation_id, member.id))


def of_report(act: Act, report: Report) -> Thing:
    """The thing as it was when it was reported."""
    author = act.session.get(Member, report.about_id) if report.about_id else None
    kind = Reported(report.kind)
    return Thing(kind, report.subject_id, report.quote, author, report.community_id)


def stands(session: Session, report: Report) -> bool:
    """Whether what was reported is there: what was written since may have got its number, which
    SQLite gives again when the last of a table is gone.
    """
    found: Any = session.get(TABLES[Reported(report.kind)], report.subject_id)
    return found is not None and found.created_at <= report.created_at


def removals(session: Session, kind: Reported, ids: Collection[int]) -> dict[int, Report]:
    """The reports by which things were removed, by the thing; one question for all of them."""
    if not ids:
        return {}
    query = select(Report).where(
        Report.kind == kind,
        col(Report.subject_id).in_(ids),
        col(Report.outcome).not_in(("", Outcome.KEPT.value)),
    )
    newest_first = query.order_by(col(Report.id).desc())
    return {one.subject_id: one for one in session.exec(newest_first)}  # the first one stays


def remover(report: Report) -> RemovedBy:
    """Who removed what was reported: a référent, or the team."""
    return _remover(report.decided_by)


def partakers(act: Act, kind: str, ids: Collection[int]) -> dict[int, set[int]]:
    """Who is, or was, in the conversation of each message: they do not judge of it."""
    if kind != Reported.MESSAGE or not ids:
        return {}
    found: dict[int, set[int]] = {}
    for id_, member in act.session.exec(
        select(Message.id, Participant.member_id)
        .join(Participant, col(Participant.conversation_id) == col(Message.conversation_id))
        .where(col(Message.id).in_(ids))
    ):
        found.setdefault(id_ or 0, set()).add(member)
    return found


def author_for(act: Act, thing: Thing, reader: Member) -> str:
    """What a référent, or who reports, may call whoever wrote it; "" for nobody they know.

    Nothing gives a pseudonym its name: who has moved since is nobody any more.
    """
    author = thing.author
    if author is None:
        return ""
    if thing.kind is not Reported.MESSAGE:
        return visible(author, viewer_of(act.session, reader, author)).name
    message = act.session.get(Message, thing.id)
    seat = _seat(act, message, author)
    if seat is None or not circles.stays(seat, author):
        return ""
    return visible(author, viewer_of(act.session, reader, author)).called


def _take_down(table: type[GazetteEntry] | type[GazetteComment]) -> Remove:
    """Nobody reads it any more but its author, with the reason if it is an entry."""

    def remove(act: Act, id_: int, by: str, why: str) -> None:
        written = cast("GazetteEntry | GazetteComment | None", act.session.get(table, id_))
        if written is not None and written.removed_at is None:
            written.removed_at, written.removed_by = act.now, _remover(by)
            if isinstance(written, GazetteEntry):
                written.removed_why = why
            act.session.add(written)

    return remove


def _remover(by: str) -> RemovedBy:
    return RemovedBy.TEAM if of_team(by) else RemovedBy.REFERENT


def of_team(by: str) -> bool:
    """Whether the team did it, by what the audit says of who did."""
    return by.startswith("team ")


def _remove_message(act: Act, id_: int, _by: str, _why: str) -> None:
    """All who had it see that it was removed; its words are left in the report alone."""
    message = act.session.get(Message, id_)
    if message is not None:
        message.text, message.removed_at = "", act.now
        act.session.add(message)


def _remove_alert(act: Act, id_: int, _by: str, _why: str) -> None:
    """It stops going out, and its text is gone; what was sent is sent."""
    alert = act.session.get(Alert, id_)
    if alert is None:
        return
    _silence(act, alert)
    if alert.state in (AlertState.OPEN, AlertState.HELD):
        alerts.withdraw(act, alert)
    alert.text, alert.lat, alert.lon = "", None, None
    act.session.add(alert)


def _silence(act: Act, alert: Alert) -> None:
    """What was told to all since says the same again; so may what its author answered."""
    said = or_(col(Reply.kind) == ReplyKind.FOLLOWUP.value, _by_author(alert))
    act.session.execute(
        update(Reply).where(col(Reply.alert_id) == alert.id, said).values(text=""),
        execution_options={"synchronize_session": "fetch"},
    )
    waiting = select(Delivery.id).join(Notice, col(Notice.id) == col(Delivery.notice_id))
    rows = act.session.exec(
        waiting.where(Notice.alert_id == alert.id, col(Notice.kind).in_(followups.KINDS))
    )
    outbox.cancel(act.session, [one for one in rows if one is not None], "removed", act.now)


def _by_author(alert: Alert) -> ColumnElement[bool]:
    if alert.author_id is not None:
        return col(Reply.member_id) == alert.author_id
    return false() if alert.agent_id is None else col(Reply.agent_id) == alert.agent_id


TABLES: Mapping[Reported, type[Alert | GazetteEntry | GazetteComment | Message]] = {
    Reported.ALERT: Alert,
    Reported.ENTRY: GazetteEntry,
    Reported.COMMENT: GazetteComment,
    Reported.MESSAGE: Message,
}
REMOVE: Mapping[str, Remove] = {
    Reported.ALERT: _remove_alert,
    Reported.ENTRY: _take_down(GazetteEntry),
    Reported.COMMENT: _take_down(GazetteComment),
    Reported.MESSAGE: _remove_message,
}
