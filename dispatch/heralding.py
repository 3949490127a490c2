"""The mail that says that somebody wrote: who, and where to read it. Nothing else.

An absence is announced in the very same words: nobody who sees a mailbox learns that a
house stands empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from sqlmodel import col, func, select

from community_store import visibility
from community_store.models import Delivery, Member, Mute, Notice, Topic
from dispatch import notices
from dispatch.act import Act
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
    """Tell those who want to be told by mail; how many. `first` has the last word on each:
    whether they were not told already. They know the author as they may: by name, or by
    pseudonym.
    """
    viewers = visibility.viewers_of(act.session, author, hearers)
    told = 0
    for hearer in _wanting(act, hearers):
        name = visibility.visible(author, viewers[hearer.id or 0]).called
        to = notices.by_mail(act.session, hearer)
        if name and to is not None and first(hearer):
            variables = {"author": name, "link": f"{act.settings.service.site}{path}"}
            about = notices.Subject(KIND, variables, live=LIVE, names_id=author.id)
            notices.tell(act, to, about)
            told += 1
    return told


def _wanting(act: Act, hearers: Iterable[Member]) -> list[Member]:
    """Those who have not turned it off (S81), nor had much of it within the hour."""
    people = {one.id or 0: one for one in hearers}
    muted = select(Mute.member_id).where(
        col(Mute.member_id).in_(people),
        Mute.topic == Topic.MESSAGE,
        Mute.channel == Channel.EMAIL,
    )
    much = (
        select(Delivery.member_id)
        .join(Notice, col(Notice.id) == col(Delivery.notice_id))
        .where(
            col(Delivery.member_id).in_(people),
            col(Delivery.created_at) > act.now - HOUR,
            Notice.kind == KIND,
        )
        .group_by(col(Delivery.member_id))
        .having(func.count() >= MOST_AN_HOUR)
    )
    spared = {*act.session.exec(muted), *act.session.exec(much)}
    return [one for id_, one in people.items() if id_ not in spared]
