"""What is said to an entry: added, said otherwise, taken back."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from community_store import gazette, gazette_reading
from community_store.errors import RuleError
from community_store.gazette import Terms
from community_store.models import GazetteComment
from web import forms, identity
from web.access import Policy, access
from web.forms import Form
from web.gazette.listing import COMMENT, page
from web.gazette.room import LARGEST_ID, read, room
from web.throttle import throttled

OFTEN = "60 per hour"


@room.post("/<int:entry>/comments")
@access(Policy.MEMBER)
@throttled(OFTEN)
def comment(entry: int) -> ResponseReturnValue:
    """Add what one has to say; a second press adds nothing."""
    runtime, form = identity.runtime(), forms.read((COMMENT,))
    if form.ok:
        try:
            with runtime.store.begin() as db:
                found = read(db, entry)
                terms = Terms(found.act.now, runtime.settings.gazette.comments_a_day)
                gazette.comment(db, found.entry, found.me, form["comment"], terms=terms)
        except RuleError as error:
            form.wrong("comment", f"gazette.comment.not.{error.code}", **error.facts)
        else:
            flash("gazette.comment.written")
            return redirect(url_for("gazette.one", entry=entry, _anchor="comments"), 303)
    with runtime.store.read() as db:
        return page(read(db, entry), form), 422


@room.get("/comments/<int:comment_id>/edit")
@access(Policy.MEMBER)
def edit_comment(comment_id: int) -> ResponseReturnValue:
    """One's own, as it stands."""
    with identity.runtime().store.read() as db:
        mine = _mine(db, comment_id)
        return _form(mine, forms.blank((COMMENT,), comment=mine.text))


def _form(comment: GazetteComment, form: Form) -> str:
    return render_template("gazette/comment.html", comment=comment, form=form)


@room.post("/comments/<int:comment_id>/edit")
@access(Policy.MEMBER)
@throttled(OFTEN)
def change_comment(comment_id: int) -> ResponseReturnValue:
    """Said otherwise."""
    form = forms.read((COMMENT,))
    with identity.runtime().store.begin() as db:
        mine = _mine(db, comment_id)
        if not form.ok:
            return _form(mine, form), 422
        gazette.edit_comment(db, mine, form["comment"], identity.act(db).now)
    flash("gazette.comment.edited")
    return redirect(url_for("gazette.one", entry=mine.entry_id, _anchor="comments"), 303)


@room.get("/comments/<int:comment_id>/remove")
@access(Policy.MEMBER)
def ask_remove_comment(comment_id: int) -> ResponseReturnValue:
    """To be sure."""
    with identity.runtime().store.read() as db:
        found = _removable(db, comment_id)
        return render_template("gazette/remove_comment.html", comment=found)


@room.post("/comments/<int:comment_id>/remove")
@access(Policy.MEMBER)
@throttled(OFTEN)
def remove_comment(comment_id: int) -> ResponseReturnValue:
    """Nobody reads it any more."""
    with identity.runtime().store.begin() as db:
        found = _removable(db, comment_id)
        gazette.remove(db, found, identity.member(db), now=identity.act(db).now)
    flash("gazette.comment.removed")
    return redirect(url_for("gazette.one", entry=found.entry_id, _anchor="comments"), 303)


def _comment(db: Session, comment_id: int) -> GazetteComment:
    """404 for a comment of another community, or that nobody reads any more."""
    found = (
        gazette_reading.comment(db, identity.member(db), comment_id)
        if comment_id < LARGEST_ID
        else None
    )
    if found is None:
        abort(404)
    comment, entry = found
    read(db, entry.id or 0)
    return comment


def _mine(db: Session, comment_id: int) -> GazetteComment:
    found = _comment(db, comment_id)
    if not gazette.may_edit(identity.member(db), found):
        abort(404)
    return found


def _removable(db: Session, comment_id: int) -> GazetteComment:
    found = _comment(db, comment_id)
    if not gazette.may_remove(identity.member(db), found):
        abort(404)
    return found
