"""A resident reports something (A11): the référents and the team see it, and decide of it.

A référent removes and warns; only the team suspends. The author is told why, and can write
to the team; who reported is told that somebody looked, and is named to the team alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from sqlmodel import col, select

from community_store import audit, membership
from community_store.errors import RuleError
from community_store.models import (
    Agent,
    Alert,
    AlertState,
    GazetteComment,
    GazetteEntry,
    Member,
    MemberState,
    Outcome,
    RemovedBy,
    Report,
    Reported,
    ReportState,
)
from dispatch import alerts, contacting, notices
from dispatch.act import Act
from gateway.contract import Channel

WAITS = (ReportState.OPEN, ReportState.PASSED_ON)
BY_REFERENT = (Outcome.KEPT, Outcome.REMOVED, Outcome.WARNED)
LONGEST = 300
Remove = Callable[[Act, int, str], None]  # which, and by whom


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that can be reported, as it stands."""

    kind: Reported
    id: int
    text: str
    author: Member | None
    community_id: int | None


def of_alert(act: Act, alert: Alert) -> Thing:
    author = act.session.get(Member, alert.author_id) if alert.author_id else None
    assert alert.id is not None
    return Thing(Reported.ALERT, alert.id, alert.text, author, alert.community_id)


def of_gazette(act: Act, written: GazetteEntry | GazetteComment) -> Thing:
    """An entry of the gazette, or a comment."""
    author = act.session.get(Member, written.author_id) if written.author_id else None
    assert written.id is not None
    if isinstance(written, GazetteEntry):
        text = f"{written.title}\n{written.text}"
        return Thing(Reported.ENTRY, written.id, text, author, written.community_id)
    entry = act.session.get_one(GazetteEntry, written.entry_id)
    return Thing(Reported.COMMENT, written.id, written.text, author, entry.community_id)


def _take_down(table: type[GazetteEntry] | type[GazetteComment]) -> Remove:
    """Nobody reads it any more; its author is told why by what was decided."""

    def remove(act: Act, id_: int, by: str) -> None:
        written = cast("GazetteEntry | GazetteComment | None", act.session.get(table, id_))
        if written is not None and written.removed_at is None:
            written.removed_at, written.removed_by = act.now, _remover(by)
            act.session.add(written)

    return remove


def _remover(by: str) -> RemovedBy:
    return RemovedBy.TEAM if by.startswith("team ") else RemovedBy.REFERENT


def _remove_alert(act: Act, id_: int, _by: str) -> None:
    """It stops going out, and its text is gone; what was sent is sent."""
    alert = act.session.get(Alert, id_)
    if alert is None:
        return
    if alert.state in (AlertState.OPEN, AlertState.HELD):
        alerts.withdraw(act, alert)
    alert.text, alert.lat, alert.lon = "", None, None
    act.session.add(alert)


REMOVE: Mapping[str, Remove] = {
    Reported.ALERT: _remove_alert,
    Reported.ENTRY: _take_down(GazetteEntry),
    Reported.COMMENT: _take_down(GazetteComment),
}


def file(act: Act, by: Member, thing: Thing, why: str) -> Report:
    """Keep a report and ask those who decide, once a thing. Twice is once. Raises RuleError."""
    if thing.author is not None and thing.author.id == by.id:
        raise RuleError("own", "nobody reports what they wrote")
    same = [Report.kind == thing.kind, Report.subject_id == thing.id]
    known = act.session.exec(select(Report).where(*same)).all()
    mine = next((one for one in known if one.reporter_id == by.id), None)
    if mine is not None:
        return mine
    report = Report(
        kind=thing.kind,
        subject_id=thing.id,
        community_id=thing.community_id,
        reporter_id=by.id,
        about_id=thing.author.id if thing.author else None,
        quote=thing.text[:1000],
        why=why[:LONGEST],
        created_at=act.now,
    )
    act.session.add(report)
    act.session.flush()
    if not any(one.state in WAITS for one in known):
        _ask(act, report)
    return report


def _ask(act: Act, report: Report) -> None:
    about = notices.Subject("report_ask", {"page": f"/reports/{report.id}"})
    for person in _referents(act, report):
        to = notices.by_mail(act.session, person) or notices.reach(act.session, person, act.now)
        if to is not None:
            notices.tell(act, to, about)
    if mailbox := contacting.mailbox(act.settings):
        to_team = notices.Addressee(mailbox, channel=Channel.EMAIL)
        notices.tell(act, to_team, notices.Subject("report_ask", {"page": "/team/reports"}))


