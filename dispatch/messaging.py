"""Writing to neighbours and twins (S48, S49): beginning a conversation, and going on with it."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, update
from sqlmodel import col, func, select

from community_store import blocks, circles, correspondents
from community_store.circles import Circle
from community_store.errors import RuleError
from community_store.models import Conversation, Member, Message, Participant, Withheld
from community_store.store import lock
from dispatch import heralding
from dispatch.act import Act

LARGEST = 10  # people in a group, the author among them
HOUR, A_MOMENT = timedelta(hours=1), timedelta(minutes=1)
MOST_MESSAGES = 60  # of one author in an hour
MOST_BEGUN = 10  # conversations of one author in an hour


@dataclass(frozen=True, slots=True)
class Opening:
    """A conversation's first message. `once` tells one sending of a form from another."""

    text: str
    title: str = ""
    once: str = field(default_factory=lambda: secrets.token_hex(8))


def begin(act: Act, author: Member, ids: Collection[int], said: Opening) -> Conversation:
    """Write to somebody, or to a small group. Two people have one conversation.

    Raises RuleError as `require_together` and `write` do.
    """
    members = require_together(act, author, ids)
    key = _key(author, members, said.once)
    lock(act.session, key)
    found = act.session.exec(select(Conversation).where(Conversation.key == key)).first()
    new = Conversation(key=key, is_group=len(members) > 1, title=said.title)
    conversation = found or _make(act, author, members, new)
    if found is None or not found.is_group:
        write(act, author, conversation, said.text)
    return conversation


def require_together(act: Act, author: Member, ids: Collection[int]) -> list[Member]:
    """Those whom one would write to: neighbours or twins, each of each.

    Raises NotFound for somebody whom one may not write to, RuleError "crowd" for too many,
    "apart" for a group in which some may not know others.
    """
    people = correspondents.chosen(act.session, author, ids)
    if not 1 <= len(people) < LARGEST:
        raise RuleError("crowd", f"a conversation has 2 to {LARGEST} people")
    members = _members(act, [one.id for one in people])
    homes = {one.community_id for one in (author, *members) if one.community_id is not None}
    if circles.apart(homes, circles.linked(act.session, homes)):
        raise RuleError("apart", "two of their communities are not twinned with one another")
    return members


def between(act: Act, author: Member, other: int) -> Conversation | None:
    """The conversation that two people have already."""
    key = _key(author, _members(act, [other]), "")
    return act.session.exec(select(Conversation).where(Conversation.key == key)).first()


def _members(act: Act, ids: Iterable[int]) -> list[Member]:
    query = select(Member).where(col(Member.id).in_(ids)).order_by(col(Member.id))
    return list(act.session.exec(query))


def _key(author: Member, members: list[Member], once: str) -> str:
    if len(members) > 1:
        return f"group:{author.id}:{once}"
    ends = sorted((one.id or 0, one.community_id or 0) for one in (author, *members))
    return ",".join(f"{member}@{home}" for member, home in ends)


def _make(act: Act, author: Member, members: list[Member], made: Conversation) -> Conversation:
    _require_patience(act, author)
    made.creator_id, made.created_at = author.id, act.now
    act.session.add(made)
    act.session.flush()
    for one in (author, *members):
        act.session.add(
            Participant(
                conversation_id=made.id or 0, member_id=one.id or 0, community_id=one.community_id
            )
        )
    act.session.flush()
    return made


def _require_patience(act: Act, author: Member) -> None:
    begun = select(func.count()).where(
        Conversation.creator_id == author.id, col(Conversation.created_at) > act.now - HOUR
    )
    if act.session.exec(begun).one() >= MOST_BEGUN:
        raise RuleError("too_many", f"{MOST_BEGUN} conversations begun within the hour")


def write(act: Act, author: Member, conversation: Conversation, text: str) -> Message:
    """Say something in a conversation of one's own. The same twice in a minute is once.

    Raises RuleError with a Why of circles when it no longer goes on, "too_many" above the
    limit.
    """
    lock(act.session, f"conversation:{conversation.id}")
    circle = circles.circle(act.session, author, conversation)
    if circle.why is not None:
        raise RuleError(circle.why, "nothing can be written there any more")
    repeated = _just_said(act, author, conversation, text)
    if repeated is not None:
        return repeated
    said = Message(conversation_id=conversation.id or 0, author_id=author.id, text=text,
                   created_at=act.now)  # fmt: skip
    act.session.add(said)
    act.session.flush()
    _deliver(act, author, said, circle)
    return said


def _just_said(act: Act, author: Member, conversation: Conversation, text: str) -> Message | None:
    """The same words of the same person a moment ago. Raises RuleError("too_many")."""
    recent = act.session.exec(
        select(Message)
        .where(Message.author_id == author.id, col(Message.created_at) > act.now - HOUR)
        .order_by(col(Message.id).desc())
        .limit(MOST_MESSAGES)
    ).all()
    last = next((one for one in recent if one.conversation_id == conversation.id), None)
    if last is not None and last.text == text and last.created_at > act.now - A_MOMENT:
        return last
    if len(recent) >= MOST_MESSAGES:
        raise RuleError("too_many", f"{MOST_MESSAGES} messages within the hour")
    return None


def _deliver(act: Act, author: Member, said: Message, circle: Circle) -> None:
    """It is for whoever is still of the circle and has not blocked the author."""
    deaf = blocks.deaf(act.session, author, [one.id for one in circle.fellows])
    for member_id in deaf:
        act.session.add(Withheld(message_id=said.id or 0, member_id=member_id))
    seats = act.session.exec(
        select(Participant, Member)
        .join(Member, col(Member.id) == col(Participant.member_id))
        .where(Participant.conversation_id == said.conversation_id)
    ).all()
    for seat, member in seats:
        if seat.left_at is None and circles.stays(seat, member) and seat.member_id not in deaf:
            seat.last_id = said.id or 0
            if seat.member_id == author.id:
                seat.read_id = seat.last_id
            act.session.add(seat)
    act.session.flush()
    here = {one.id for one in circle.here} - deaf
    _announce(act, author, said, [member for _, member in seats if member.id in here])


def _announce(act: Act, author: Member, said: Message, hearers: list[Member]) -> None:
    def first(hearer: Member) -> bool:
        """One mail a conversation until it is read again; only one writer can win."""
        claimed = act.session.execute(
            update(Participant)
            .where(
                col(Participant.conversation_id) == said.conversation_id,
                col(Participant.member_id) == hearer.id,
                col(Participant.told).is_(False),
            )
            .values(told=True)
            .execution_options(synchronize_session=False)
        )
        return cast("CursorResult[Any]", claimed).rowcount == 1

    heralding.announce(act, author, hearers, f"/messages/{said.conversation_id}", first=first)


def leave(act: Act, member: Member, conversation: Conversation) -> None:
    """Leave a group; the others go on. Raises RuleError for what is no group."""
    if not conversation.is_group:
        raise RuleError("pair", "one leaves a group, not a person")
    act.session.execute(
        update(Participant)
        .where(
            col(Participant.conversation_id) == conversation.id,
            col(Participant.member_id) == member.id,
        )
        .values(left_at=act.now)
        .execution_options(synchronize_session=False)
    )
