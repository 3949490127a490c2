"""/messages/write: the first message to somebody, or to a small group (S48, S49)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from community_store import conversations
from community_store.correspondents import Person
from community_store.errors import NotFound, RuleError
from community_store.models import Member
from dispatch import messaging, wake
from dispatch.messaging import Opening
from web import forms, identity
from web.access import Policy, access
from web.forms import Field, Form
from web.messages import aliases
from web.messages.choosing import chosen, page
from web.messages.room import OFTEN, TEXT, room, together, unheard
from web.throttle import throttled

TITLE = Field("title", "messages.title", capitals="sentences", hint="messages.title.hint",
              longest=60, required=False)  # fmt: skip
ONCE = re.compile(r"[0-9a-f]{16}")


@room.get("/write")
@access(Policy.MEMBER)
def write() -> ResponseReturnValue:
    """The form; to somebody with whom there is a conversation already, that one."""
    with identity.runtime().store.read() as db:
        me = identity.member(db)
        people = chosen(db, me)
        refused = _refused(db, me, people)
        if refused:
            return page(db, me, refused), 409
        before = _before(db, me, people)
        if before is not None:
            return redirect(url_for("messages.one", ref=before, _anchor="end"), 303)
        return _form(db, me, people, forms.blank((TEXT, TITLE)))


@room.post("/write")
@access(Policy.MEMBER)
@throttled(OFTEN)
def send() -> ResponseReturnValue:
    """Begin it; a second press begins nothing."""
    form, runtime = forms.read((TEXT, TITLE)), identity.runtime()
    with runtime.store.read() as db:
        me = identity.member(db)
        people = chosen(db, me)
        if not form.ok:
            return _form(db, me, people, form), 422
    try:
        with runtime.store.begin() as db:
            ids = [one.id for one in people]
            said = Opening(form["text"], form["title"], _once())
            begun = messaging.begin(identity.act(db), identity.member(db), ids, said)
    except NotFound:
        abort(404)
    except RuleError as error:
        return _not_sent(me, people, form, error)
    wake.pump(runtime)
    return redirect(url_for("messages.one", ref=begun.id, _anchor="end"), 303)


def _once() -> str:
    """What tells this form from others; a form without is one of its own."""
    told = request.form.get("once", "")
    return told if ONCE.fullmatch(told) else secrets.token_hex(8)


def _refused(db: Session, me: Member, people: Sequence[Person]) -> str:
    if not people:
        return "messages.not.nobody"
    try:
        messaging.require_together(identity.act(db), me, [one.id for one in people])
    except RuleError as error:
        return f"messages.not.{error.code}"
    return ""


def _before(db: Session, me: Member, people: Sequence[Person]) -> int | None:
    """The conversation that the two have, if something in it is for the reader."""
    if len(people) != 1:
        return None
    found = messaging.between(identity.act(db), me, people[0].id)
    return found.id if found and conversations.opened(db, me, found.id or 0) else None


def _form(db: Session, me: Member, people: Sequence[Person], form: Form) -> str:
    return render_template(
        "messages/write.html",
        form=form,
        refs=[aliases.ref(me, one) for one in people],
        together=together(people),
        once=_once(),
        pseudonym=me.pseudonym if any(one.place for one in people) else "",
        unheard=unheard(db, people),
    )


def _not_sent(
    me: Member, people: Sequence[Person], form: Form, error: RuleError
) -> ResponseReturnValue:
    form.wrong("text", f"messages.not.{error.code}")
    with identity.runtime().store.read() as db:
        return _form(db, me, people, form), 409