def _referents(act: Act, report: Report) -> list[Member]:
    if report.community_id is None:
        return []
    found = membership.referents(act.session, report.community_id)
    return [one for one in found if one.id not in (report.about_id, report.reporter_id)]


def may_decide(report: Report, member: Member | None) -> bool:
    """A référent of the place, about somebody else, while it waits for one."""
    return (
        member is not None
        and member.state == MemberState.ACTIVE
        and member.referent
        and member.community_id is not None
        and member.community_id == report.community_id
        and report.state == ReportState.OPEN
        and report.about_id != member.id
    )


def for_referent(act: Act, member: Member) -> list[Report]:
    """The first report of each thing that waits for this référent, eldest first."""
    rows = act.session.exec(
        select(Report)
        .where(Report.state == ReportState.OPEN, Report.community_id == member.community_id)
        .order_by(col(Report.id))
    )
    return _one_each([one for one in rows if may_decide(one, member)])


def for_team(act: Act) -> list[Report]:
    """The first report of each thing that nobody has decided, eldest first."""
    rows = act.session.exec(
        select(Report).where(col(Report.state).in_(WAITS)).order_by(col(Report.id))
    )
    return _one_each(list(rows))


def _one_each(rows: list[Report]) -> list[Report]:
    first: dict[tuple[str, int], Report] = {}
    for row in rows:
        first.setdefault((row.kind, row.subject_id), row)
    return list(first.values())


def same_thing(act: Act, report: Report) -> list[Report]:
    """All that waits about the same thing."""
    rows = act.session.exec(
        select(Report)
        .where(
            Report.kind == report.kind,
            Report.subject_id == report.subject_id,
            col(Report.state).in_(WAITS),
        )
        .order_by(col(Report.id))
    )
    return list(rows)


def pass_on(act: Act, report: Report, *, by: str) -> None:
    """Leave it to the team."""
    for one in same_thing(act, report):
        one.state = ReportState.PASSED_ON
        act.session.add(one)
    audit.note(act.session, by, "passed_on", f"report {report.id}", at=act.now)


def decide(act: Act, report: Report, outcome: Outcome, *, by: str, told: str = "") -> bool:
    """Do what was decided to the thing and its author; False when somebody was quicker.

    Raises RuleError: `reason` when the author would not be told why.
    """
    act.session.refresh(report, with_for_update=True)
    if report.state not in WAITS:
        return False
    if outcome is not Outcome.KEPT and not told.strip():
        raise RuleError("reason", "the author has to be told why")
    for one in same_thing(act, report):
        one.state, one.outcome, one.told = ReportState.DONE, outcome, told[:LONGEST]
        one.decided_by, one.decided_at = by, act.now
        act.session.add(one)
        _tell_reporter(act, one)
    act.session.flush()
    if outcome is not Outcome.KEPT:
        REMOVE[report.kind](act, report.subject_id, by)
        _tell_author(act, report, outcome)
    audit.note(act.session, by, outcome, f"report {report.id}", at=act.now)
    return True


def _tell_author(act: Act, report: Report, outcome: Outcome) -> None:
    author = act.session.get(Member, report.about_id) if report.about_id else None
    if author is None or author.state == MemberState.CLOSED:
        return
    about = notices.Subject(f"report_{outcome}", {"text": report.told})
    to = _reach(act, author)
    if outcome is Outcome.SUSPENDED and author.state != MemberState.SUSPENDED:
        membership.suspend(act.session, author, why=report.told)
    if to is not None:
        notices.tell(act, to, about)


def _tell_reporter(act: Act, report: Report) -> None:
    reporter = act.session.get(Member, report.reporter_id) if report.reporter_id else None
    if reporter is None or reporter.state != MemberState.ACTIVE:
        return
    to = notices.by_mail(act.session, reporter)
    if to is not None:
        notices.tell(act, to, notices.Subject("report_done", {}))


def _reach(act: Act, person: Member | Agent) -> notices.Addressee | None:
    return notices.by_mail(act.session, person) or notices.reach(act.session, person, act.now)
