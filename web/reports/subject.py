"""What was reported, to be looked at: the page of it for référents, its pictures for the team."""

from __future__ import annotations

from flask import Blueprint, abort, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from community_store import gazette_reading
from community_store.gazette_reading import Standing
from community_store.models import Alert, GazettePicture, Report, Reported, ReportState
from dispatch import reported, reports
from dispatch.pictures import Size
from web import identity
from web.access import Policy, access
from web.alerts.room import me, readable
from web.gazette.room import LARGEST_ID
from web.gazette.showing import send

subject_pages = Blueprint("subject", __name__, url_prefix="/team/reports")


@subject_pages.get("/<int:id_>/pictures/<int:picture>/<size>")
@access(Policy.TEAM)
def picture(id_: int, picture: int, size: str) -> ResponseReturnValue:
    """A picture of what a report is about, and of nothing else."""
    if size not in set(Size):
        abort(404)
    with identity.runtime().store.read() as db:
        wanted = [one for one in pictures(db, recorded(db, id_)) if one.id == picture]
    if not wanted:
        abort(404)
    return send(wanted[0], Size(size))


def recorded(db: Session, id_: int) -> Report:
    """A report that waits, or by which something was removed; 404 for others."""
    found = db.get(Report, id_) if id_ < LARGEST_ID else None
    if found is None or not (found.state in reports.WAITS or reports.removes(found)):
        abort(404)
    return found


def decided(db: Session, id_: int) -> bool:
    """Whether it was kept: there is nothing to look at any more."""
    found = db.get(Report, id_) if id_ < LARGEST_ID else None
    return found is not None and found.state == ReportState.DONE and not reports.removes(found)


def pictures(db: Session, report: Report) -> list[GazettePicture]:
    """Those that a reported entry has now, removed or not."""
    if report.kind != Reported.ENTRY or not reported.stands(db, report):
        return []
    return gazette_reading.pictures(db, [report.subject_id]).get(report.subject_id, [])


def page_of(db: Session, report: Report) -> str:
    """Where a référent reads it among the rest; "" for what they may not, and for messages."""
    if not reported.stands(db, report):
        return ""
    if report.kind == Reported.ALERT:
        alert = db.get(Alert, report.subject_id)
        may = alert is not None and readable(db, me(db), [alert])
        return url_for("alerts.one", ref=report.subject_id) if may else ""
    entry, anchor = _entry_of(db, report)
    reader, now = identity.member(db), identity.act(db).now
    found = gazette_reading.opened(db, reader, entry) if entry else None
    if found is None or gazette_reading.standing(*found, reader, now) is not Standing.READ:
        return ""
    return url_for("gazette.one", entry=entry, _anchor=anchor)


def _entry_of(db: Session, report: Report) -> tuple[int, str | None]:
    """The entry, or the one that a comment is said to; 0 for none."""
    if report.kind == Reported.ENTRY:
        return report.subject_id, None
    if report.kind != Reported.COMMENT:
        return 0, None
    found = gazette_reading.comment(db, identity.member(db), report.subject_id)
    return (found[0].entry_id, "comments") if found else (0, None)
