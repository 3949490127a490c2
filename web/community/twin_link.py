"""/twinning/<token>: a référent answers a proposed twinning from their mail."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from community_store import census
from community_store.errors import RuleError
from community_store.models import Community, Town
from dispatch import pairing, pairing_links, wake
from dispatch.act import Act
from dispatch.pairing_links import Asked
from web import errors, identity
from web.access import Policy, access
from web.community.answers import answered, sure_to_refuse
from web.community.room import said
from web.throttle import throttled

twin_link = Blueprint("twin_link", __name__)


@twin_link.get(f"{pairing_links.PATH}<token>")
@access(Policy.PROVED)
def open_link(token: str) -> ResponseReturnValue:
    """A GET changes nothing: programs that look into mail open links too."""
    with identity.runtime().store.read() as db:
        act = identity.act(db)
        asked = _asked(act, token)
        return errors.expired() if asked is None else _page(act, asked, token)


@twin_link.post(f"{pairing_links.PATH}<token>")
@access(Policy.PROVED)
@throttled("60 per hour")
def use_link(token: str) -> ResponseReturnValue:
    """As on the page, by the référent who was asked and still is one."""
    accept, runtime = answered(), identity.runtime()
    try:
        with runtime.store.begin() as db:
            act = identity.act(db)
            asked = _asked(act, token)
            if asked is not None and not (accept or "sure" in request.form):
                return sure_to_refuse(db, asked.proposal, back=request.path)
            if asked is None or not pairing.answer(
                act, asked.proposal, asked.referent, accept=accept
            ):
                return errors.expired()
    except RuleError as error:
        with runtime.store.read() as db:
            act = identity.act(db)
            asked = _asked(act, token)
            if asked is None:
                return errors.expired()
            return _page(act, asked, token, said(error, about="twin")), 409
    wake.pump(runtime)
    return render_template("community/twin_done.html", accepted=accept)


def _asked(act: Act, token: str) -> Asked | None:
    asked = pairing_links.opened(act, token)
    if asked is None or not pairing.may_answer(act, asked.proposal, asked.referent):
        return None
    return asked


def _page(act: Act, asked: Asked, token: str, refused: str = "") -> str:
    """What anybody may know of the community that asks, and the two answers."""
    other = act.session.get_one(Community, asked.proposal.from_id)
    return render_template(
        "community/twin_asked.html",
        theirs=other,
        town=act.session.get_one(Town, other.town_insee).name,
        mine=act.session.get_one(Community, asked.proposal.to_id),
        count=census.neighbours(act.session, other),
        proposal=asked.proposal,
        action=url_for("twin_link.use_link", token=token),
        refused=refused,
    )
