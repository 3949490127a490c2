"""A member's numbers (S74): a new one is proved as on the way in, by SMS or by a call."""

from __future__ import annotations

from sqlmodel import select

from community_store import optouts, registrations
from community_store.errors import RuleError
from community_store.models import Member
from dispatch import codes, notices
from dispatch.act import Act
from gateway import numbers
from gateway.contract import Channel
from gateway.numbers import Kind

CHANGED = "number_changed"


def ask(act: Act, member: Member, typed: str, *, origin: str) -> str:
    """Send a code to a new number; the number as E.164.

    A landline that is theirs and wants no calls may be proved once more, which takes that back:
    a mobile texts REPRISE. Raises NumberError, RuleError "same" and as codes.send.
    """
    number = numbers.parse(typed).e164
    again = number == member.landline and uncalled(act, member)
    if number in (member.mobile, member.landline) and not again:
        raise RuleError("same", "this is the number already")
    codes.send(act, number, origin=origin, language=member.language)
    return number


def prove(act: Act, member: Member, number: str, code: str) -> Kind | None:
    """The right code puts the number in its place, a mobile or a landline; says which.

    None: the code is wrong, and costs a try. Raises RuleError "taken": a mobile is one
    account's. Nobody is told so before they have shown that they hold it.
    """
    if not codes.verify(act, number, code):
        return None
    kind = numbers.parse(number).kind
    if kind is Kind.MOBILE and _taken(act, member, number):
        raise RuleError("taken", "another account has this mobile")
    optouts.resume(act.session, number, codes.CHANNELS[kind])  # they ask to be told by it
    if getattr(member, kind.value) != number:
        _put(act, member, kind, number)
        _tell(act, member)
    return kind


def uncalled(act: Act, member: Member) -> bool:
    """Whether their landline wants no calls."""
    return bool(member.landline) and optouts.stopped(
        act.session, member.landline or "", Channel.VOICE
    )


def _taken(act: Act, member: Member, number: str) -> bool:
    holder = act.session.exec(select(Member.id).where(Member.mobile == number)).first()
    return holder is not None and holder != member.id


def remove(act: Act, member: Member, kind: Kind) -> None:
    """Keep a number no more. Twice is once. Raises RuleError "last": nothing would be left."""
    left = {Kind.MOBILE: member.landline, Kind.LANDLINE: member.mobile}[kind] or member.email
    if not left:
        raise RuleError("last", "a member needs a mobile, a landline or an e-mail")
    if getattr(member, kind.value):
        _put(act, member, kind, None)
        _tell(act, member)


def _put(act: Act, member: Member, kind: Kind, number: str | None) -> None:
    assert member.id is not None
    setattr(member, kind.value, number)
    act.session.add(member)
    act.session.flush()
    registrations.correct(act.session, member.id, **{kind.value: number or ""})


def _tell(act: Act, member: Member) -> None:
    """By mail: whoever took the account over has the telephone that would be told."""
    to = notices.by_mail(act.session, member)
    if to is not None:
        contact = act.settings.service.contact or act.settings.service.site
        notices.tell(act, to, notices.Subject(CHANGED, {"contact": contact}))


def way(number: str) -> Channel:
    """How a code goes to a number."""
    return codes.CHANNELS[numbers.parse(number).kind]
