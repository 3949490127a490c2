"""/report: a resident says what is wrong with something that others wrote (A11)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NoReturn

from flask import Blueprint, abort, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from community_store import conversations
from community_store.errors import RuleError
from community_store.gazette_reading import Standing
from community_store.models import GazetteComment, Reported
from community_store.visibility import viewers_of, visible
from dispatch import reported, reports, wake
from dispatch.reported import Thing
from web import errors, forms, identity
from web.access import Policy, access
from web.alerts.room import opened
from web.forms import Field, Form
from web.gazette import room as gazette
from web.throttle import throttled

filing = Blueprint("filing", __name__, url_prefix="/report")
WHY = Field("why", "reports.why", hint="reports.why.hint", kind="textarea", longest=300,
            missing="reports.why.missing")  # fmt: skip


def _alert(db: Session, id_: int) -> tuple[Thing, str]:
    found = opened(db, id_)
    return reported.of_alert(found.act, found.alert), url_for("alerts.one", ref=id_)


def _entry(db: Session, id_: int) -> tuple[Thing, str]:
    read = _read(db, id_)
    return reported.of_gazette(read.act, read.entry), url_for("gazette.one", entry=id_)


def _read(db: Session, id_: int) -> gazette.Opened:
    found = gazette.opened(db, id_)
    if found.standing is Standing.GONE:
        _gone(db, found.entry.author_id)
    return found


def _gone(db: Session, author_id: int | None) -> NoReturn:
    """To who could read it before, and perhaps still has it before their eyes."""
    if author_id == identity.member(db).id:
        abort(404)
    abort(make_response(errors.expired("reports.gone")))


def _comment(db: Session, id_: int) -> tuple[Thing, str]:
    written = db.get(GazetteComment, id_) if id_ < gazette.LARGEST_ID else None
    if written is None:
        abort(404)
    read = _read(db, written.entry_id)  # whoever reads the entry reads it
    if written.removed_at is not None:
        _gone(db, written.author_id)
    return reported.of_gazette(read.act, written), url_for("gazette.one", entry=written.entry_id)


def _message(db: Session, id_: int) -> tuple[Thing, str]:
    me = identity.member(db)
    written = conversations.message(db, me, id_)
    if written is None:
        abort(404)
    page = url_for("messages.one", ref=written.conversation_id, _anchor=f"m{id_}")
    return reported.of_message(identity.act(db), written, me), page


# what can be reported: the thing if the reader may have it (else 404), and where it stands
FOUND: Mapping[str, Callable[[Session, int], tuple[Thing, str]]] = {
    Reported.ALERT: _alert,
    Reported.ENTRY: _entry,
    Reported.COMMENT: _comment,
    Reported.MESSAGE: _message,
}


def found(db: Session, kind: str, id_: int) -> tuple[Thing, str]:
    """404 for what the reader may not have, or wrote; a word for what is gone: the report by
    which it was removed says so, and must not begin anew.
    """
    if kind not in FOUND:
        abort(404)
    thing, page = FOUND[kind](db, id_)
    if thing.author is not None and thing.author.id == identity.member(db).id:
        abort(404)
    if not thing.text:
        _gone(db, None)
    return thing, page


@filing.get("/<kind>/<int:id_>")
@access(Policy.MEMBER)
def ask(kind: str, id_: int) -> ResponseReturnValue:
    """What is wrong with it?"""
    with identity.runtime().store.read() as db:
        return _page(db, kind, id_, forms.blank((WHY,)))


@filing.post("/<kind>/<int:id_>")
@access(Policy.MEMBER)
@throttled("20 per hour")
def file(kind: str, id_: int) -> ResponseReturnValue:
    """Keep it; those who decide are asked."""
    form, runtime = forms.read((WHY,)), identity.runtime()
    if not form.ok:
        with runtime.store.read() as db:
            return _page(db, kind, id_, form), 422
    try:
        with runtime.store.begin() as db:
            thing, page = found(db, kind, id_)
            reports.file(identity.act(db), identity.member(db), thing, form["why"])
    except RuleError:  # their own: only a changed form says so
        abort(404)
    wake.pump(runtime)
    flash("reports.filed")
    return redirect(page, 303)


def _page(db: Session, kind: str, id_: int, form: Form) -> str:
    """Who reports a message, which others were not to read, sees first who will read what."""
    thing, page = found(db, kind, id_)
    act, me = identity.act(db), identity.member(db)
    readers = reports.referents(act, thing, me)
    viewers = viewers_of(db, me, readers)
    return render_template(
        "reports/file.html",
        form=form,
        page=page,
        thing=thing,
        author=reported.author_for(act, thing, me),
        is_twin=thing.author is not None and thing.author.community_id != thing.community_id,
        readers=[visible(one, viewers[one.id or 0]).name for one in readers],
    )
