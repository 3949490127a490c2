"""A resident reports something (A11): the référents and the team see it, and decide of it.

A référent removes and warns; only the team suspends. The author is told why, and can write
to the team; who reported is told that somebody looked, and is named to the team alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlmodel import col, select

from community_store import audit, membership
from community_store.errors import RuleError
from community_store.models import (
    Agent,
    Member,
    MemberState,
    Outcome,
    Report,
    Reported,
    ReportState,
)
from dispatch import contacting, notices, reported
from dispatch.act import Act
from dispatch.reported import REMOVE, Thing, partakers
from gateway.contract import Channel

WAITS = (ReportState.OPEN, ReportState.PASSED_ON)
BY_REFERENT = (Outcome.KEPT, Outcome.REMOVED, Outcome.WARNED)
LONGEST = 300
MOST_DECIDED = 100


def file(act: Act, by: Member, thing: Thing, why: str) -> Report:
    """Keep a report and ask those who decide, once a thing. Twice is once, until it is decided:
    then it begins anew, since the thing may have changed. Raises RuleError.
    """
    if thing.author is not None and thing.author.id == by.id:
        raise RuleError("own", "nobody reports what they wrote")
    same = [Report.kind == thing.kind, Report.subject_id == thing.id]
    known = act.session.exec(select(Report).where(*same)).all()
    mine = next((one for one in known if one.reporter_id == by.id), None)
    if mine is not None and mine.state in WAITS:
        return mine
    waiting = [one.community_id for one in known if one.state in WAITS]
    report = mine or Report(kind=thing.kind, subject_id=thing.id, reporter_id=by.id)
    _begin(act, report, thing, why)
    if thing.community_id not in waiting:
        _ask_referents(act, report, referents(act, thing, by))
    if not waiting:
        _ask_team(act)
    return report


def _begin(act: Act, report: Report, thing: Thing, why: str) -> None:
    """The thing as it stands now. What was decided of it before is kept in the audit."""
    report.community_id = thing.community_id
    report.about_id = thing.author.id if thing.author else None
    report.quote, report.why, report.created_at = thing.text[:1000], why[:LONGEST], act.now
    report.state, report.outcome, report.told = ReportState.OPEN, "", ""
    report.decided_by, report.decided_at = "", None
    act.session.add(report)
    act.session.flush()


def _ask_referents(act: Act, report: Report, people: list[Member]) -> None:
    about = notices.Subject("report_ask", {"page": f"/reports/{report.id}"})
    for person in people:
        if (to := _reach(act, person)) is not None:
            notices.tell(act, to, about)


def _ask_team(act: Act) -> None:
    if mailbox := contacting.mailbox(act.settings):
        to_team = notices.Addressee(mailbox, channel=Channel.EMAIL)
        notices.tell(act, to_team, notices.Subject("report_ask", {"page": "/team/reports"}))


def referents(act: Act, thing: Thing, reporter: Member) -> list[Member]:
    """Those who are asked when somebody reports it: none who has a part in it."""
    if thing.community_id is None:
        return []
    part = partakers(act, thing.kind, [thing.id]).get(thing.id, set()) | {reporter.id or 0}
    part |= {thing.author.id or 0} if thing.author else set()
    found = membership.referents(act.session, thing.community_id)
    return [one for one in found if one.id not in part]


def may_decide(act: Act, report: Report, member: Member) -> bool:
    """A référent of the place, about somebody else, while it waits for one."""
    parts = partakers(act, report.kind, [report.subject_id])
    return _waits_for(report, member) and not _has_part(parts, report, member)


def over_for(act: Act, report: Report, member: Member) -> bool:
    """Whether it waited for this référent, and does no more: somebody was quicker."""
    parts = partakers(act, report.kind, [report.subject_id])
    over = report.state != ReportState.OPEN
    return over and _is_for(report, member) and not _has_part(parts, report, member)


def _waits_for(report: Report, member: Member) -> bool:
    return report.state == ReportState.OPEN and _is_for(report, member)


def _is_for(report: Report, member: Member) -> bool:
    return (
        member.state == MemberState.ACTIVE
        and member.referent
        and member.community_id is not None
        and member.community_id == report.community_id
        and report.about_id != member.id
    )


def for_referent(act: Act, member: Member) -> list[Report]:
    """The first report of each thing that waits for this référent, eldest first."""
    rows = act.session.exec(
        select(Report)
        .where(Report.state == ReportState.OPEN, Report.community_id == member.community_id)
        .order_by(col(Report.id))
    )
    mine = [one for one in rows if _waits_for(one, member)]
    letters = [one.subject_id for one in mine if one.kind == Reported.MESSAGE]
    parts = partakers(act, Reported.MESSAGE, letters)
    return _one_each([one for one in mine if not _has_part(parts, one, member)])


def _has_part(parts: Mapping[int, set[int]], report: Report, member: Member) -> bool:
    """Nobody knows who had a part in a message that is forgotten: it is the team's."""
    part = parts.get(report.subject_id)
    return report.kind == Reported.MESSAGE and (part is None or member.id in part)


def for_team(act: Act) -> list[Report]:
    """The first report of each thing that nobody has decided, eldest first."""
    rows = act.session.exec(
        select(Report).where(col(Report.state).in_(WAITS)).order_by(col(Report.id))
    )
    return _one_each(list(rows))


def decided(act: Act) -> list[Report]:
    """By which something was removed of late, for whoever is asked about it; the newest first."""
    rows = act.session.exec(
        select(Report)
        .where(col(Report.outcome).not_in(("", Outcome.KEPT.value)))
        .order_by(col(Report.decided_at).desc(), col(Report.id))
        .limit(MOST_DECIDED)
    )
    return _one_each(list(rows))


def removes(report: Report) -> bool:
    """Whether something was removed by it."""
    return report.state == ReportState.DONE and report.outcome != Outcome.KEPT


def _one_each(rows: list[Report]) -> list[Report]:
    first: dict[tuple[str, int], Report] = {}
    for row in rows:
        first.setdefault((row.kind, row.subject_id), row)
    return list(first.values())


def same_thing(act: Act, report: Report, *, anywhere: bool) -> list[Report]:
    """All that waits about the same thing: `anywhere`, or for the same référents. A message to
    a group can be reported in two communities.
    """
    rows = act.session.exec(
        select(Report)
        .where(
            Report.kind == report.kind,
            Report.subject_id == report.subject_id,
            col(Report.state).in_(WAITS),
        )
        .order_by(col(Report.id))
    )
    return [one for one in rows if anywhere or one.community_id == report.community_id]


def pass_on(act: Act, report: Report, *, by: str) -> None:
    """Leave it to the team."""
    for one in same_thing(act, report, anywhere=False):
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
    gone = outcome is not Outcome.KEPT  # for everybody: nobody has to decide of it any more
    for one in same_thing(act, report, anywhere=gone or reported.of_team(by)):
        one.state, one.outcome, one.told = ReportState.DONE, outcome, told[:LONGEST]
        one.decided_by, one.decided_at = by, act.now
        act.session.add(one)
        _tell_reporter(act, one)
    act.session.flush()
    if gone:
        if reported.stands(act.session, report):
            REMOVE[report.kind](act, report.subject_id, by, report.told)
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
