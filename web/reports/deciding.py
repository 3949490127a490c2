"""/reports and /team/reports: what was reported, and what is to be done of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from community_store.models import Member, Outcome, Report, ReportState
from community_store.visibility import Viewer, visible
from dispatch import masking, reported, reports, wake
from dispatch.catalogue import template
from web import errors, forms, i18n, identity
from web.access import Policy, access
from web.forms import Field, Form
from web.gazette.room import LARGEST_ID
from web.reports import subject, thread
from web.throttle import throttled

reports_pages = Blueprint("reports", __name__)
TOLD = Field("told", "reports.told", hint="reports.told.hint", kind="textarea", longest=300,
             missing="reports.told.missing")  # fmt: skip


@reports_pages.get("/reports")
@access(Policy.REFERENT)
def waiting() -> ResponseReturnValue:
    """What waits for this référent."""
    with identity.runtime().store.read() as db:
        rows = reports.for_referent(identity.act(db), identity.member(db))
        quotes = {one.id: _quoted(one, of_team=False) for one in rows}
        return render_template("reports/list.html", rows=rows, quotes=quotes, of_team=False)


@reports_pages.get("/team/reports")
@access(Policy.TEAM)
def of_team() -> ResponseReturnValue:
    """What waits for anybody."""
    with identity.runtime().store.read() as db:
        rows = reports.for_team(identity.act(db))
        quotes = {one.id: _quoted(one, of_team=True) for one in rows}
        return render_template("reports/list.html", rows=rows, quotes=quotes, of_team=True)


@reports_pages.get("/team/reports/decided")
@access(Policy.TEAM)
def decided() -> ResponseReturnValue:
    """What was removed, for who asks the team why."""
    with identity.runtime().store.read() as db:
        rows = reports.decided(identity.act(db))
        return render_template("reports/decided.html", rows=rows)


@reports_pages.get("/reports/<int:id_>")
@access(Policy.REFERENT)
def one(id_: int) -> ResponseReturnValue:
    with identity.runtime().store.read() as db:
        found = _of_referent(db, id_)
        return _page(db, found, forms.blank((TOLD,))) if found else _over()


@reports_pages.get("/team/reports/<int:id_>")
@access(Policy.TEAM)
def one_of_team(id_: int) -> ResponseReturnValue:
    with identity.runtime().store.read() as db:
        if subject.decided(db, id_):
            return _over(of_team=True)
        return _page(db, subject.recorded(db, id_), forms.blank((TOLD,)), of_team=True)


@reports_pages.post("/reports/<int:id_>")
@access(Policy.REFERENT)
@throttled("120 per hour")
def decide(id_: int) -> ResponseReturnValue:
    """Keep it, remove it, warn; or leave it to the team."""
    with identity.runtime().store.begin() as db:
        report, me = _of_referent(db, id_), identity.member(db)
        if report is None:
            return _over()
        if request.form.get("answer") == ReportState.PASSED_ON:
            reports.pass_on(identity.act(db), report, by=f"referent {me.id}")
            flash("reports.passed_on")
            return redirect(url_for("reports.waiting"), 303)
        answer = _decided(db, report, f"referent {me.id}")
    wake.pump(identity.runtime())
    return answer or redirect(url_for("reports.waiting"), 303)


@reports_pages.post("/team/reports/<int:id_>")
@access(Policy.TEAM)
@throttled("240 per hour")
def decide_of_team(id_: int) -> ResponseReturnValue:
    """The same, or suspend the author."""
    who = identity.whole()
    assert who is not None
    with identity.runtime().store.begin() as db:
        by = f"team {who.person.account.id}"
        report = _waiting(db, id_)
        answer = _decided(db, report, by, of_team=True) if report else _over(of_team=True)
    wake.pump(identity.runtime())
    return answer or redirect(url_for("reports.of_team"), 303)


def _decided(
    db: Session, report: Report, by: str, *, of_team: bool = False
) -> ResponseReturnValue | None:
    """The form again when it lacks a reason; whether they mean it, of what cannot be undone;
    else None.
    """
    said = request.form.get("answer", "")
    if said not in _may(report, of_team=of_team):
        abort(400)
    form, outcome = forms.read((TOLD,)), Outcome(said)
    if outcome is not Outcome.KEPT and not form.ok:
        return _page(db, report, form, of_team=of_team), 422
    if outcome is not Outcome.KEPT and "sure" not in request.form:
        return _sure(report, outcome, form, of_team=of_team)
    done = reports.decide(identity.act(db), report, outcome, by=by, told=form["told"])
    flash(f"reports.done.{said}" if done else "reports.before")
    return None


def _may(report: Report, *, of_team: bool) -> Sequence[Outcome]:
    """What can be decided of it: nobody warns the author of what a town said."""
    all_of_them = tuple(Outcome) if of_team else reports.BY_REFERENT
    return all_of_them if report.about_id else (Outcome.KEPT, Outcome.REMOVED)


def _sure(report: Report, outcome: Outcome, form: Form, *, of_team: bool) -> str:
    """To be sure: what is removed is gone, and whoever was told an alert is told of it."""
    quote = _quoted(report, of_team=of_team)
    return render_template(
        "reports/sure.html", report=report, quote=quote, outcome=outcome, form=form
    )


def _over(*, of_team: bool = False) -> ResponseReturnValue:
    """A colleague, or the team, was quicker: nothing of it is shown any more."""
    return errors.expired(
        "reports.over", ("reports.of_team" if of_team else "reports.waiting", "reports.title")
    )


def _of_referent(db: Session, id_: int) -> Report | None:
    """404 for what never waited for this référent; None for what does no more."""
    act, me, found = identity.act(db), identity.member(db), _known(db, id_)
    if reports.may_decide(act, found, me):
        return found
    if not reports.over_for(act, found, me):
        abort(404)
    return None


def _waiting(db: Session, id_: int) -> Report | None:
    found = _known(db, id_)
    return found if found.state in reports.WAITS else None


def _known(db: Session, id_: int) -> Report:
    found = db.get(Report, id_) if id_ < LARGEST_ID else None
    if found is None:
        abort(404)
    return found


def _page(db: Session, report: Report, form: Form, *, of_team: bool = False) -> str:
    """The team sees who is spoken of and who reported; a référent, only who wrote it."""
    act = identity.act(db)
    all_of_it = reports.same_thing(act, report, anywhere=of_team) or [report]
    reporters = [db.get(Member, one.reporter_id) if one.reporter_id else None for one in all_of_it]
    return render_template(
        "reports/one.html",
        report=report,
        quote=_quoted(report, of_team=of_team),
        author=_author(db, report, of_team=of_team),
        thread=thread.told(
            db,
            report,
            None if of_team else identity.member(db),
            partial(_masked, of_team=of_team),
        ),
        said=[
            (one, visible(who, Viewer.OPERATOR).name if who and of_team else "")
            for one, who in zip(all_of_it, reporters, strict=True)
        ],
        form=form,
        of_team=of_team,
        may=[one.value for one in _may(report, of_team=of_team)],
        page=subject.page_of(db, report) if not of_team else "",
        pictures=subject.pictures(db, report) if of_team else [],
    )


def _quoted(report: Report, *, of_team: bool) -> str:
    """What was reported."""
    return _masked(report.quote, of_team=of_team)


def _masked(text: str, *, of_team: bool) -> str:
    """A référent is a neighbour: plates and numbers are masked (A9)."""
    if of_team or not identity.runtime().settings.alerts.mask:
        return text
    return masking.masked(text, partial(template, i18n.asked().language, "sms"))


def _author(db: Session, report: Report, *, of_team: bool) -> str:
    act = identity.act(db)
    thing = reported.of_report(act, report)
    if not of_team:
        return reported.author_for(act, thing, identity.member(db))
    return visible(thing.author, Viewer.OPERATOR).name if thing.author else ""
