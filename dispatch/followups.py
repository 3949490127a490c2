"""What is said after an alert to exactly those who were told it (A7)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, and_, func, insert, literal, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from community_store.columns import UtcDateTime
from community_store.membership import LANGUAGES
from community_store.models import Alert, Audience, Delivery, Notice, Wording
from community_store.models import DeliveryState as State
from dispatch import wording
from dispatch.act import Act
from dispatch.priority import Priority

# a message in flight or in doubt may have been read: its person is told as well
MAY_HAVE_READ = (
    State.SENDING,
    State.UNKNOWN,
    State.ACCEPTED,
    State.SENT,
    State.DELIVERED,
    State.NO_RECEIPT,
)
COLUMNS = (
    "notice_id",
    "wording_id",
    "member_id",
    "agent_id",
    "audience",
    "channel",
    "address",
    "gateway",
    "number_id",
    "priority",
    "size",
    "segments",
    "price",
    "state",
    "reason",
    "attempts",
    "doubts",
    "looks",
    "created_at",
    "due_at",
    "expires_at",
)


def tell_those_told(act: Act, alert: Alert, kind: str, variables: Mapping[str, object]) -> int:
    """Queue a notice of `kind` along the deliveries that went out; how many."""
    notice = Notice(kind=kind, alert_id=alert.id, created_at=act.now)
    act.session.add(notice)
    act.session.flush()
    for language in LANGUAGES:
        words = wording.notice(act.settings, language, kind, dict(variables))
        act.session.add(wording.row(words, Audience.PERSON, language, notice_id=notice.id))
    act.session.flush()
    expires = act.now + timedelta(minutes=act.settings.dispatch.time_to_live.default)
    return _copy(act.session, alert, notice, (act.now, expires))


def _copy(session: Session, alert: Alert, notice: Notice, times: tuple[datetime, datetime]) -> int:
    said, told = aliased(Wording), col(Delivery.alert_id) == alert.id
    went = and_(
        col(Delivery.address) != "",  # erased people are not told
        col(Delivery.state).in_([state.value for state in MAY_HAVE_READ]),
    )
    size = session.scalar(select(func.count()).select_from(Delivery).where(told, went))
    per_segment = Delivery.price / func.nullif(Delivery.segments, 0)
    rows = (
        select(
            literal(notice.id),
            col(Wording.id),
            col(Delivery.member_id),
            col(Delivery.agent_id),
            literal(Audience.PERSON.value),
            col(Delivery.channel),
            col(Delivery.address),
            col(Delivery.gateway),
            col(Delivery.number_id),
            literal(int(Priority.ALERT)),
            literal(size),
            Wording.segments
            * func.coalesce(Delivery.segments / func.nullif(Delivery.segments, 0), 0),
            func.coalesce(per_segment * Wording.segments, 0.0),
            literal(State.QUEUED.value),
            literal(""),
            literal(0),
            literal(0),
            literal(0),
            literal(times[0], UtcDateTime()),
            literal(times[0], UtcDateTime()),
            literal(times[1], UtcDateTime()),
        )
        .select_from(Delivery)
        .join(said, col(said.id) == col(Delivery.wording_id))
        .join(
            Wording,
            and_(
                col(Wording.notice_id) == notice.id,
                col(Wording.language) == col(said.language),
            ),
        )
        .where(told, went)
    )
    statement = insert(Delivery.__table__).from_select(COLUMNS, rows)  # type: ignore[attr-defined]  # SQLModel hides __table__
    return cast("CursorResult[Any]", session.execute(statement)).rowcount
