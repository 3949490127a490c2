"""/messages/<ref>: a conversation, read and answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from community_store import circles, conversations
from community_store.circles import Circle
from community_store.conversations import LARGEST_ID, MOST_SHOWN, Opened
from community_store.errors import RuleError
from community_store.models import Member, Message
from dispatch import messaging, wake
from web import forms, i18n, identity
from web.access import Policy, access
from web.forms import Form
from web.messages import aliases
from web.messages.room import OFTEN, TEXT, called, gone, label, opened, room, unheard
from web.throttle import throttled


@dataclass(frozen=True, slots=True)
class Bubble:
    """A message as the reader has it; `new` for the first that they had not read. Without
    `text`, `gone` says why.
    """

    id: int
    name: str
    time: str
    text: str
    mine: bool
    new: bool
    gone: str


@room.get("/<int:ref>")
@access(Policy.MEMBER)
def one(ref: int) -> ResponseReturnValue:
    """The newest messages, or ?before= one of them those that were before. They are read."""
    before = _id("before", LARGEST_ID)
    read = _read(ref)
    with identity.runtime().store.read() as db:
        me, found = opened(db, ref)
        return page(db, me, found, forms.blank((TEXT,)), read=read, before=before)


def _id(name: str, otherwise: int) -> int:
    """An id that the address gives, kept to what there can be."""
    return min(max(request.args.get(name, otherwise, type=int), 0), LARGEST_ID)


def _read(ref: int) -> int:
    """What they had read until now; only what is new is written down."""
    runtime = identity.runtime()
    with runtime.store.read() as db:
        _, found = opened(db, ref)
    if found.unread:
        with runtime.store.begin() as db:
            conversations.mark_read(db, found)
    return found.seat.read_id


def page(
    db: Session, me: Member, found: Opened, form: Form, *, read: int, before: int = LARGEST_ID
) -> str:
    """The whole page, with a form that was not right."""
    conversation = found.conversation
    circle = circles.circle(db, me, conversation)
    shown = conversations.messages(db, found, before=before)
    return render_template(
        "messages/one.html",
        ref=conversation.id,
        is_group=conversation.is_group,
        label=label(circle, conversations.title(conversation, circle)),
        people=[(one, called(one), aliases.ref(me, one)) for one in circle.fellows],
        unblock=aliases.word_for(me, circle.fellows[0].id),
        circle=circle,
        bubbles=_bubbles(me, circle, shown, read),
        last=found.seat.last_id,
        older=shown[0].id if len(shown) == MOST_SHOWN else None,
        newest=before == LARGEST_ID,
        form=form,
        pseudonym=me.pseudonym if circle.with_twins else "",
        unheard=unheard(db, circle.here) if circle.why is None else "",
    )


def _bubbles(me: Member, circle: Circle, shown: Sequence[Message], read: int) -> list[Bubble]:
    names = {one.id: called(one) for one in circle.fellows}
    found: list[Bubble] = []
    waiting = True
    for said in shown:
        mine = said.author_id == me.id
        new = waiting and not mine and (said.id or 0) > read
        waiting = waiting and not new
        name = names.get(said.author_id or 0) or i18n.asked()("messages.former")
        time = i18n.asked().moment(said.created_at)
        found.append(Bubble(said.id or 0, name, time, said.text, mine, new, gone(said)))
    return found


@room.get("/<int:ref>/live")
@access(Policy.MEMBER)
def live(ref: int) -> ResponseReturnValue:
    """What came ?after= the last that the page shows, for a page that is being looked at."""
    after = _id("after", 0)
    with identity.runtime().store.read() as db:
        me, found = opened(db, ref)
        if found.seat.last_id <= after:
            return "", 204
        shown = conversations.messages(db, found, after=after)
        circle = circles.circle(db, me, found.conversation)
    if found.unread:
        with identity.runtime().store.begin() as db:
            conversations.mark_read(db, found)
    bubbles = _bubbles(me, circle, shown, LARGEST_ID)
    return render_template("messages/live.html", ref=ref, bubbles=bubbles, last=found.seat.last_id)


@room.post("/<int:ref>")
@access(Policy.MEMBER)
@throttled(OFTEN)
def answer(ref: int) -> ResponseReturnValue:
    """Say something more."""
    form, runtime = forms.read((TEXT,)), identity.runtime()
    if not form.ok:
        return _again(ref, form, 422)
    try:
        with runtime.store.begin() as db:
            me, found = opened(db, ref)
            messaging.write(identity.act(db), me, found.conversation, form["text"])
    except RuleError as error:
        form.wrong("text", _said(error))
        return _again(ref, form, 409)
    wake.pump(runtime)
    return redirect(url_for("messages.one", ref=ref, _anchor="end"), 303)


def _said(error: RuleError) -> str:
    limit = f"messages.not.{error.code}"
    return limit if i18n.asked().has(limit) else "messages.not.sent"


def _again(ref: int, form: Form, code: int) -> ResponseReturnValue:
    with identity.runtime().store.read() as db:
        me, found = opened(db, ref)
        return page(db, me, found, form, read=found.seat.read_id), code
