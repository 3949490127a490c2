"""What the link in a mail stops: mail of that kind where one may turn it off, else all mail.

Whoever tires of "somebody wrote to you" would not know that alerts had stopped as well.
"""

from __future__ import annotations

from enum import StrEnum

from sqlmodel import Session

from community_store import optouts
from community_store.models import DIGEST_NOTICE, Delivery, Notice, Topic
from dispatch import digest_choice, heralding, outbox, preferences
from dispatch.act import Act
from gateway.contract import Channel


class WayOut(StrEnum):
    """What of our mail its reader gets no more."""

    GAZETTE = "gazette"
    MESSAGE = "message"
    ALL = "all"


OF_KIND = {DIGEST_NOTICE: WayOut.GAZETTE, heralding.KIND: WayOut.MESSAGE}


def of(session: Session, delivery: Delivery | None) -> WayOut:
    """What the link of a delivery stops; of one that is forgotten, all."""
    if delivery is None or delivery.notice_id is None or delivery.member_id is None:
        return WayOut.ALL
    notice = session.get(Notice, delivery.notice_id)
    return OF_KIND.get(notice.kind, WayOut.ALL) if notice is not None else WayOut.ALL


def take(act: Act, delivery: Delivery) -> None:
    """Stop it. What is on its way already is judged again as it leaves. Twice is once."""
    way = of(act.session, delivery)
    if delivery.member_id is not None and way is WayOut.GAZETTE:
        digest_choice.stop(act, delivery.member_id)
    elif delivery.member_id is not None and way is WayOut.MESSAGE:
        preferences.turn_off(act.session, delivery.member_id, (Topic.MESSAGE, Channel.EMAIL))
    elif delivery.address:
        optouts.stop(act.session, delivery.address, Channel.EMAIL)
        outbox.suppress_waiting(act.session, delivery.address, Channel.EMAIL, act.now)
