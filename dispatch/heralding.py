"""The mail and the notification that say that somebody wrote: who, and where to read it.
Nothing else.

An absence is announced in the very same words: nobody who sees a mailbox, or a screen,
learns that a house stands empty.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import timedelta

from sqlalchemy import exists
from sqlmodel import Session, col, func, select

from community_store import subscriptions, visibility
from community_store.models import Delivery, Member, Mute, Notice, Stop, Topic
from dispatch import notices
from dispatch.act import Act
from dispatch.notifications import Opens
from gateway.contract import Channel

KIND = "message"
LIVE = timedelta(days=1)
HOUR = timedelta(hours=1)
MOST_AN_HOUR = 10  # to one person, whoever wrote


def announce(
    act: Act,
    author: Member,
    hearers: Sequence[Member],
    path: str,
    *,
    first: Callable[[Member], bool] = lambda _: True,
) -> int:
    """Tell those who want to be told, by mail, on their devices, or both; how many. `first` has
    the last word on each: whether they were not told already. They know the author as they
    may: by name, or by pseudonym.
    """
    viewers = visibility.viewers_of(act.session, author, hearers)
    by_mail, by_push = (_wanting(act, hearers, way) for way in (Channel.EMAIL, Channel.PUSH))
    by_push &= subscriptions.having(act.session, by_push)
    told = 0
    for hearer in hearers:
        name = visibility.visible(author, viewers[hearer.id or 0]).called
        to = notices.by_mail(act.session, hearer) if hearer.id in by_mail else None
        if name and (to is not None or hearer.id in by_push) and first(hearer):
            variables = {"author": name, "link": f"{act.settings.service.site}{path}"}
            page = Opens(path, f"message-{path}")
            about = notices.Subject(KIND, variables, live=LIVE, names_id=author.id, opens=page)
            if to is not None:
                notices.tell(act, to, about)
            if hearer.id in by_push:
                notices.notify(act, hearer, about)
            told += 1
    return told


def unheard(session: Session, ids: Collection[int]) -> set[int]:
    """Those of some people whom nothing tells that somebody wrote: no mail and no device, or
    they want none (S81). What is written waits until they look.
    """
    stopped = exists().where(
        col(Stop.address) == col(Member.email), col(Stop.channel) == Channel.EMAIL.value
    )
    mailed = select(Member.id).where(col(Member.id).in_(ids), Member.email != "", ~stopped)
    by_mail = {id_ or 0 for id_ in session.exec(mailed)} - _muted(session, ids, Channel.EMAIL)
    by_push = subscriptions.having(session, ids) - _muted(session, ids, Channel.PUSH)
    return set(ids) - by_mail - by_push


def _muted(session: Session, ids: Collection[int], channel: Channel) -> set[int]:
    """Those who have turned it off (S81)."""
    return {
        *session.exec(
            select(Mute.member_id).where(
                col(Mute.member_id).in_(ids),
                Mute.topic == Topic.MESSAGE,
                Mute.channel == channel,
            )
        )
    }


def _wanting(act: Act, hearers: Iterable[Member], channel: Channel) -> set[int]:
    """Those who have not turned it off, nor had much of it within the hour."""
    people = {one.id or 0 for one in hearers}
    much = (
        select(Delivery.member_id)
        .join(Notice, col(Notice.id) == col(Delivery.notice_id))
        .where(
            col(Delivery.member_id).in_(people),
            col(Delivery.created_at) > act.now - HOUR,
            Delivery.channel == channel,
            Notice.kind == KIND,
        )
        .group_by(col(Delivery.member_id))
        .having(func.count(func.distinct(Delivery.notice_id)) >= MOST_AN_HOUR)
    )
    much_of_it = {id_ or 0 for id_ in act.session.exec(much)}
    return people - _muted(act.session, people, channel) - much_of_it
