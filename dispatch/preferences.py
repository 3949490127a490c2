"""What a member wants to be told of, by which channel (S81)."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete
from sqlmodel import Session, col, select, tuple_

from community_store.models import Member, Mute, Stop, Topic
from community_store.store import lock
from gateway.contract import Channel

Choice = tuple[Topic, Channel]
TELEPHONE = (Channel.SMS, Channel.VOICE)
URGENT = (Topic.ALERT, Topic.TOWN)  # what a telephone may ring for


def offered(topic: Topic, channel: Channel) -> bool:
    """Whether a topic can be turned off and on by a channel: of twins nothing comes by SMS
    (S51), messages by whatever does not cost (S48). The gazette is off until somebody chooses
    how often (S46, digest_choice).
    """
    if channel in TELEPHONE:
        return topic in URGENT
    return topic is not Topic.GAZETTE


def addressed(member: Member, channel: Channel) -> bool:
    """Whether a member has what a channel needs; a landline is called where there is no mobile.

    Of channels that need no number and no e-mail this knows nothing: they are always offered.
    """
    has = {
        Channel.SMS: bool(member.mobile),
        Channel.VOICE: bool(member.landline) and not member.mobile,
        Channel.EMAIL: bool(member.email),
    }
    return has.get(channel, True)


def choices(member: Member) -> list[Choice]:
    """What a member may turn off and on."""
    return [
        (topic, channel)
        for topic in Topic
        for channel in Channel
        if offered(topic, channel) and addressed(member, channel)
    ]


def turned_off(session: Session, member: Member) -> set[Choice]:
    rows = session.exec(select(Mute).where(Mute.member_id == member.id))
    return {(Topic(row.topic), Channel(row.channel)) for row in rows}


def choose(session: Session, member: Member, wanted: Collection[Choice]) -> None:
    """Turn on what is wanted and off what is not, of what the member may choose now."""
    assert member.id is not None
    lock(session, f"mute:{member.id}")
    known = choices(member)
    keys = [(topic.value, channel.value) for topic, channel in known]
    mine = col(Mute.member_id) == member.id
    session.execute(
        delete(Mute)
        .where(mine, tuple_(col(Mute.topic), col(Mute.channel)).in_(keys))
        .execution_options(synchronize_session=False)
    )
    session.add_all(
        Mute(member_id=member.id, topic=topic, channel=channel)
        for topic, channel in known
        if (topic, channel) not in wanted
    )
    session.flush()


def turn_off(session: Session, member_id: int, choice: Choice) -> None:
    """One thing off, and the rest as it was. Twice is once."""
    lock(session, f"mute:{member_id}")
    topic, channel = choice
    session.merge(Mute(member_id=member_id, topic=topic.value, channel=channel.value))
    session.flush()


def stopped(session: Session, member: Member) -> set[Channel]:
    """The channels that a member's own STOP closes, whatever they prefer."""
    addresses = (
        (Channel.SMS, member.mobile),
        (Channel.VOICE, member.landline),
        (Channel.EMAIL, member.email),
    )
    rows = session.exec(select(Stop).where(col(Stop.address).in_([one for _, one in addresses])))
    closed = {(row.address, row.channel) for row in rows}
    return {channel for channel, address in addresses if (address, channel.value) in closed}


def unwarned(member: Member, off: Collection[Choice], closed: Collection[Channel] = ()) -> bool:
    """Whether no alert of their community comes to them by SMS, call or e-mail."""
    return not any(
        addressed(member, channel) and (Topic.ALERT, channel) not in off and channel not in closed
        for channel in (*TELEPHONE, Channel.EMAIL)
    )
