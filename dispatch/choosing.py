"""`2`: which of the addresses that an SMS listed is the sender's."""

from __future__ import annotations

from dataclasses import replace

from sqlmodel import col, select

from community_store.models import Enrolment
from community_store.models import EnrolmentState as State
from dispatch import applying, enrolling
from dispatch.incoming import Incoming
from dispatch.placing import Home


def choose(incoming: Incoming) -> str:
    """Read a text as a choice; "" when it is none, or none was asked for of late."""
    chosen = applying.choice(incoming.text)
    if chosen is None or incoming.member is not None:
        return ""
    enrolment = _offered(incoming)
    if enrolment is None:
        return ""
    incoming = replace(incoming, spoken=enrolment.language)
    homes = enrolment.choices
    if chosen == 0:
        enrolling.finish(incoming.session, enrolment, State.FAILED)
        incoming.answer("join_address_unknown")
        return "join_address_unknown"
    if chosen > len(homes) or (len(homes) > 1 and not any(c.isdigit() for c in incoming.text)):
        enrolling.offer(incoming, homes)  # yes to which?
        return "join_choices"
    home = homes[chosen - 1]
    place = Home(home["address"], home["lat"], home["lon"])
    return enrolling.enrol(incoming, enrolment, place)


def _offered(incoming: Incoming) -> Enrolment | None:
    return incoming.session.exec(
        select(Enrolment)
        .where(
            Enrolment.sender == incoming.row.sender,
            Enrolment.state == State.CHOOSING,
            col(Enrolment.expires_at) > incoming.now,
        )
        .order_by(col(Enrolment.id).desc())
    ).first()
