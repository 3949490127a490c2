"""A mobile whose account goes by another name than was typed beside it.

A household shares one telephone, or the number was another's before: whoever proved it says
whether to open that account, or to go on without the number. Until then nothing is opened and
nothing that was typed is lost.
"""

from __future__ import annotations

from sqlmodel import Session, select

from community_store import registrations
from community_store.models import Account, Member, Registration
from dispatch import registering
from dispatch.act import Act


def initial(session: Session, number: str) -> str:
    """The first letter of the holder's first name: enough for a household to know whose it is,
    and little to a stranger. "" where nobody has the number any more.
    """
    name = session.exec(select(Member.first_name).where(Member.mobile == number)).first() or ""
    return name[:1].upper()


def opened(act: Act, registration: Registration) -> Account | None:
    """The account that is there, for whoever proved the number a moment ago; what was typed is
    dropped. None where nobody has the number any more.
    """
    account = registering.with_mobile(act, registration.mobile)
    if account is not None:
        registrations.drop(act.session, registration)
    return account


def left_out(session: Session, registration: Registration) -> bool:
    """Go on without the number; whether anything else was given that can be proved."""
    registration.mobile = ""
    session.add(registration)
    session.flush()
    return bool(registration.landline or registration.email)
