"""What goes to whoever registers on the web: a code to the number, a link to the e-mail.

That the e-mail has an account already is told there alone, where its owner reads it
(promises.md, Codes).
"""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import col

from community_store import account_links, accounts, registrations
from community_store.account_links import Asked
from community_store.models import AccountLink, Registration
from community_store.store import lock
from dispatch import codes, notices
from dispatch.act import Act
from dispatch.registering import number_of
from dispatch.rights import JOIN_KNOWN, JOIN_LINK
from gateway.contract import Channel

PATH = "/join/mail/"  # where web/ shows the page; a test holds them together
DAYS = round(registrations.LIVE / timedelta(days=1))


def send_code(act: Act, registration: Registration, *, origin: str) -> Channel:
    """Send a code to the number. Raises RuleError as codes.send does."""
    language = registration.language
    return codes.send(act, number_of(registration), origin=origin, language=language)


def send_link(act: Act, registration: Registration, *, origin: str) -> None:
    """Mail a link that proves the e-mail; to who has an account already, the way into it.

    As seldom as codes. Raises RuleError "too_many".
    """
    email = registration.email
    asked = Asked(
        codes.hashed(act.settings, "join", email), codes.hashed(act.settings, "origin", origin)
    )
    lock(act.session, f"link:{email}")
    codes.require_few(act, AccountLink, col(AccountLink.address) == asked.address, asked.origin)
    account_links.make(act.session, None, act.now, asked)  # it opens nothing, and counts
    site = act.settings.service.site
    variables: dict[str, object] = {
        "name": registration.first_name,
        "link": f"{site}{PATH}{registrations.new_link(act.session, registration)}",
        "days": DAYS,
    }
    kind = JOIN_LINK
    if _others(act, registration):
        kind, variables = JOIN_KNOWN, {"name": registration.first_name, "link": f"{site}/sign-in"}
    to = notices.Addressee(email, registration.language, channel=Channel.EMAIL)
    notices.tell(act, to, notices.Subject(kind, variables))


def sent(act: Act, registration: Registration) -> set[str]:
    """What of "number" and "email" can be proved by what went there already."""
    number = number_of(registration)
    there = {"number"} if number and codes.waits(act, number) else set()
    return there | {"email"} if registration.mail_digest else there


def _others(act: Act, registration: Registration) -> bool:
    """Whether the e-mail signs somebody else in."""
    holder = accounts.holder_of_email(act.session, registration.email)
    return holder is not None and (
        registration.member_id is None or holder.member_id != registration.member_id
    )
