"""How often a member wants the gazette by e-mail: never, unless they asked for it (S46).

A summary is promotional in the eyes of the law, so a row of gazette_digest is somebody's
consent, with its date; taking it back needs one click and no password.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete
from sqlmodel import col

from community_store.models import (
    DIGEST_NOTICE,
    Every,
    GazetteDigest,
    Member,
    Mute,
    Topic,
)
from config import Settings
from dispatch import outbox
from dispatch.act import Act
from gateway.contract import Channel

FRIDAY = 4


def chosen(act: Act, member: Member) -> Every | None:
    """How often a member gets it; None: never, which is how everybody begins."""
    row = act.session.get(GazetteDigest, member.id)
    off = act.session.get(Mute, (member.id, Topic.GAZETTE.value, Channel.EMAIL.value))
    return Every(row.every) if row is not None and off is None else None


def choose(act: Act, member: Member, every: Every | None) -> None:
    """What a member wants counts from the commit on; what they asked for is off no more."""
    assert member.id is not None
    if every is None:
        stop(act, member.id)
        return
    row = act.session.get(GazetteDigest, member.id)
    due = next_due(act.settings, every, act.now)
    if row is None:
        row = GazetteDigest(
            member_id=member.id, every=every, due_at=due, told_until=act.now, chosen_at=act.now
        )
    elif row.every != every:
        row.every, row.due_at = every, due
    act.session.add(row)
    act.session.execute(
        delete(Mute).where(
            col(Mute.member_id) == member.id,
            col(Mute.topic) == Topic.GAZETTE.value,
            col(Mute.channel) == Channel.EMAIL.value,
        )
    )
    act.session.flush()


def stop(act: Act, member_id: int) -> None:
    """No digest any more, not even one that is about to leave. Twice is once."""
    act.session.execute(delete(GazetteDigest).where(col(GazetteDigest.member_id) == member_id))
    outbox.suppress_notices(act.session, member_id, DIGEST_NOTICE, act.now)


def next_due(settings: Settings, every: Every, now: datetime, *, after: int = 0) -> datetime:
    """The next hour of the digest that is ahead, `after` days from today at the least. UTC."""
    zone = ZoneInfo(settings.service.time_zone)
    today = now.astimezone(zone).date()
    for days in range(after, after + 8):
        day = today + timedelta(days=days)
        due = datetime.combine(day, settings.gazette.digest, zone).astimezone(now.tzinfo)
        if due > now and (every is Every.DAILY or day.weekday() == FRIDAY):
            return due
    raise AssertionError("a week has a Friday")
