"""Signing in by a code, and choosing a password by a link: what is sent, and to whom.

Whoever asks is answered the same, in about the same time, whether or not the address is
known; what is sent to it is the only difference (promises.md, Codes).
"""

from __future__ import annotations

from sqlmodel import col

from community_store import account_links, accounts
from community_store.account_links import Asked
from community_store.membership import read_email
from community_store.models import Account, AccountLink
from community_store.store import lock
from dispatch import codes, notices
from dispatch.act import Act
from dispatch.rights import LINK
from gateway.contract import Channel

PATH = "/password/new/"  # where web/ shows the page; a test holds them together


def ask_code(act: Act, typed: str, *, origin: str) -> Channel:
    """Send a code to a mobile, a landline or an e-mail, if a member can sign in with it.

    Raises as codes.send: none of it says whether the address is known.
    """
    account = _holder(act, typed)
    person = accounts.person(act.session, account) if account else None
    language = person.language if person else "fr"
    return codes.send(act, typed, origin=origin, language=language, known=person is not None)


def prove_code(act: Act, typed: str, code: str) -> Account | None:
    """Whose code this is; it is used up. None: wrong, too late, too often, or nobody's."""
    right = codes.verify(act, typed, code)
    account = _holder(act, typed)
    return account if right else None


def _holder(act: Act, typed: str) -> Account | None:
    """The member's account behind an address. Staff have a password: a code is less."""
    address, channel = codes.read(typed)
    held = accounts.holder_of_email if channel is Channel.EMAIL else accounts.holder_of_number
    account = held(act.session, address)
    person = accounts.person(act.session, account) if account else None
    return account if person and person.member and not person.staff else None


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
