"""/invite: bring the neighbours, from one's own telephone (S35, S36); /i/<code>: their way in."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Blueprint, abort, flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from community_store import invitations
from community_store.models import Community, Member, MemberState
from web import i18n, identity
from web.access import Policy, access
from web.attached import attached
from web.community.room import Here, here
from web.front import number_to_text
from web.i18n import Words
from web.registering.room import INVITED
from web.throttle import throttled

if TYPE_CHECKING:
    from web.invite.leaflets import Leaflet

invite = Blueprint("invite", __name__)
OPENED = "invite_opened"  # in the browser's signed cookie: who was invited, nobody can know
PAPERS = ("flyer", "presentation")
WAYS = {"go": "/join", "community": "/community", "home": "/home"}


def link(db: Session, member: Member) -> str:
    """The address that a member gives to neighbours."""
    site = identity.runtime().settings.service.site
    code = invitations.of(db, member, identity.runtime().clock()).code
    return f"{site}{url_for('invite.arrive', code=code)}"


def leaflet(db: Session, mine: Here, words: Words) -> Leaflet:
    """What the printed pages of a member's community say."""
    from web.invite.leaflets import Leaflet  # what draws is 20 MB: for who prints

    service = identity.runtime().settings.service.name
    return Leaflet(words, service, mine.community.name, link(db, mine.member), number_to_text())


@invite.get("/invite")
@access(Policy.MEMBER)
def show() -> ResponseReturnValue:
    """Ready words for one's own telephone and mail program, the link, the papers to print."""
    with identity.runtime().store.begin() as db:
        mine = here(db)
        home, address = mine.community, link(db, mine.member)
    session[OPENED] = True
    t, service = i18n.asked(), identity.runtime().settings.service.name
    named = {"community": home.name, "service": service, "link": address}
    return render_template(
        "invite/page.html", community=home.name, link=address,
        words=t("invite.words", **named), sms=quote(t("invite.words", **named)),
        subject=quote(t("invite.subject", **named)), mail=quote(t("invite.mail", **named)),
        referent=mine.member.referent,
    )  # fmt: skip


@invite.post("/invite/new")
@access(Policy.MEMBER)
@throttled("10 per hour")
def anew() -> ResponseReturnValue:
    """Another link; the one that went around leads nowhere any more."""
    with identity.runtime().store.begin() as db:
        invitations.anew(db, identity.member(db), identity.runtime().clock())
    flash("invite.new.done")
    return redirect(url_for("invite.show"), 303)


@invite.get("/invite/<paper>.pdf")
@access(Policy.MEMBER)
@throttled("60 per hour")
def pdf(paper: str) -> ResponseReturnValue:
    """The flyer or the presentation; 404 for anything else."""
    if paper not in PAPERS:
        abort(404)
    t = i18n.asked()
    with identity.runtime().store.begin() as db:
        about = leaflet(db, here(db), t)
    from web.invite.leaflets import MAKERS

    drawn = MAKERS[paper](about)
    return attached(drawn, "application/pdf", f"{t(f'leaflet.{paper}.file')}.pdf")


@invite.get("/i/<code>")
@access(Policy.ANYONE)
@throttled("30 per minute; 300 per hour")
def arrive(code: str) -> ResponseReturnValue:
    """Which community it is, by name alone, and the way in; it is remembered in this browser."""
    with identity.runtime().store.read() as db:
        home = invitations.community(db, code)
    if home is None:
        session.pop(INVITED, None)
        return render_template("invite/gone.html"), 404
    said, onward = _onward(home)
    if onward != "home":
        session[INVITED] = code
    return render_template(
        "invite/arrive.html", community=home.name, said=said, go=onward, onward=WAYS[onward]
    )


def _onward(home: Community) -> tuple[str, str]:
    """What is said, and the way: whoever has an account goes on where they are."""
    who = identity.whole()
    member = who.person.member if who else None
    if member is None:
        return "text", "go"
    if member.state == MemberState.PENDING or member.community_id is None:
        return "waiting", "community"
    return ("mine" if member.community_id == home.id else "elsewhere"), "home"
