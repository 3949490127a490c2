"""What is forgotten when its time is over (promises.md, retention).

`due` finds a bounded piece of it, `forget` does it in the caller's transaction. Both may be
repeated by anybody at any time: what is done is not done again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, delete, literal, update
from sqlmodel import Session, col, or_, select

from community_store import personal_data, personal_messages, registrations
from community_store.models import (
    DIGEST_NOTICE,
    TO_STRANGERS,
    Alert,
    Delivery,
    Enrolment,
    EnrolmentState,
    GazetteComment,
    GazetteEntry,
    InboundState,
    InboundText,
    Member,
    MemberState,
    Movement,
    Notice,
    Reply,
    Report,
    Wording,
)

AT_ONCE = 1000  # rows of a kind in one transaction: texts come in meanwhile
DAYS_A_MONTH = 31  # never a day too early
DIGEST = timedelta(days=1)  # a summary of the gazette leaves on its day or not at all


@dataclass(frozen=True, slots=True)
class Limits:
    """The instants before which each kind is forgotten."""

    texts: datetime
    addresses: datetime
    pending: datetime
    gazette: datetime
    digests: datetime
    movements: datetime
    messages: datetime
    now: datetime

    @classmethod
    def of(
        cls,
        now: datetime,
        *,
        text_days: int,
        delivery_months: int,
        pending_days: int,
        gazette_days: int,
        message_days: int,
        movement_months: int,
    ) -> Limits:
        """From the ages that `[retention]` gives."""
        return cls(
            texts=now - timedelta(days=text_days),
            addresses=now - timedelta(days=DAYS_A_MONTH * delivery_months),
            pending=now - timedelta(days=pending_days),
            gazette=now - timedelta(days=gazette_days),
            digests=now - DIGEST,
            messages=now - timedelta(days=message_days),
            now=now,
            movements=now - timedelta(days=DAYS_A_MONTH * movement_months),
        )


def due(session: Session, limits: Limits) -> dict[str, list[int]]:
    """The ids of one piece of each kind. It may look at whole tables: for a reading session."""
    queries = {
        "alerts": select(Alert.id).where(
            col(Alert.created_at) < limits.texts, col(Alert.text) != ""
        ),
        "replies": select(Reply.id).where(
            col(Reply.created_at) < limits.texts, col(Reply.text) != ""
        ),
        "reports": select(Report.id).where(
            col(Report.created_at) < limits.texts,
            or_(col(Report.quote) != "", col(Report.why) != "", col(Report.told) != ""),
        ),
        "texts": select(InboundText.id).where(
            col(InboundText.received_at) < limits.texts,
            col(InboundText.state) != InboundState.NEW.value,
            or_(col(InboundText.text) != "", col(InboundText.sender) != ""),
        ),
        "wordings": _wordings(limits.texts),
        "deliveries": select(Delivery.id).where(
            or_(col(Delivery.created_at) < limits.addresses, _strangers(limits.now)),
            col(Delivery.state).not_in(personal_data.DUE),
            col(Delivery.address).not_like(f"{personal_data.ERASED}%"),
        ),
        "enrolments": select(Enrolment.id).where(
            col(Enrolment.created_at) < limits.pending,
            col(Enrolment.sender) != "",
            col(Enrolment.state).in_([EnrolmentState.DONE.value, EnrolmentState.FAILED.value]),
        ),
        "entries": select(GazetteEntry.id).where(
            or_(
                col(GazetteEntry.expires_at) < limits.gazette,
                col(GazetteEntry.removed_at) < limits.gazette,
            )
        ),
        "comments": select(GazetteComment.id).where(
            col(GazetteComment.removed_at) < limits.gazette
        ),
        "digests": _digests(limits.digests),
        "movements": select(Movement.id).where(
            col(Movement.created_at) < limits.movements,
            or_(col(Movement.member_id).is_not(None), col(Movement.request_id).is_not(None)),
        ),
        "accounts": select(Member.id).where(
            col(Member.state) == MemberState.PENDING.value,
            col(Member.activated_at).is_(None),
            col(Member.created_at) < limits.pending,
        ),
        **personal_messages.due(limits.now, limits.messages),
    }
    found = {kind: session.exec(query.limit(AT_ONCE)).all() for kind, query in queries.items()}
    return {kind: [id_ for id_ in ids if id_ is not None] for kind, ids in found.items()}


def _strangers(now: datetime) -> ColumnElement[bool]:
    """What went to an address that somebody typed on the way in, and was theirs or was not."""
    asked = select(Notice.id).where(col(Notice.kind).in_(TO_STRANGERS))
    return and_(
        col(Delivery.created_at) < now - registrations.LIVE,
        col(Delivery.member_id).is_(None),
        col(Delivery.agent_id).is_(None),
        col(Delivery.notice_id).in_(asked),
    )


def _wordings(before: datetime) -> Any:
    """What was said, of alerts and in answers: it has the words and the names."""
    alerts = select(Alert.id).where(col(Alert.created_at) < before)
    notices = select(Notice.id).where(col(Notice.created_at) < before)
    words = (
        col(Wording.sms), col(Wording.subject), col(Wording.mail), col(Wording.voice),
        col(Wording.push),
    )  # fmt: skip
    return select(Wording.id).where(
        or_(*(column != "" for column in words)),
        or_(col(Wording.alert_id).in_(alerts), col(Wording.notice_id).in_(notices)),
    )


def _digests(before: datetime) -> Any:
    """Summaries of a gazette name what was written: it may have been taken back since."""
    return (
        select(Wording.id)
        .join(Notice, col(Notice.id) == col(Wording.notice_id))
        .where(
            col(Notice.community_id).is_not(None),
            Notice.kind == DIGEST_NOTICE,
            col(Notice.created_at) < before,
            col(Wording.mail) != "",
        )
    )


def forget(session: Session, found: Mapping[str, Sequence[int]]) -> None:
    """Forget what `due` found. That there was an alert stays, and so does the gateway's id
    of a text: the same delivered again is still the same.
    """
    nobody = {"member_id": None, "agent_id": None}
    silence = {"sms": "", "subject": "", "mail": "", "voice": "", "push": ""}
    blank: dict[str, tuple[Any, dict[str, Any]]] = {
        "alerts": (
            Alert,
            {"text": "", "author_id": None, "agent_id": None, "lat": None, "lon": None},
        ),
        "replies": (Reply, {"text": "", **nobody}),
        "reports": (
            Report,
            {"quote": "", "why": "", "told": "", "reporter_id": None, "about_id": None},
        ),
        "texts": (InboundText, {"text": "", "sender": ""}),
        "wordings": (Wording, silence),
        "digests": (Wording, silence),
        "deliveries": (
            Delivery,
            {"address": literal(personal_data.ERASED) + cast(Delivery.id, String), **nobody},
        ),
        "enrolments": (
            Enrolment,
            {"sender": "", "first_name": "", "last_name": "", "address": "", "choices": []},
        ),
        "movements": (
            Movement,
            {"member_id": None, "request_id": None, "said": "", "before": ""},  # of a person
        ),
    }
    for kind, (table, values) in blank.items():
        if found[kind]:
            chosen = update(table).where(table.id.in_(found[kind])).values(**values)
            session.execute(chosen.execution_options(synchronize_session=False))
    for kind, table in (("comments", GazetteComment), ("entries", GazetteEntry)):
        session.execute(delete(table).where(col(table.id).in_(found[kind])))
    personal_messages.forget(session, found)
    for member in session.exec(select(Member).where(col(Member.id).in_(found["accounts"]))):
        if member.state == MemberState.PENDING:  # not activated since it was found
            personal_data.erase(session, member)
