"""The mail and the notification that say that somebody wrote: who, and where to read it.
Nothing else.

An absence is announced in the very same words: nobody who sees a mailbox, or a screen,
learns that a house stands empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from sqlmodel import col, func, select

from community_store import subscriptions, visibility
from community_store.models import Delivery, Member, Mute, Notice, Topic
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


def _wanting(act: Act, hearers: Iterable[Member], channel: Channel) -> set[int]:
    """Those who have not turned it off (S81), nor had much of it within the hour."""
    people = {one.id or 0 for one in hearers}
    muted = select(Mute.member_id).where(
        col(Mute.member_id).in_(people),
        Mute.topic == Topic.MESSAGE,
        Mute.channel == channel,
    )
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
    return people - {*act.session.exec(muted)} - {id_ or 0 for id_ in act.session.exec(much)}
