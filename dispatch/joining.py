"""INSCRIPTION: what is kept of it while its transaction lasts; nobody else is asked yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlmodel import col, func, select

from community_store import offices, optouts
from community_store.models import Enrolment, MemberState
from dispatch import applying, enrolling, paper
from dispatch.incoming import Incoming
from gateway import numbers
from gateway.contract import Channel

PER_DAY = 3  # enrolments of one number
DAY = timedelta(days=1)
GRACE = timedelta(seconds=2)  # until the sweep takes the wake for lost
ENROLMENT = "enrolment"  # the outcome of a text that a worker goes on with


def join(incoming: Incoming, argument: str) -> str:
    """Read INSCRIPTION, or its code; "" for the warning of somebody who may warn."""
    form = applying.read(argument)
    if _may_warn(incoming) and not applying.is_meant(argument, form):
        return ""
    if not _is_french_mobile(incoming.row.sender):
        incoming.answer("join_foreign")
        return "join_refused"
    if form is not None:
        optouts.resume(incoming.session, incoming.row.sender, Channel.SMS)  # they ask for SMS
        if incoming.member is None and _is_office(incoming, form.person):
            incoming.answer("join_office")
            return "join_office"
    if isinstance(form, applying.ByCode):
        return paper.join(incoming, form)
    if incoming.member is not None:
        return enrolling.tell_state(incoming, form.person if form is not None else None)
    return _enrol(incoming, form)


def _enrol(incoming: Incoming, form: applying.ByAddress | None) -> str:
    if form is None:
        incoming.answer("join_how")
        return "join_how"
    if _today(incoming) >= PER_DAY:
        incoming.answer("join_too_many")
        return "join_too_many"
    _keep(incoming, form)
    return ENROLMENT


def join_in_english(incoming: Incoming, argument: str) -> str:
    """JOIN: the same, and the account is in English."""
    return join(replace(incoming, spoken="en"), argument)


def _may_warn(incoming: Incoming) -> bool:
    if incoming.member is not None:
        return incoming.member.state == MemberState.ACTIVE
    return incoming.agent is not None


def _is_office(incoming: Incoming, person: applying.Person | None) -> bool:
    name = f"{person.first_name} {person.last_name}" if person else ""
    return offices.is_office(name, service=incoming.settings.service.name)


def _is_french_mobile(sender: str) -> bool:
    try:
        return numbers.parse(sender).kind is numbers.Kind.MOBILE
    except numbers.NumberError:
        return False


def _today(incoming: Incoming) -> int:
    return incoming.session.exec(
        select(func.count())
        .select_from(Enrolment)
        .where(
            Enrolment.sender == incoming.row.sender,
            col(Enrolment.created_at) > incoming.now - DAY,
        )
    ).one()


def _keep(incoming: Incoming, form: applying.ByAddress) -> None:
    assert incoming.row.id is not None
    enrolling.supersede(incoming.session, incoming.row.sender)
    enrolment = Enrolment(
        inbound_id=incoming.row.id,
        sender=incoming.row.sender,
        first_name=form.person.first_name,
        last_name=form.person.last_name,
        address=form.address,
        language=incoming.spoken,
        created_at=incoming.now,
        again_at=incoming.now + GRACE,
        expires_at=incoming.now + enrolling.CHOICE_LIFE,
    )
    incoming.session.add(enrolment)
    incoming.session.flush()
