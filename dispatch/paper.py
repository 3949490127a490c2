"""Joining with the code that a home was given on paper: at once, since it vouches for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import structlog
from sqlmodel import col, func, literal_column, select

from community_store import home_codes, membership
from community_store.models import Community, HomeCode, InboundText, Member, MemberState
from dispatch import enrolling, requests
from dispatch.applying import CODE_DIGITS, ByCode
from dispatch.incoming import Incoming

log = structlog.get_logger(__name__)

HOUR = timedelta(hours=1)
WRONG_MAX = 5  # an hour, of one number
WRONG_MAX_ALL = 30  # an hour, of all numbers: senders can be forged
WRONG = "code_wrong"  # an outcome that is counted
BLOCKED = "code_blocked"


def join(incoming: Incoming, form: ByCode) -> str:
    """Join the code's home, or say why not."""
    member = incoming.member
    if member is not None and not _may_use(member):
        return enrolling.tell_state(incoming, form.person)
    if member is None and form.person is None:
        incoming.answer("join_code_how", code=form.code[:CODE_DIGITS])
        return "join_code_how"
    if kind := _blocked(incoming):
        if not _counted(incoming, BLOCKED):
            incoming.answer(kind)
        return BLOCKED
    return _try(incoming, form)


def _try(incoming: Incoming, form: ByCode) -> str:
    member, code = incoming.member, _code(incoming, form)
    if code is None:
        incoming.answer("join_code_wrong")
        return WRONG
    if member is not None and member.community_id not in (None, code.community_id):
        return enrolling.tell_state(incoming, form.person)
    if home_codes.people(incoming.session, code) >= home_codes.PEOPLE_MAX:
        incoming.answer("join_code_full")
        return "code_full"
    return _enter(incoming, form, code)


def _may_use(member: Member) -> bool:
    if member.state == MemberState.ACTIVE:
        return member.community_id is None
    return member.state == MemberState.PENDING


def _blocked(incoming: Incoming) -> str:
    """Whether too many wrong codes came of late: what to say then, "" for no."""
    if _counted(incoming, WRONG) >= WRONG_MAX:
        return "join_code_blocked"
    everybody = incoming.session.exec(
        select(func.count())
        .select_from(InboundText)
        .where(
            literal_column("outcome") == literal_column(f"'{WRONG}'"),  # as its index has it
            col(InboundText.received_at) > incoming.now - HOUR,
        )
    ).one()
    return "join_code_later" if everybody >= WRONG_MAX_ALL else ""


def _counted(incoming: Incoming, outcome: str) -> int:
    """How many texts of the sender had an outcome in the last hour."""
    return incoming.session.exec(
        select(func.count())
        .select_from(InboundText)
        .where(
            InboundText.sender == incoming.row.sender,
            InboundText.outcome == outcome,
            col(InboundText.received_at) > incoming.now - HOUR,
        )
    ).one()


def _code(incoming: Incoming, form: ByCode) -> HomeCode | None:
    if len(form.code) != CODE_DIGITS:
        return None
    secret = incoming.settings.secret_key()
    return home_codes.find(incoming.session, form.code, secret=secret, now=incoming.now)


def _enter(incoming: Incoming, form: ByCode, code: HomeCode) -> str:
    act = incoming.act
    enrolling.supersede(act.session, incoming.row.sender)
    member = incoming.member or _register(incoming, form, code)
    home = act.session.get_one(Community, code.community_id)
    membership.move(act.session, member, home)
    member.address = member.address or code.address
    membership.activate(act.session, member)
    home_codes.use(act.session, code, member, act.now)
    requests.close(act, member, by=f"home code {code.id}")
    log.info("joined_by_code", member=member.id, code=code.id)
    requests.welcome(act, member, replace(incoming, member=member))
    return "joined"


def _register(incoming: Incoming, form: ByCode, code: HomeCode) -> Member:
    assert form.person is not None
    new = membership.NewMember(
        first_name=form.person.first_name,
        last_name=form.person.last_name,
        mobile=incoming.row.sender,
        address=code.address,
        community_id=code.community_id,
        language=incoming.spoken,
    )
    return membership.register(incoming.session, new)
