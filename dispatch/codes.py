"""Proof of an address: a code that only whoever holds it can read, or hear (S09).

By SMS to a mobile, by a call to a landline, by mail. Limits are those of promises.md,
"Codes": 6 digits, hashed, 10 minutes, single use, 5 tries, at most 3 an hour and 6 a day a
number, 10 an hour an address. The code itself is forgotten with its message.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, and_, delete, or_, update
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from community_store import email_changes, optouts, registrations
from community_store.account_links import LIVE as LINK_LIVE
from community_store.errors import RuleError
from community_store.membership import read_email
from community_store.models import (
    AccountLink,
    Delivery,
    EmailChange,
    Notice,
    ProofCode,
    Wording,
)
from community_store.store import lock
from config import Settings
from dispatch import night, notices, outbox, senders
from dispatch.act import Act
from dispatch.rights import CODE, EMAIL_LINK, JOIN_KNOWN, JOIN_LINK, LINK
from gateway import numbers
from gateway.contract import Channel

LIVE = timedelta(minutes=10)
TRIES = 5
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PER_NUMBER_HOUR, PER_NUMBER_DAY, PER_ORIGIN_HOUR = 3, 6, 10
# what is told once, perhaps to who is nobody here, and how long it is of use
SECRETS = {
    CODE: LIVE,
    LINK: LINK_LIVE,
    JOIN_LINK: registrations.LIVE,
    JOIN_KNOWN: registrations.LIVE,
    EMAIL_LINK: email_changes.LIVE,
}
REFUSED = "code"  # as the channel of a STOP: said during a call that told a code
REFUSAL = timedelta(days=90)
CHANNELS = {numbers.Kind.MOBILE: Channel.SMS, numbers.Kind.LANDLINE: Channel.VOICE}


def send(
    act: Act, number: str, *, origin: str = "", language: str = "fr", known: bool = True
) -> Channel:
    """Send a new code to a number or e-mail as it was typed; older ones are worth nothing then.

    `origin` is the network address that asks. With `known` false nobody is sent anything, and
    nothing else differs: not what is answered, nor the work, nor the limits. Says by which
    channel it goes. Raises NumberError for a number that cannot be used, and RuleError:
    "email", "too_many", "night" (a landline is not called from 21:30 to 8:00), "no_voice"
    (nobody can call).
    """
    address, channel = read(number)
    if channel is Channel.VOICE and night.is_night(act.settings.service.time_zone, act.now):
        raise RuleError("night", "a landline is called from 8:00 to 21:30 only")
    if channel is Channel.VOICE and not senders.callers(act.session).numbers:
        raise RuleError("no_voice", "no number can call")
    lock(act.session, f"code:{address}")
    refused = _refused(act, address)  # asked of everybody: the same work, known or not
    known = known and not refused
    hashed_origin = hashed(act.settings, "origin", origin) if origin else ""
    require_few(act, ProofCode, col(ProofCode.number) == address, hashed_origin)
    _void(act, address)
    code = f"{secrets.randbelow(1_000_000):06}"
    to = notices.Addressee(address, language, channel=channel)
    undone = act.session.begin_nested()
    notice = _told(act, to, code)
    if known:
        undone.commit()
    else:  # the same work, undone: a stranger learns nothing from how long it takes
        undone.rollback()
    act.session.add(
        ProofCode(
            number=address,
            origin=hashed_origin,
            hash=hashed(act.settings, address, code if known else secrets.token_hex(16)),
            notice_id=notice if known else None,
            created_at=act.now,
            expires_at=act.now + LIVE,
        )
    )
    act.session.flush()
    return channel


def refuse(act: Act, address: str) -> None:
    """Whoever answered a call that told a code had not asked for it."""
    optouts.resume(act.session, address, REFUSED)  # its time begins anew
    optouts.stop(act.session, address, REFUSED, at=act.now)


def _refused(act: Act, address: str) -> bool:
    """A STOP of calls lets a code ring, which takes it back; one said to a code does not."""
    at = optouts.since(act.session, address, REFUSED)
    return at is not None and act.now - at < REFUSAL


def _told(act: Act, to: notices.Addressee, code: str) -> int | None:
    about = notices.Subject(CODE, {"code": code}, live=LIVE)
    return notices.tell(act, to, about).id


def read(typed: str) -> tuple[str, Channel]:
    """A number or e-mail as it was typed: the address, and how a code goes there.

    Raises NumberError, RuleError "email".
    """
    if "@" in typed:
        return read_email(typed), Channel.EMAIL
    phone = numbers.parse(typed)
    return phone.e164, CHANNELS[phone.kind]


def verify(act: Act, number: str, code: str) -> bool:
    """Whether this is the code last sent to the number or e-mail; it is used up then.

    Its digits count, however they are set apart. A wrong one costs a try. Raises NumberError,
    RuleError "email".
    """
    address, _ = read(number)
    tried = hashed(act.settings, address, "".join(filter(str.isdigit, code)))
    lock(act.session, f"code:{address}")
    latest = act.session.exec(_good(act, address).with_for_update()).first()
    right = hmac.compare_digest(tried, latest.hash if latest else "")
    if latest is None:
        return False
    latest.tries += 1
    latest.used = right
    act.session.add(latest)
    act.session.flush()
    return right


def waits(act: Act, number: str) -> bool:
    """Whether a code for the number, as E.164, can still be typed; the same of a stranger's."""
    return act.session.exec(_good(act, number)).first() is not None


