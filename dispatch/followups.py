"""What is said after an alert to those who were told it: all clear, withdrawal, more (A7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast

from sqlalchemy import CursorResult, and_, case, func, insert, literal, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from community_store import personal_data
from community_store.columns import UtcDateTime
from community_store.membership import LANGUAGES
from community_store.models import Agent, Alert, Audience, Delivery, Member, Notice, Wording
from community_store.models import DeliveryState as State
from community_store.visibility import Author, speaker_for
from dispatch import masking, night, notices, notifications, turns, wording
from dispatch.act import Act
from dispatch.catalogue import template
from dispatch.notifications import Opens
from dispatch.priority import priority_of
from dispatch.wording import Words
from gateway.contract import Channel

# a message in flight or in doubt may have been read: its person is told as well
MAY_HAVE_READ = (
    State.SENDING,
    State.UNKNOWN,
    State.ACCEPTED,
    State.SENT,
    State.DELIVERED,
    State.NO_RECEIPT,
)
FOLLOWUP, EXERCISE_FOLLOWUP = KINDS = ("followup", "exercise_followup")
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
    "redials",
    "created_at",
    "due_at",
    "expires_at",
)


@dataclass(frozen=True, slots=True)
class Followup:
    """What somebody adds to an alert for everybody, and where the alert is."""

    text: str
    speaker: Member | Agent
    community: str


def tell_those_told(act: Act, alert: Alert, kind: str, variables: Mapping[str, object]) -> int:
    """Queue a notice of `kind` along the deliveries that went out; how many.

    What its `text` says is masked for all but the town's agents (A9).
    """
    notice, opens = _notice(act, alert, kind), notifications.of_alert(alert.id or 0)
    for hearer in (Audience.PERSON, Audience.AGENT):
        for language in LANGUAGES:
            known = dict(variables)
            if "text" in known:
                known["text"] = _seen_by(act, hearer, language, str(known["text"]))
            words = wording.notice(act.settings, language, kind, known, opens=opens)
            act.session.add(wording.row(words, hearer, language, notice_id=notice.id))
    act.session.flush()
    person, agent = literal(Audience.PERSON.value), literal(Audience.AGENT.value)
    words_of = case((col(Delivery.audience) == agent, agent), else_=person)
    return _copy(act, alert, _Copy(notice, person, col(Wording.audience) == words_of))


def _seen_by(act: Act, hearer: Audience, language: str, text: str) -> str:
    if hearer is Audience.AGENT or not act.settings.alerts.mask:
        return text
    return masking.masked(text, partial(template, language, "sms"))


def tell_followup(act: Act, alert: Alert, followup: Followup) -> int:
    """Tell everybody who was told, and the author, but not the speaker; how many messages."""
    notice = _notice(act, alert, _kind(alert))
    for hearer in (Audience.NEIGHBOUR, Audience.TWIN, Audience.AGENT):
        for language in LANGUAGES:
            words = followup_words(act, alert, followup, (hearer, language))
            act.session.add(wording.row(words, hearer, language, notice_id=notice.id))
    act.session.flush()
    heard = col(Delivery.audience)
    also = and_(col(Wording.audience) == heard, _not_of(followup.speaker))
    return _copy(act, alert, _Copy(notice, heard, also)) + _tell_author(act, alert, followup)


def followup_words(act: Act, alert: Alert, followup: Followup, to: tuple[Audience, str]) -> Words:
    """What one audience reads of it in a language; the alert's own notification stays beside it."""
    opens = Opens(notifications.of_alert(alert.id or 0).path)
    variables = _followup(act, alert, followup, to)
    return wording.notice(act.settings, to[1], _kind(alert), variables, opens=opens)


def people(act: Act, alert: Alert, speaker: Member | Agent) -> int:
    """How many people tell_followup would tell now, each once."""
    told = (
        select(col(Delivery.member_id), col(Delivery.agent_id))
        .where(col(Delivery.alert_id) == alert.id, _went(), _not_of(speaker))
        .distinct()
        .subquery()
    )
    count = act.session.scalar(select(func.count()).select_from(told)) or 0
    return count + (_author_to_tell(act, alert, speaker) is not None)


def _not_of(speaker: Member | Agent) -> Any:
    who = Delivery.member_id if isinstance(speaker, Member) else Delivery.agent_id
    return col(who).is_distinct_from(speaker.id)


