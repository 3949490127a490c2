"""/first-steps: the home is vouched for; save the number, try it, bring the neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import col, select

from community_store import census
from community_store.errors import RuleError
from community_store.models import Account, Community, Number, NumberKind
from dispatch import refusals, rehearsal, wake
from web import i18n, identity
from web.access import Policy, access
from web.attached import attached
from web.front import number_to_text
from web.invite import page as invite
from web.throttle import throttled

first_steps = Blueprint("first_steps", __name__, url_prefix="/first-steps")

SAVED = "number_saved"  # in the browser's signed cookie: the number was fetched from here


@dataclass(frozen=True, slots=True)
class Done:
    """What of the list is done."""

    number: bool
    rehearsal: bool
    invitation: bool
    profile: bool


@first_steps.get("")
@access(Policy.MEMBER)
def show() -> ResponseReturnValue:
    """The page; with the list as it stands."""
    return _page()


def _page(refused: str = "", status: int = 200) -> ResponseReturnValue:
    with identity.runtime().store.begin() as db:
        member = identity.member(db)
        site = invite.link(db, member)
        home = db.get_one(Community, member.community_id)
        account = db.exec(select(Account).where(Account.member_id == member.id)).first()
        others = census.neighbours(db, home) - 1
        told = rehearsal.arrived(db, member)
    done = Done(
        bool(session.get(SAVED)), told, bool(session.get(invite.OPENED)),
        bool(account and account.email),
    )  # fmt: skip
    page = render_template(
        "first_steps/page.html", member=member, community=home.name, others=others, done=done,
        number=number_to_text(), refused=refused,
        site=site, invitation=quote(_invitation(home.name, site)),
    )  # fmt: skip
    return page, status


def _invitation(community: str, link: str) -> str:
    service = identity.runtime().settings.service.name
    return i18n.asked()("invite.words", community=community, service=service, link=link)


@first_steps.get("/number.vcf")
@access(Policy.MEMBER)
def card() -> ResponseReturnValue:
    """All the numbers that messages come from, as one contact (RFC 2426)."""
    with identity.runtime().store.read() as db:
        rows = db.exec(select(Number).order_by(col(Number.is_default).desc(), col(Number.id)))
        values = [row.value for row in rows if row.kind != NumberKind.SENDER]
    service = identity.runtime().settings.service
    lines = ["BEGIN:VCARD", "VERSION:3.0", f"FN:{_escaped(service.name)}",
             f"N:{_escaped(service.name)};;;;", *(f"TEL;TYPE=CELL:{value}" for value in values),
             f"URL:{service.site}", "END:VCARD", ""]  # fmt: skip
    session[SAVED] = True
    return attached("\r\n".join(lines), "text/vcard; charset=utf-8", "tocsin.vcf")


def _escaped(text: str) -> str:
    for mark in ("\\", ",", ";"):
        text = text.replace(mark, f"\\{mark}")
    return text.replace("\n", "\\n")


@first_steps.post("/test")
@access(Policy.MEMBER)
@throttled("10 per hour")
def test() -> ResponseReturnValue:
    """A message to oneself alone."""
    runtime = identity.runtime()
    try:
        with runtime.store.begin() as db:
            way = rehearsal.send(identity.act(db), identity.member(db))
    except RuleError as error:
        return _page(refusals.in_words(i18n.asked().language, error), 422)
    wake.pump(runtime)
    flash(f"first_steps.test.sent.{way.value}")
    return redirect(url_for("first_steps.show"), 303)
