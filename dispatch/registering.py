"""Registering on the web: a number is proved by a code, an e-mail by a link, in either order.

The first proof makes the account, with what is proved and nothing else, so that nobody's
number or e-mail is ever a stranger's claim. The proof that comes later adds to it. Whoever
has an account already is let into it by the proof; before it nobody is told that there is
one (promises.md, Codes).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import col, select

from community_store import accounts, household, membership, optouts, registrations
from community_store.membership import NewMember
from community_store.models import (
    Account,
    Community,
    Member,
    MemberState,
    Registration,
)
from community_store.store import lock
from dispatch import codes, founding, requests, reuniting
from dispatch.act import Act
from gateway import numbers


@dataclass(frozen=True, slots=True)
class Proved:
    """Whose account it is now. `known`: they had it before; `taken`: what they proved is
    another account's, and was not added; `asks`: the mobile is an account's of another name than
    was typed, and nothing is opened before its holder says so (dispatch/shared_mobile.py).
    """

    account: Account
    known: bool = False
    taken: bool = False
    asks: bool = False


def number_of(registration: Registration) -> str:
    """The number to prove: the mobile, else the landline."""
    return registration.mobile or registration.landline


def prove_number(
    act: Act, registration: Registration, code: str, *, me: int | None = None
) -> Proved | None:
    """Whether the code is right; what comes of it then. A wrong one costs a try.

    `me` is the member who is signed in where the code was typed. To an account that is made
    already nobody else adds a number: the e-mail that made it may be another's than theirs.
    """
    if not _alone(act, registration) or registration.member_id not in (None, me):
        return None
    number = number_of(registration)
    if not number or not codes.verify(act, number, code):
        return None
    kind = numbers.parse(number).kind
    optouts.resume(act.session, number, codes.CHANNELS[kind])  # they ask to be told by it
    mobile = kind is numbers.Kind.MOBILE
    holder = with_mobile(act, number) if mobile else _with_landline(act, registration)
    return _proved(act, registration, "mobile" if mobile else "landline", holder)


def prove_email(act: Act, token: str, *, password: str | None = None) -> Proved | None:
    """Use a link up: the e-mail is theirs who hold it. None: wrong, used, or a week old.

    `password` is the hash of what they chose, "" for none, where they opened it in another
    browser than the one that typed the rest: a password typed there may be a stranger's.
    """
    registration = registrations.of_link(act.session, token, act.now)
    if registration is None:
        return None
    if not _alone(act, registration):
        return None
    if registrations.of_link(act.session, token, act.now) is None:
        return None
    registration.mail_digest = None
    registration.password = registration.password if password is None else password
    lock(act.session, f"email:{registration.email}")  # another may prove it for themselves
    holder = accounts.holder_of_email(act.session, registration.email)
    return _proved(act, registration, "email", holder)


def _alone(act: Act, registration: Registration) -> bool:
    """Wait until the other proof of the same registration is through, and read what it left;
    False when it left nothing.
    """
    query = select(Registration).where(col(Registration.id) == registration.id)
    fresh = query.with_for_update().execution_options(populate_existing=True)
    return act.session.exec(fresh).first() is not None


def with_mobile(act: Act, number: str) -> Account | None:
    """The account of a mobile, which is one's alone."""
    member = act.session.exec(select(Member).where(Member.mobile == number)).first()
    return accounts.of_member(act.session, member) if member is not None else None


def _with_landline(act: Act, registration: Registration) -> Account | None:
    """The same person, who registered before; others of the household may have the number too."""
    sharing = accounts.with_number(act.session, registration.landline)
    member = household.same(sharing, registration.first_name, registration.last_name)
    return accounts.of_member(act.session, member) if member is not None else None


def _proved(act: Act, registration: Registration, what: str, holder: Account | None) -> Proved:
    member = act.session.get(Member, registration.member_id) if registration.member_id else None
    if member is None or member.state == MemberState.CLOSED:
        if holder is None:
            return _made(act, registration, what)
        if what == "mobile" and not reuniting.named(act, registration, holder):
            return Proved(holder, asks=True)
        return _known(act, registration, holder)
    account = accounts.of_member(act.session, member)
    if holder is not None and holder.id != account.id:
        return _others_already(act, registration, account, holder, what=what)
    setattr(member, what, getattr(registration, what))
    act.session.add(member)
    if what == "email":  # an older account had none, and no use for a password
        account.password = account.password or registration.password
    _sign_in_with(act, account, member)
    return Proved(account)


def _others_already(
    act: Act, registration: Registration, mine: Account, holder: Account, *, what: str
) -> Proved:
    """They had an account, and are in it with all that they proved; or it is somebody else's."""
    if reuniting.reunited(act, registration, mine, holder):
        _sign_in_with(act, holder, act.session.get_one(Member, holder.member_id))
        return Proved(holder, known=True)
    setattr(registration, what, "")  # nothing is left to prove of it
    act.session.add(registration)
    return Proved(mine, taken=True)


def _known(act: Act, registration: Registration, holder: Account) -> Proved:
    """They registered before, or were registered: what they typed now is dropped, but for an
    e-mail that their account has not.
    """
    if reuniting.still_to_prove(act, registration, holder):
        registration.member_id = holder.member_id
        act.session.add(registration)
    else:
        registrations.drop(act.session, registration)
    return Proved(holder, known=True)


def _made(act: Act, registration: Registration, what: str) -> Proved:
    member = membership.register(
        act.session,
        NewMember(
            first_name=registration.first_name,
            last_name=registration.last_name,
            address=registration.address,
            lat=registration.lat,
            lon=registration.lon,
            hide_mobile=registration.hide_number,
            hide_landline=registration.hide_number,
            language=registration.language,
            **{what: getattr(registration, what)},
        ),
    )
    registration.member_id = member.id
    act.session.add(registration)
    _as_invited(act, member, registration)
    requests.ask(act, member)
    account = accounts.of_member(act.session, member)
    account.password = registration.password
    _sign_in_with(act, account, member)
    return Proved(account)


def _as_invited(act: Act, member: Member, registration: Registration) -> None:
    """Whose home is in no community asks the one whose link they came by, where it is near."""
    if registration.invited_to is None or member.community_id is not None:
        return
    community = act.session.get(Community, registration.invited_to)
    if community is not None and founding.in_reach(member, community):
        membership.move(act.session, member, community)


def _sign_in_with(act: Act, account: Account, member: Member) -> None:
    """The e-mail signs them in once it is proved and nobody else's."""
    act.session.add(account)
    if member.email:
        accounts.sign_in_with(act.session, account, member.email)
    act.session.flush()


def unproved(registration: Registration, member: Member | None) -> list[str]:
    """What was typed and is not proved: "number", "email", and the "landline" beside a mobile,
    for which there is the member's own page: one call is enough on the way in.
    """
    number = number_of(registration)
    held = (member.mobile, member.landline) if member else ()
    waiting = ["number"] if number and number not in held else []
    second = registration.landline if registration.mobile else ""
    waiting += ["landline"] if second and second not in held else []
    email = registration.email
    return [*waiting, "email"] if email and not (member and member.email == email) else waiting
