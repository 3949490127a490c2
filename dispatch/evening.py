"""The e-mail of the evening, with one link to try again from home with a smartphone (S24).

What is kept until the evening says only who and when. The token is made when the e-mail
leaves; the database has its digest, and the words of the e-mail are blanked once the link
is used or over.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import CursorResult, delete, or_, update
from sqlmodel import Session, col, select

from community_store.models import EveningLink, Member, MemberState, Wording
from config import Settings
from dispatch import evidence, notices, team
from dispatch.act import Act

KIND = "evening_link"
PATH = "/activation/lien/"
AT_ONCE = 200
KEPT = timedelta(days=30)  # rows of links that are over


def promise(act: Act, member: Member) -> datetime | None:
    """Have an e-mail sent that evening, one a member; when. None for who has no e-mail."""
    if member.id is None or notices.by_mail(act.session, member) is None:
        return None
    already = promised(act.session, member)
    if already is not None:
        return already
    due = next_evening(act.settings, act.now)
    act.session.add(EveningLink(member_id=member.id, due_at=due, created_at=act.now))
    act.session.flush()
    return due


def promised(session: Session, member: Member) -> datetime | None:
    """When the e-mail comes that was promised and has not left."""
    return session.exec(
        select(EveningLink.due_at).where(
            EveningLink.member_id == member.id, col(EveningLink.sent_at).is_(None)
        )
    ).first()


def next_evening(settings: Settings, now: datetime) -> datetime:
    """The next 18:30 of the service's zone, in UTC; at 18:30 itself, tomorrow's."""
    zone = ZoneInfo(settings.service.time_zone)
    today = now.astimezone(zone).date()
    for day in (today, today + timedelta(days=1)):
        due = datetime.combine(day, settings.joining.evening, zone).astimezone(now.tzinfo)
        if due > now:
            return due
    raise AssertionError("tomorrow's evening is ahead")


def send_due(act: Act) -> int:
    """Send what was promised for now, to those who still need it; how many e-mails."""
    due = act.session.exec(
        select(EveningLink)
        .where(col(EveningLink.sent_at).is_(None), col(EveningLink.due_at) <= act.now)
        .order_by(col(EveningLink.due_at))
        .limit(AT_ONCE)
    ).all()
    return sum(_send(act, link) for link in due if _claim(act, link))


def _claim(act: Act, link: EveningLink) -> bool:
    """Two sweeps may meet here: the row says who sends."""
    done = act.session.execute(
        update(EveningLink)
        .where(col(EveningLink.id) == link.id, col(EveningLink.sent_at).is_(None))
        .values(sent_at=act.now)
        .execution_options(synchronize_session=False)
    )
    act.session.refresh(link)
    return cast("CursorResult[Any]", done).rowcount == 1


def _send(act: Act, link: EveningLink) -> bool:
    member = act.session.get(Member, link.member_id)
    to = notices.by_mail(act.session, member) if member is not None else None
    if member is None or to is None or member.state != MemberState.PENDING:
        return False
    if not team.has(act, member) or evidence.proved(act.session, member):
        return False
    token = secrets.token_urlsafe(24)
    live = timedelta(hours=act.settings.joining.evening_link_hours)
    link.digest, link.expires_at = _digest(act.settings, token), act.now + live
    variables = {
        "name": member.first_name,
        "link": f"{act.settings.service.site}{PATH}{token}",
        "hours": round(act.settings.joining.evening_link_hours),
    }
    link.notice_id = notices.tell(act, to, notices.Subject(KIND, variables, live=live)).id
    act.session.add(link)
    act.session.flush()
    return True


def holder(act: Act, token: str) -> Member | None:
    """Whose link it is, while it holds: for the page that asks to go on. Changes nothing."""
    link = _link(act, token)
    member = act.session.get(Member, link.member_id) if link else None
    return member if member is not None and member.state == MemberState.PENDING else None


def redeem(act: Act, token: str) -> Member | None:
    """Use a link up: whose it is; None when it is wrong, used, or over. Only one caller wins."""
    member = holder(act, token)
    if member is None:
        return None
    this = col(EveningLink.digest) == _digest(act.settings, token)
    used = act.session.execute(
        update(EveningLink)
        .where(this, col(EveningLink.used_at).is_(None))
        .values(used_at=act.now)
        .execution_options(synchronize_session=False)
    )
    if cast("CursorResult[Any]", used).rowcount != 1:
        return None
    _blank(act.session, this)
    return member


def forget(act: Act) -> None:
    """Blank the words of links that are over, and drop old rows."""
    over = col(EveningLink.expires_at) <= act.now
    _blank(act.session, over)
    gone = or_(over, col(EveningLink.expires_at).is_(None))
    act.session.execute(
        delete(EveningLink)
        .where(gone, col(EveningLink.created_at) <= act.now - KEPT)
        .execution_options(synchronize_session=False)
    )


def _blank(session: Session, which: Any) -> None:
    notices_of = select(EveningLink.notice_id).where(which, col(EveningLink.notice_id).is_not(None))
    session.execute(
        update(Wording)
        .where(col(Wording.notice_id).in_(notices_of), col(Wording.mail) != "")
        .values(sms="", subject="", mail="", voice="", push="")
        .execution_options(synchronize_session=False)
    )


def _link(act: Act, token: str) -> EveningLink | None:
    if len(token) > 100:
        return None
    return act.session.exec(
        select(EveningLink).where(
            EveningLink.digest == _digest(act.settings, token),
            col(EveningLink.used_at).is_(None),
            col(EveningLink.expires_at) > act.now,
        )
    ).first()


def _digest(settings: Settings, token: str) -> str:
    key = f"evening:{settings.secret_key()}".encode()
    return hmac.new(key, token.encode(), hashlib.sha256).hexdigest()
