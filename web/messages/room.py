"""What the pages of messages share: one's own conversations, and how one names the others."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, abort
from sqlmodel import Session

from community_store import conversations
from community_store.circles import Circle, Fellow
from community_store.conversations import Opened
from community_store.correspondents import Person
from community_store.models import Member, Message
from dispatch import heralding
from web import i18n, identity
from web.forms import Field

room = Blueprint("messages", __name__, url_prefix="/messages")

TEXT = Field("text", "messages.text", kind="textarea", longest=2000,
             missing="messages.text.missing")  # fmt: skip
OFTEN = "300 per hour"  # a network address can be a whole mobile operator's; members have limits
NAMED = 3  # people that a group is called by


def opened(db: Session, ref: int) -> tuple[Member, Opened]:
    """Who reads, and what; 404 for a conversation that is not theirs."""
    me = identity.member(db)
    found = conversations.opened(db, me, ref)
    if found is None:
        abort(404)
    return me, found


def label(circle: Circle, title: str) -> str:
    """What a conversation is called: a group's title, else who is in it."""
    people = [one for one in circle.fellows if not one.left] or list(circle.fellows)
    return title or together(people)


def together(people: Iterable[Fellow | Person]) -> str:
    """A few names in a row, and how many more there are."""
    t, names = i18n.asked(), [called(one) for one in people]
    shown, more = names[:NAMED], len(names) - NAMED
    return ", ".join(shown) + (" " + t.counted("messages.more", more) if more > 0 else "")


def called(one: Fellow | Person) -> str:
    """As the reader may know somebody; a twin with their community."""
    t = i18n.asked()
    if not one.name:
        return t("messages.former")
    return t("messages.of_twin", name=one.name, place=one.place) if one.place else one.name


def unheard(db: Session, people: Iterable[Fellow | Person]) -> str:
    """The names of the neighbours whom nothing tells that somebody wrote; of twins it says
    nothing, who are a pseudonym here and no more (S78).
    """
    neighbours = [one for one in people if one.name and not one.place]
    found = heralding.unheard(db, [one.id for one in neighbours])
    return ", ".join(called(one) for one in neighbours if one.id in found)


def gone(said: Message | None) -> str:
    """Why there are no words: removed (A11), too old, or their author is gone."""
    if said is None:
        return "messages.forgotten"
    return "messages.removed" if said.removed_at else "messages.erased"