def _good(act: Act, address: str) -> SelectOfScalar[ProofCode]:
    """The last code for an address, if it is worth something."""
    return (
        select(ProofCode)
        .where(
            ProofCode.number == address,
            col(ProofCode.used).is_(False),
            col(ProofCode.expires_at) > act.now,
            ProofCode.tries < TRIES,
        )
        .order_by(col(ProofCode.id).desc())
        .limit(1)
    )


def forget(session: Session, now: datetime) -> int:
    """Blank the words of codes and links that are over, and drop rows that no limit needs.

    How many were blanked.
    """
    ends = [
        and_(col(Notice.kind) == kind, col(Notice.created_at) <= now - live)
        for kind, live in SECRETS.items()
    ]
    over = (
        select(Wording.id)
        .join(Notice, col(Notice.id) == col(Wording.notice_id))
        .where(or_(*ends), _still_there())
    )
    blanked = session.execute(
        update(Wording)
        .where(col(Wording.id).in_(over))
        .values(sms="", mail="", voice="", subject="", push="")
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


def require_few(
    act: Act,
    kept: type[ProofCode | AccountLink | EmailChange],
    same: ColumnElement[bool],
    origin: str,
) -> None:
    """Refuse what would be one too many of a kind for an address, or from one network address.

    Raises RuleError "too_many".
    """
    limits = [(same, HOUR, PER_NUMBER_HOUR), (same, DAY, PER_NUMBER_DAY)]
    if origin:
        limits.append((col(kept.origin) == origin, HOUR, PER_ORIGIN_HOUR))
    for whose, span, most in limits:
        sent = act.session.exec(
            select(func.count())
            .select_from(kept)
            .where(whose, col(kept.created_at) > act.now - span)
        ).one()
        if sent >= most:
            raise RuleError("too_many", "too many were asked for: try again later")


def _void(act: Act, address: str) -> None:
    """Only the last code counts, and what has not left of the others need not."""
    earlier = select(ProofCode.notice_id).where(
        ProofCode.number == address, col(ProofCode.used).is_(False)
    )
    waiting = act.session.exec(
        select(Delivery.id).where(col(Delivery.notice_id).in_(earlier))
    ).all()
    outbox.cancel(act.session, [id_ for id_ in waiting if id_], "a newer code", act.now)
    act.session.execute(
        update(ProofCode)
        .where(col(ProofCode.number) == address)
        .values(used=True)
        .execution_options(synchronize_session=False)
    )


def hashed(settings: Settings, whose: str, secret: str) -> str:
    """Keyed, since a million codes are soon tried."""
    key = f"code:{settings.secret_key()}".encode()
    return hmac.new(key, f"{whose}:{secret}".encode(), hashlib.sha256).hexdigest()
