"""/referent/help: a référent asks the team, by the same way as the contact form (S71)."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from community_store.visibility import full_name
from dispatch import contacting
from dispatch.contacting import About, Message, Who
from web import contact, forms, identity
from web.access import Policy, access
from web.community.room import looked_after
from web.forms import Form
from web.referent.room import room
from web.throttle import throttled

FIELDS = (contact.ANSWER_TO, contact.TEXT)


@room.get("/help")
@access(Policy.REFERENT)
def ask() -> ResponseReturnValue:
    """The form, with where we would answer."""
    return _page(forms.blank(FIELDS, answer_to=contact.mine().get("answer_to", "")))


@room.post("/help")
@access(Policy.REFERENT)
@throttled("10 per hour; 30 per day")
def send_help() -> ResponseReturnValue:
    """Queue the mail; what is wrong is said, with what was typed still there."""
    form = forms.read(FIELDS)
    address = contact.read_address(form)
    if not form.ok or not _sent(form, address):
        return _page(form), 422
    flash("referent.help.sent")
    return redirect(url_for("referent.tools"), 303)


def _page(form: Form) -> str:
    box = contacting.mailbox(identity.runtime().settings)
    return render_template("referent/help.html", form=form, open=bool(box))


def _sent(form: Form, address: str) -> bool:
    def write(db: Session) -> Message:
        mine = looked_after(db)
        return Message(full_name(mine.member), address, About.REFERENT, form["text"],
                       Who.REFERENT, mine.member.id, mine.community.name)  # fmt: skip

    return contact.queued(form, write)