def _went() -> Any:
    """Deliveries that may have been read, of people who are still here."""
    return and_(
        col(Delivery.address).not_like(f"{personal_data.ERASED}%"),  # they are not told
        col(Delivery.state).in_([state.value for state in MAY_HAVE_READ]),
    )


def _kind(alert: Alert) -> str:
    return EXERCISE_FOLLOWUP if alert.exercise else FOLLOWUP


def _notice(act: Act, alert: Alert, kind: str) -> Notice:
    notice = Notice(kind=kind, alert_id=alert.id, created_at=act.now)
    act.session.add(notice)
    act.session.flush()
    return notice


def _followup(
    act: Act, alert: Alert, followup: Followup, to: tuple[Audience, str]
) -> dict[str, object]:
    hearer, language = to
    speaker = followup.speaker
    if isinstance(speaker, Member):
        seen = speaker_for(hearer, speaker, alert)
    else:
        seen = Author(speaker.name)
    name = f"{seen.name} {wording.phone(seen.phone)}".strip()
    text = _seen_by(act, hearer, language, followup.text)
    return {"ref": alert.id, "author": name, "community": followup.community, "text": text}


def _tell_author(act: Act, alert: Alert, followup: Followup) -> int:
    known = _author_to_tell(act, alert, followup.speaker)
    if known is None:
        return 0
    author, to = known
    variables = _followup(act, alert, followup, (Audience.NEIGHBOUR, author.language))
    notices.tell(act, to, notices.Subject(_kind(alert), variables, alert_id=alert.id))
    return 1


def _author_to_tell(
    act: Act, alert: Alert, speaker: Member | Agent
) -> tuple[Member, notices.Addressee] | None:
    """Whom the deliveries of the alert do not reach; None: it is the speaker, or nobody."""
    author = act.session.get(Member, alert.author_id) if alert.author_id else None
    if author is None or author is speaker:
        return None
    to = notices.reach(act.session, author, act.now)
    return (author, to) if to is not None else None


@dataclass(frozen=True, slots=True)
class _Copy:
    """How deliveries of an alert become those of a notice about it."""

    notice: Notice
    audience: Any
    matching: Any


def _copy(act: Act, alert: Alert, how: _Copy) -> int:
    said, told = aliased(Wording), col(Delivery.alert_id) == alert.id
    priority = priority_of(exercise=alert.exercise)
    last = turns.given(act.session, alert, priority, act.now)
    by_sms = func.coalesce(Delivery.segments / func.nullif(Delivery.segments, 0), 0)
    each = func.coalesce(Delivery.price / func.nullif(Delivery.segments, 0), 0.0)
    called = col(Delivery.channel) == Channel.VOICE.value
    by_push = col(Delivery.channel) == Channel.PUSH.value
    live = timedelta(minutes=act.settings.dispatch.time_to_live.default)
    morning = night.ring_from(act.settings.service.time_zone, act.now)
    due = case((called, _instant(morning)), else_=_instant(act.now))
    end = case((called, _instant(morning + live)), else_=_instant(act.now + live))
    rows = (
        select(
            literal(how.notice.id), col(Wording.id), col(Delivery.member_id),
            col(Delivery.agent_id), how.audience, col(Delivery.channel), col(Delivery.address),
            col(Delivery.gateway), col(Delivery.number_id), literal(int(priority)),
            turns.next_after_each(last), Wording.segments * by_sms,
            case((called, col(Delivery.price)), else_=Wording.segments * each),
            literal(State.QUEUED.value), literal(""), literal(0), literal(0), literal(0), literal(0),
            _instant(act.now), due, end,
        )
        .select_from(Delivery)
        .join(said, col(said.id) == col(Delivery.wording_id))
        .join(
            Wording,
            and_(
                col(Wording.notice_id) == how.notice.id,
                col(Wording.language) == col(said.language),
                how.matching,
            ),
        )
        .where(told, _went(), or_(~by_push, col(Wording.push) != ""))
    )  # fmt: skip
    statement = insert(Delivery.__table__).from_select(COLUMNS, rows)  # type: ignore[attr-defined]  # SQLModel hides __table__
    # PostgreSQL's driver forgets the count of an INSERT unless it is asked to keep it
    done = act.session.execute(statement.execution_options(preserve_rowcount=True))
    return cast("CursorResult[Any]", done).rowcount


def _instant(value: datetime) -> Any:
    return literal(value, UtcDateTime())
