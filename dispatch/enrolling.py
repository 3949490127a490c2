"""An enrolment becomes an account: registered, its request sent on, the person told.

Used by whatever ends an enrolment: the geocoder's answer, or the person's choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import update
from sqlmodel import Session, col

from community_store import household, membership
from community_store.errors import RuleError
from community_store.models import Community, Enrolment, Member, MemberState, Mode
from community_store.models import EnrolmentState as State
from dispatch import raising, requests, team
from dispatch.applying import Person
from dispatch.catalogue import say
from dispatch.incoming import Incoming
from dispatch.placing import Home

log = structlog.get_logger(__name__)

CHOICE_LIFE = timedelta(hours=1)
UNDER_WAY = (State.ASKED.value, State.GEOCODING.value, State.CHOOSING.value)
LABEL_MAX = 65  # characters of an address in a list of choices


def enrol(incoming: Incoming, enrolment: Enrolment, home: Home) -> str:
    """Make the pending account, ask whoever decides, and say who that is."""
    try:
        member = membership.register(incoming.session, _new_member(enrolment, home))
    except RuleError as error:
        finish(incoming.session, enrolment, State.FAILED)
        if error.code == "mobile_taken":
            return tell_state(incoming)
        log.warning("enrolment_refused", enrolment=enrolment.id, code=error.code)
        incoming.answer("join_how")
        return "join_how"
    requests.ask(incoming.act, member)
    finish(incoming.session, enrolment, State.DONE, member)
    return _tell_received(replace(incoming, member=member), placed=home.lat is not None)


def _new_member(enrolment: Enrolment, home: Home) -> membership.NewMember:
    return membership.NewMember(
        first_name=enrolment.first_name,
        last_name=enrolment.last_name,
        mobile=enrolment.sender,
        address=home.address,
        lat=home.lat,
        lon=home.lon,
        language=enrolment.language,
    )


def _tell_received(incoming: Incoming, *, placed: bool) -> str:
    community = _community(incoming)
    if community is not None:
        incoming.answer("join_received", community=community.name, who=who(incoming))
    else:
        incoming.answer("join_nowhere" if placed else "join_received_team")
    return "joined"


def tell_state(incoming: Incoming, asked: Person | None = None) -> str:
    """Somebody who has an account asked for one: say what state it is in; of another than
    its holder, who shares the telephone, that they have none by it.
    """
    member = incoming.member
    if member is None or member.state == MemberState.SUSPENDED:
        incoming.answer("suspended_sender")
        return "suspended_sender"
    if asked is not None and not household.same([member], asked.first_name, asked.last_name):
        incoming.answer("join_other", name=f"{asked.first_name} {asked.last_name}")
        return "join_other"
    if member.state == MemberState.PENDING:
        incoming.answer("join_pending", who=who(incoming))
        return "join_pending"
    community = _community(incoming)
    nowhere = say(incoming.language, "sms", "status_nowhere")
    incoming.answer("join_already", community=community.name if community else nowhere)
    return "join_already"


def who(incoming: Incoming) -> str:
    """Who decides the sender's request, in words."""
    member = incoming.member
    mode = team.decider(incoming.act, member) if member is not None else Mode.TEAM
    service = incoming.settings.service.name
    return say(incoming.language, "sms", raising.WHO[mode], service=service)


def offer(incoming: Incoming, choices: list[dict[str, Any]]) -> None:
    """Ask which of some addresses is meant, in one SMS."""
    a, b, c = ([_short(home) for home in choices] + ["", ""])[:3]
    incoming.answer(f"join_choose_{len(choices)}", a=a, b=b, c=c)


def _short(home: Mapping[str, Any]) -> str:
    label = str(home["label"])
    return label if len(label) <= LABEL_MAX else f"{label[: LABEL_MAX - 3].rstrip()}..."


def finish(
    session: Session, enrolment: Enrolment, state: State, member: Member | None = None
) -> None:
    """End an enrolment; what it said of the person goes, since the account has it."""
    enrolment.state = state
    enrolment.member_id = member.id if member else None
    enrolment.first_name = enrolment.last_name = enrolment.address = ""
    enrolment.choices = []
    session.add(enrolment)
    session.flush()


def supersede(session: Session, sender: str) -> None:
    """Drop what a phone had under way: it has said something newer."""
    session.execute(
        update(Enrolment)
        .where(col(Enrolment.sender) == sender, col(Enrolment.state).in_(UNDER_WAY))
        .values(first_name="", last_name="", address="", choices=[], state=State.FAILED.value)
        .execution_options(synchronize_session=False)
    )


def _community(incoming: Incoming) -> Community | None:
    member = incoming.member
    if member is None or member.community_id is None:
        return None
    return incoming.session.get(Community, member.community_id)
