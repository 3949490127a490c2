"""Whose turn it is: inside a class each community sends in turn, one message each (A8).

A delivery's `size` is its turn: how many messages of its class and channel its community has
had to send since it last had none waiting, itself included. Claims take the lowest first, so
whoever has had least goes next: a lone alert passes a storm elsewhere, and a community's own
messages stay in their order. The turn is given once, when the delivery is planned, and lies in
the index that claims read. A town that speaks is one more community.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    select,
)
from sqlmodel import Session, col

from community_store.columns import UtcDateTime
from community_store.models import Alert, Delivery, Notice
from community_store.models import DeliveryState as State
from dispatch.priority import Priority
from gateway.contract import Channel

RECENT = timedelta(hours=2)  # what was raised earlier has hardly anything left to send
WAITING = (State.QUEUED.value, State.HELD.value)


def before(session: Session, alert: Alert, priority: Priority) -> Counter[str]:
    """The same as `given`, for an alert that has just been raised: it is mostly the only one."""
    about = _about(alert, alert.created_at) | {"alert": alert.id}
    others = session.connection().scalar(OTHERS[_of_town(alert)], about)
    return given(session, alert, priority, alert.created_at) if others else Counter()


def given(session: Session, alert: Alert, priority: Priority, now: datetime) -> Counter[str]:
    """The last turn that the alert's community, or town, has waiting in a class, by channel.

    Two transactions that plan for it at once may give the same turns: neither loses by it.
    """
    about = _about(alert, now) | {"class_": int(priority)}
    found = session.connection().execute(LAST[_of_town(alert)], about).mappings().one()
    return Counter(
        {each.value: max(found[each] or 0, found[_after(each)] or 0) for each in Channel}
    )


def _of_town(alert: Alert) -> bool:
    return alert.community_id is None


def _about(alert: Alert, now: datetime) -> dict[str, Any]:
    place = alert.town_insee if _of_town(alert) else alert.community_id
    return {"place": place, "since": now - RECENT}


def next_after(last: int) -> ColumnElement[int]:
    """SQL for the turns of the rows of one channel, one after the other."""
    return literal(last) + func.row_number().over()


def next_after_each(last: Counter[str]) -> ColumnElement[int]:
    """The same for the rows of several channels at once."""
    each = func.row_number().over(partition_by=col(Delivery.channel))
    begun = [(col(Delivery.channel) == channel, literal(turn)) for channel, turn in last.items()]
    return case(*begun, else_=literal(0)) + each


def _after(channel: Channel) -> str:
    return f"{channel}_after"


def _recent(of_town: bool) -> ColumnElement[bool]:
    place: Any = bindparam("place")
    town = and_(col(Alert.community_id).is_(None), col(Alert.town_insee) == place)
    voice = town if of_town else col(Alert.community_id) == place
    return and_(voice, col(Alert.created_at) > bindparam("since", type_=UtcDateTime()))


def _last_waiting(of_town: bool) -> Select[Any]:
    """Two columns a channel: the last turn that its alerts have waiting, and their notices.

    Each source is asked by itself, by its index: from a join PostgreSQL would make a plan for
    the largest campaign that it has seen, and read the whole table.
    """
    recent = _recent(of_town)
    about = and_(recent, col(Notice.alert_id) == col(Alert.id))
    columns = []
    for channel in Channel:
        told = _waiting(channel, col(Delivery.alert_id) == col(Alert.id), Alert)
        after = _waiting(channel, col(Delivery.notice_id) == col(Notice.id), Notice)
        columns += [
            select(func.max(told)).where(recent).scalar_subquery().label(channel),
            select(func.max(after)).where(about).scalar_subquery().label(_after(channel)),
        ]
    return select(*columns)


def _waiting(channel: Channel, of: ColumnElement[bool], source: Any) -> ScalarSelect[int]:
    waits = (
        of,
        col(Delivery.channel) == channel.value,
        col(Delivery.state).in_(WAITING),
        col(Delivery.priority) == bindparam("class_", type_=Integer),
    )
    return select(func.max(col(Delivery.size))).where(*waits).correlate(source).scalar_subquery()


# built once, of a town and of a community: every alert asks
OTHERS = {
    of_town: select(exists().where(_recent(of_town), col(Alert.id) != bindparam("alert")))
    for of_town in (True, False)
}
LAST = {of_town: _last_waiting(of_town) for of_town in (True, False)}
