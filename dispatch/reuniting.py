"""Who has an account already and registers again: one person, one account, the older one.

Only who has proved what each of the two holds, and gave the same name in both: a number goes
from one person to another, and a couple may share one.
"""

from __future__ import annotations

from community_store import accounts, household
from community_store.models import Account, Member, MemberState, Registration
from dispatch import farewell
from dispatch.act import Act

CONTACTS = ("mobile", "landline", "email")


def still_to_prove(act: Act, registration: Registration, holder: Account) -> bool:
    """Whether what was typed is kept for an older account, which the e-mail is still to be added
    to.
    """
    older = _same_person(act, registration, holder)
    return older is not None and bool(registration.email) and not older.email


def reunited(act: Act, registration: Registration, newer: Account, older: Account) -> bool:
    """The account that this registration made is closed, and what was proved in it is the older
    one's; False where they may be two people, or somebody has vouched for the newer already.
    """
    member = act.session.get_one(Member, newer.member_id)
    kept = _same_person(act, registration, older)
    fresh = member.state == MemberState.PENDING and member.activated_at is None
    if kept is None or not fresh or accounts.person(act.session, newer).staff:
        return False
    proved, password = {one: getattr(member, one) for one in CONTACTS}, newer.password
    farewell.close(act, member)
    for contact, value in proved.items():
        setattr(kept, contact, getattr(kept, contact) or value)
    older.password = older.password or (password if kept.email == proved["email"] else "")
    act.session.add_all((kept, older))
    act.session.flush()
    return True


def named(act: Act, registration: Registration, holder: Account) -> bool:
    """Whether an account goes by the name that was typed."""
    member = accounts.person(act.session, holder).member
    typed = (registration.first_name, registration.last_name)
    return member is not None and household.same([member], *typed) is not None


def _same_person(act: Act, registration: Registration, holder: Account) -> Member | None:
    """The member of an account, if the name is theirs; staff are the operator's to change."""
    person = accounts.person(act.session, holder)
    if person.staff or not named(act, registration, holder):
        return None
    return person.member
