"""/messages: one's conversations, and what neighbours confided."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from community_store import absences, conversations
from community_store.conversations import Line
from community_store.models import Member
from dispatch import confiding
from web import i18n, identity
from web.access import Policy, access
from web.messages.room import gone, label, room

EXCERPT = 90  # characters


@room.get("/")
@access(Policy.MEMBER)
def inbox() -> ResponseReturnValue:
    """A page of them, those with the newest messages first."""
    with identity.runtime().store.read() as db:
        me = identity.member(db)
        listed = conversations.listed(db, me, request.args.get("page", 1, type=int))
        return render_template(
            "messages/inbox.html",
            lines=[_line(me, one) for one in listed.lines],
            listed=listed,
            confided=absences.confided(db, me, confiding.today(identity.act(db))),
        )


def _line(me: Member, line: Line) -> dict[str, Any]:
    last = line.last
    return {
        "ref": line.conversation.id,
        "label": label(line.circle, line.title),
        "is_group": line.conversation.is_group,
        "over": line.circle.why is not None,
        "unread": line.unread,
        "mine": last is not None and last.author_id == me.id,
        "text": _excerpt(last.text) if last else "",
        "gone": gone(last),
        "time": i18n.asked().moment(last.created_at) if last else "",
    }


def _excerpt(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= EXCERPT else f"{line[: EXCERPT - 1].rstrip()}…"
