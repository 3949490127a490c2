"""A member's new e-mail (S80): proved by a link that goes there, told to the old one.

Whoever asks is told the same whether or not the address is somebody's already; what is
sent to it is the only difference (promises.md, Codes).
"""

from __future__ import annotations

from sqlmodel import col

from community_store import accounts, email_changes, registrations
from community_store.account_links import Asked
from community_store.errors import RuleError
from community_store.membership import read_email
from community_store.models import EmailChange, Member
from community_store.store import lock
from dispatch import codes, notices
from dispatch.act import Act
from dispatch.rights import EMAIL_LINK, EMAIL_TAKEN
from gateway.contract import Channel

PATH = "/settings/email/"  # where web/ shows the page; a test holds them together
CHANGED = "email_changed"


def ask(act: Act, member: Member, typed: str, *, origin: str) -> str:
    """Mail a link to the new address; the address as it is kept. As seldom as codes.

    Raises RuleError "email", "same", "too_many".
    """
    email = read_email(typed)
    if email == member.email:
        raise RuleError("same", "this is the address already")
    asked = Asked(
        codes.hashed(act.settings, "change", email), codes.hashed(act.settings, "origin", origin)
    )
    lock(act.session, f"link:{email}")
    codes.require_few(act, EmailChange, col(EmailChange.address) == asked.address, asked.origin)
    assert member.id is not None
    token = email_changes.make(act.session, member.id, email, now=act.now, asked=asked)
    site, kind = act.settings.service.site, EMAIL_LINK
    variables: dict[str, object] = {"name": member.first_name, "link": f"{site}{PATH}{token}"}
    if accounts.others_email(act.session, email, member):
        kind, variables = EMAIL_TAKEN, {"link": f"{site}/sign-in"}
    to = notices.Addressee(email, member.language, channel=Channel.EMAIL)
    notices.tell(act, to, notices.Subject(kind, variables, live=email_changes.LIVE))
    return email


def use(act: Act, member: Member, token: str) -> str | None:
    """The link was opened by the member who asked for it: the address is theirs, and the old
    one is told. None: the link is used, too old, or another's. Raises RuleError "taken".
    """
    assert member.id is not None
    change = email_changes.opened(act.session, token, member.id, act.now)
    if change is None or not email_changes.use(act.session, change):
        return None
    lock(act.session, f"link:{change.email}")
    if accounts.others_email(act.session, change.email, member):
        raise RuleError("taken", "somebody else has proved this address meanwhile")
    old = notices.by_mail(act.session, member)
    accounts.change_email(act.session, member, change.email)
    registrations.correct(act.session, member.id, email=change.email, mail_digest=None)
    if old is not None:
        contact = act.settings.service.contact or act.settings.service.site
        notices.tell(act, old, notices.Subject(CHANGED, {"contact": contact}))
    return change.email
