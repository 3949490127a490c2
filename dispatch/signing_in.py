"""Signing in by a code, and choosing a password by a link: what is sent, and to whom.

Whoever asks is answered the same, in about the same time, whether or not the address is
known; what is sent to it is the only difference (promises.md, Codes).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import col

from community_store import account_links, accounts, household
from community_store.account_links import Asked
from community_store.accounts import Person
from community_store.membership import read_email
from community_store.models import Account, AccountLink
from community_store.store import lock
from dispatch import codes, notices
from dispatch.act import Act
from dispatch.rights import LINK
from gateway.contract import Channel

PATH = "/password/new/"  # where web/ shows the page; a test holds them together


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody whom a code signs in, and their name among those who share the address."""

    person: Person
    name: str = ""

    @property
    def account(self) -> Account:
        return self.person.account


def ask_code(act: Act, typed: str, *, origin: str) -> Channel:
    """Send a code to a mobile, a landline or an e-mail, if a member can sign in with it.

    Raises as codes.send: none of it says whether the address is known.
    """
    found = holders(act, typed)
    language = found[0].person.language if found else "fr"
    return codes.send(act, typed, origin=origin, language=language, known=bool(found))


def prove_code(act: Act, typed: str, code: str) -> list[Holder]:
    """Whose code this is, perhaps a household's; it is used up. None: wrong, too late, too often,
    or nobody's.
    """
    right = codes.verify(act, typed, code)
    found = holders(act, typed)
    return found if right else []


def holders(act: Act, typed: str) -> list[Holder]:
    """The members behind an address: several only of a landline. None where all of them are
    staff, who have a password: a code is less.
    """
    address, channel = codes.read(typed)
    held = _with_email if channel is Channel.EMAIL else _with_number
    found = held(act, address)
    return found if any(one.person.member and not one.person.staff for one in found) else []


def _with_email(act: Act, email: str) -> list[Holder]:
    account = accounts.holder_of_email(act.session, email)
    return [Holder(accounts.person(act.session, account))] if account else []


def _with_number(act: Act, e164: str) -> list[Holder]:
    named = household.called(accounts.with_number(act.session, e164))
    found = accounts.of_members(act.session, [member for member, _ in named])
    people = [accounts.person(act.session, account) for account in found]
    return [Holder(person, name) for person, (_, name) in zip(people, named, strict=True)]


def ask_link(act: Act, typed: str, *, origin: str) -> None:
    """Mail a link to choose a password with, if the e-mail is somebody's.

    As seldom as codes. Raises RuleError "email", "too_many".
    """
    email = read_email(typed)
    asked = Asked(
        codes.hashed(act.settings, "link", email), codes.hashed(act.settings, "origin", origin)
    )
    lock(act.session, f"link:{email}")
    codes.require_few(act, AccountLink, col(AccountLink.address) == asked.address, asked.origin)
    account = accounts.holder_of_email(act.session, email)
    token = account_links.make(act.session, account, act.now, asked)
    language = accounts.person(act.session, account).language if account else "fr"
    to = notices.Addressee(email, language, channel=Channel.EMAIL)
    undone = act.session.begin_nested()
    about = {"link": address(act.settings.service.site, token)}
    notices.tell(act, to, notices.Subject(LINK, about, live=account_links.LIVE))
    if account is None:
        undone.rollback()
    else:
        undone.commit()


def address(site: str, token: str) -> str:
    """The page of a link."""
    return f"{site}{PATH}{token}"
