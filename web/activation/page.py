"""/activation: who vouches for this home, and what one can do meanwhile (S21 to S31)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from community_store import accounts
from community_store.errors import RuleError
from community_store.models import Community, Member, MemberState, Mode
from dispatch import evening, evidence, notices, presence, proofs, refusals, requests, team, wake
from dispatch.act import Act
from dispatch.presence import Presence
from web import errors, i18n, identity
from web.access import Policy, access
from web.accounts.sign_in import let_in
from web.registering import waiting
from web.throttle import throttled

activation = Blueprint("activation", __name__, url_prefix="/activation")

PLAIN = "plain"  # without scripts
REASONS = ("denied", "unavailable", "timeout", "unsupported", "insecure", PLAIN)
ON, NOWHERE = "/first-steps", "/home"  # by whether there is a community


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a pending member is. `mode` is who decides in fact; times are UTC. `due_at` is
    None until the team has been given its time; `late`: that time is over. A home that is
    `proved` and `outside` the community waits for people to say yes. `again_at` is when
    an e-mail brings a link to try again (S24), which `mail` says that they could get;
    `mail_typed`: they could, once they prove the e-mail that they gave.
    """

    mode: Mode
    asked_at: datetime | None
    due_at: datetime | None
    late: bool
    document: bool
    community: str
    placed: bool
    outside: bool
    proved: bool
    mail: bool
    mail_typed: bool
    again_at: datetime | None


@activation.get("")
@access(Policy.PENDING)
def show() -> ResponseReturnValue:
    """What comes next; an active member is through."""
    return page()


def page(
    *, refused: str = "", tried: Presence | None = None, status: int = 200
) -> ResponseReturnValue:
    """The page as it stands, with what came of a try."""
    with identity.runtime().store.read() as db:
        member = identity.member(db)
        if member.state == MemberState.ACTIVE:
            return redirect(ON if member.community_id else NOWHERE, 303)
        standing = _standing(identity.act(db), member)
    told = render_template(
        "activation/page.html", standing=standing, refused=refused, tried=tried,
        joining=identity.runtime().settings.joining,
        partners=identity.runtime().settings.partner,
    )  # fmt: skip
    return told, status


def _standing(doing: Act, member: Member) -> Standing:
    home = doing.session.get(Community, member.community_id) if member.community_id else None
    request_ = requests.open_of(doing, member)
    due = request_.team_due_at if request_ else None
    return Standing(
        mode=team.decider(doing, member),
        asked_at=request_.created_at if request_ else None,
        due_at=due,
        late=due is not None and due <= doing.now,
        document=proofs.current(doing.session, member.id or 0) is not None,
        community=home.name if home else "",
        placed=member.lat is not None,
        outside=evidence.outside(doing.session, member),
        proved=evidence.proved(doing.session, member),
        mail=notices.by_mail(doing.session, member) is not None,
        mail_typed=not member.email and "email" in waiting.provable(doing, member),
        again_at=evening.promised(doing.session, member),
    )


@activation.post("/position")
@access(Policy.PENDING)
@throttled("20 per hour")
def position() -> ResponseReturnValue:
    """At home: active at once, or proved for those who decide. Elsewhere, or when the device does not say: what else there is,
    and an e-mail that evening (S22 to S24).
    """
    runtime = identity.runtime()
    if reason := request.form.get("failed", ""):
        return _failed(reason)
    told = (request.form.get(name, "") for name in ("lat", "lon", "accuracy"))
    try:
        fix = presence.read_fix(*told)
        with runtime.store.begin() as db:
            found = presence.check(identity.act(db), identity.member(db), fix)
    except RuleError as error:
        if error.code in presence.UNSURE:
            _promise()
        return page(refused=refusals.in_words(i18n.asked().language, error), status=422)
    if not found.at_home:
        return page(tried=found, status=422)
    wake.pump(runtime)
    return redirect(url_for("activation.show"), 303)


def _failed(reason: str) -> ResponseReturnValue:
    """The browser got no position, and says why; or it has no scripts, and asks for the mail."""
    promised = _promise()
    if reason == PLAIN and promised is not None:
        return redirect(url_for("activation.show"), 303)
    told = reason if reason in REASONS else "unavailable"
    return page(refused=i18n.asked()(f"activation.position.{told}"), status=422)


def _promise() -> datetime | None:
    with identity.runtime().store.begin() as db:
        return presence.failed(identity.act(db), identity.member(db))


@activation.get("/lien/<token>")
@access(Policy.PROVED)
def open_link(token: str) -> ResponseReturnValue:
    """The evening's link. A GET changes nothing: programs that look into mail open links too."""
    with identity.runtime().store.read() as db:
        member = evening.holder(identity.act(db), token)
    if member is None:
        return errors.expired()
    return render_template("activation/link.html", token=token, name=member.first_name)


@activation.post("/lien/<token>")
@access(Policy.PROVED)
@throttled("10 per minute; 60 per hour")
def use_link(token: str) -> ResponseReturnValue:
    """Used once: whoever holds it is let in on this telephone, to try from home."""
    with identity.runtime().store.begin() as db:
        member = evening.redeem(identity.act(db), token)
        account = accounts.of_member(db, member) if member is not None else None
    if account is None:
        return errors.expired()
    return let_in(account, url_for("activation.show"))
