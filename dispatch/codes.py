"""Proof of a number: a code that only whoever holds it can read, or hear (S09).

By SMS to a mobile, by a call to a landline. Limits are those of promises.md, "Codes":
6 digits, hashed, 10 minutes, single use, 5 tries, at most 3 an hour and 6 a day a number,
10 an hour an address. The code itself is forgotten with its message.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, update
from sqlmodel import Session, col, func, select

from community_store.errors import RuleError
from community_store.models import Delivery, Notice, ProofCode, Wording
from community_store.store import lock
from config import Settings
from dispatch import night, notices, outbox, senders
from dispatch.act import Act
from dispatch.rights import CODE
from gateway import numbers
from gateway.contract import Channel

LIVE = timedelta(minutes=10)
TRIES = 5
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PER_NUMBER_HOUR, PER_NUMBER_DAY, PER_ORIGIN_HOUR = 3, 6, 10
CHANNELS = {numbers.Kind.MOBILE: Channel.SMS, numbers.Kind.LANDLINE: Channel.VOICE}


def send(act: Act, number: str, *, origin: str = "", language: str = "fr") -> Channel:
    """Send a new code to a number as it was typed; the older ones are worth nothing then.

    `origin` is the network address that asks. Says by which channel it goes. Raises
    NumberError for a number that cannot be used, and RuleError: "too_many", "night"
    (a landline is not called from 21:30 to 8:00), "no_voice" (nobody can call).
    """
    phone = numbers.parse(number)
    channel = CHANNELS[phone.kind]
    if channel is Channel.VOICE and night.is_night(act.settings.service.time_zone, act.now):
        raise RuleError("night", "a landline is called from 8:00 to 21:30 only")
    if channel is Channel.VOICE and not senders.callers(act.session).numbers:
        raise RuleError("no_voice", "no number can call")
    lock(act.session, f"code:{phone.e164}")
    hashed_origin = _hash(act.settings, "origin", origin) if origin else ""
    _require_few(act, phone.e164, hashed_origin)
    _void(act, phone.e164)
    code = f"{secrets.randbelow(1_000_000):06}"
    about = notices.Subject(CODE, {"code": code}, live=LIVE)
    to = notices.Addressee(phone.e164, language, channel=channel)
    notice = notices.tell(act, to, about)
    act.session.add(
        ProofCode(
            number=phone.e164,
            origin=hashed_origin,
            hash=_hash(act.settings, phone.e164, code),
            notice_id=notice.id,
            created_at=act.now,
            expires_at=act.now + LIVE,
        )
    )
    act.session.flush()
    return channel


def verify(act: Act, number: str, code: str) -> bool:
    """Whether this is the code last sent to the number; it is used up then.

    A wrong one costs a try. Raises NumberError.
    """
    e164 = numbers.parse(number).e164
    tried = _hash(act.settings, e164, "".join(code.split()))
    lock(act.session, f"code:{e164}")
    latest = act.session.exec(
        select(ProofCode)
        .where(
            ProofCode.number == e164,
            col(ProofCode.used).is_(False),
            col(ProofCode.expires_at) > act.now,
            ProofCode.tries < TRIES,
        )
        .order_by(col(ProofCode.id).desc())
        .with_for_update()
        .limit(1)
    ).first()
    right = hmac.compare_digest(tried, latest.hash if latest else "")
    if latest is None:
        return False
    latest.tries += 1
    latest.used = right
    act.session.add(latest)
    act.session.flush()
    return right


def forget(session: Session, now: datetime) -> int:
    """Blank the words of codes that are over, and drop rows that no limit needs; how many."""
    over = (
        select(Wording.id)
        .join(Notice, col(Notice.id) == col(Wording.notice_id))
        .where(Notice.kind == CODE, Notice.created_at <= now - LIVE)
        .where(_still_there())
    )
    blanked = session.execute(
        update(Wording)
        .where(col(Wording.id).in_(over))
        .values(sms="", mail="", voice="", subject="")
        .execution_options(synchronize_session=False)
    )
    session.execute(
        delete(ProofCode)
        .where(col(ProofCode.created_at) <= now - DAY)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", blanked).rowcount


def _still_there() -> Any:
    """SQL: the words are still there."""
    return (col(Wording.sms) != "") | (col(Wording.voice) != "")


def _require_few(act: Act, e164: str, origin: str) -> None:
    limits = [
        (col(ProofCode.number) == e164, HOUR, PER_NUMBER_HOUR),
        (col(ProofCode.number) == e164, DAY, PER_NUMBER_DAY),
    ]
    if origin:
        limits.append((col(ProofCode.origin) == origin, HOUR, PER_ORIGIN_HOUR))
    for whose, span, most in limits:
        sent = act.session.exec(
            select(func.count())
            .select_from(ProofCode)
            .where(whose, col(ProofCode.created_at) > act.now - span)
        ).one()
        if sent >= most:
            raise RuleError("too_many", "too many codes were asked for: try again later")


def _void(act: Act, e164: str) -> None:
    """Only the last code counts, and what has not left of the others need not."""
    earlier = select(ProofCode.notice_id).where(
        ProofCode.number == e164, col(ProofCode.used).is_(False)
    )
    waiting = act.session.exec(
        select(Delivery.id).where(col(Delivery.notice_id).in_(earlier))
    ).all()
    outbox.cancel(act.session, [id_ for id_ in waiting if id_], "a newer code", act.now)
    act.session.execute(
        update(ProofCode)
        .where(col(ProofCode.number) == e164)
        .values(used=True)
        .execution_options(synchronize_session=False)
    )


def _hash(settings: Settings, whose: str, secret: str) -> str:
    """Keyed, since a million codes are soon tried."""
    key = f"code:{settings.secret_key()}".encode()
    return hmac.new(key, f"{whose}:{secret}".encode(), hashlib.sha256).hexdigest()
