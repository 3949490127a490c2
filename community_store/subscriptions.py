"""The devices on which a member has notifications (S81): added, listed, taken away."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, select
from sqlmodel import Session, col

from community_store.models import PushSubscription
from community_store.store import lock

MOST = 10  # devices of one member: the oldest makes room
DEVICE_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Browser:
    """What a browser gives us so that its push service takes our messages, and is checked."""

    endpoint: str
    p256dh: str
    auth: str
    made_for: str
    device: str = ""


def subscribe(
    session: Session, member_id: int, browser: Browser, now: datetime
) -> PushSubscription:
    """Send to a browser from now on.

    One that gave itself before counts anew, for whoever is signed in with it now: its
    notifications are no longer those of who was.
    """
    lock(session, f"push:{browser.endpoint}")
    session.execute(
        delete(PushSubscription).where(col(PushSubscription.endpoint) == browser.endpoint)
    )
    row = PushSubscription(
        member_id=member_id,
        endpoint=browser.endpoint,
        p256dh=browser.p256dh,
        auth=browser.auth,
        made_for=browser.made_for,
        device=browser.device[:DEVICE_LENGTH],
        created_at=now,
    )
    session.add(row)
    session.flush()
    for oldest in of(session, member_id)[MOST:]:
        session.delete(oldest)
    return row


def moved(session: Session, old: Browser, new: Browser) -> bool:
    """A browser changed what it gave: the same device, by its secret; False for none of ours."""
    row = session.scalars(
        select(PushSubscription).where(
            col(PushSubscription.endpoint) == old.endpoint, col(PushSubscription.auth) == old.auth
        )
    ).first()
    if row is None:
        return False
    kept = Browser(new.endpoint, new.p256dh, new.auth, new.made_for, row.device)
    session.delete(row)
    session.flush()
    subscribe(session, row.member_id, kept, row.created_at)
    return True


def of(session: Session, member_id: int | None) -> Sequence[PushSubscription]:
    """A member's devices, the newest first."""
    return session.scalars(
        select(PushSubscription)
        .where(col(PushSubscription.member_id) == member_id)
        .order_by(col(PushSubscription.created_at).desc(), col(PushSubscription.address))
    ).all()


def made_for_others(session: Session, public_key: str) -> tuple[int, int]:
    """How many devices there are, and how many of them expect another key than this."""
    every, ours = session.execute(
        select(
            func.count(),
            func.count().filter(col(PushSubscription.made_for) == public_key),
        ).select_from(PushSubscription)
    ).one()
    return every, every - ours


def having(session: Session, members: Collection[int]) -> set[int]:
    """Those of some members who have a device."""
    theirs = col(PushSubscription.member_id).in_(members)
    return set(session.scalars(select(col(PushSubscription.member_id)).where(theirs)))


def remove(session: Session, address: str, *, member_id: int | None) -> bool:
    """Take away one device of a member; whether there was one of theirs."""
    theirs = col(PushSubscription.member_id) == member_id
    query = delete(PushSubscription).where(col(PushSubscription.address) == address, theirs)
    return cast("CursorResult[Any]", session.execute(query)).rowcount == 1


def forget(session: Session, address: str) -> None:
    """A push service knows this device no more."""
    session.execute(delete(PushSubscription).where(col(PushSubscription.address) == address))


def as_given(row: Any) -> str:
    """A subscription as gateways take it: as the browser gave it, and our key; "" for none."""
    if row.endpoint is None:
        return ""
    keys = {"p256dh": row.p256dh, "auth": row.auth}
    return json.dumps({"endpoint": row.endpoint, "keys": keys, "made_for": row.made_for})
