"""/team: the homes that the team vouches for (S25), by whoever has the second factor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session, col, select

from community_store import audit
from community_store.errors import NotFound
from community_store.models import JoinRequest, Member, PositionTry
from community_store.visibility import Viewer, visible
from dispatch import proofs, requests, team, vouching, wake
from dispatch.act import Act
from dispatch.team import Waiting
from gateway import numbers
from web import errors, forms, identity, maps
from web.access import Policy, access
from web.deciding import doubt
from web.deciding.doubt import REASON, answer
from web.forms import Form
from web.throttle import throttled

team_pages = Blueprint("team", __name__, url_prefix="/team")


def actor() -> str:
    """As it is kept for ever who did something: an id, no name."""
    who = identity.whole()
    assert who is not None
    return f"team {who.person.account.id}"


@team_pages.get("")
@access(Policy.TEAM)
def queue() -> ResponseReturnValue:
    """What is due first on top."""
    with identity.runtime().store.read() as db:
        rows = team.queue(db, identity.runtime().clock())
        return render_template("deciding/queue.html", rows=rows, documents=proofs.waiting(db))


@team_pages.get("/requests/<int:ref>")
@access(Policy.TEAM)
def one(ref: int) -> ResponseReturnValue:
    """One request: the document that was sent, how far from home its devices were, and what to
    check by other means with (S25). That somebody looked is kept.
    """
    with identity.runtime().store.begin() as db:
        doing = identity.act(db)
        found = _waiting(doing, ref)
        if found is None:
            return _over(doing, ref)
        audit.note(db, actor(), "looked", f"request {ref}", at=doing.now)
        return _page(db, found)


def _page(db: Session, found: Waiting, form: Form | None = None) -> str:
    return render_template(
        "deciding/of_team.html", found=found, tries=_tries(db, found.member),
        document=proofs.current(db, found.member.id or 0), form=form or forms.blank((REASON,)),
        **_to_check_with(found),
    )  # fmt: skip


def _to_check_with(found: Waiting) -> dict[str, object]:
    """The numbers, the e-mail and the map, all of which an operator may see."""
    seen = visible(found.member, Viewer.OPERATOR)
    return {
        "phones": {one: numbers.national(one) for one in (seen.mobile, seen.landline) if one},
        "email": seen.email,
        "home": _home(found.member),
        "zones": [maps.zone(found.community, "own")] if found.community else [],
    }


def _tries(db: Session, member: Member) -> Sequence[PositionTry]:
    query = select(PositionTry).where(PositionTry.member_id == member.id)
    return db.exec(query.order_by(col(PositionTry.created_at).desc()).limit(10)).all()


def _home(member: Member) -> tuple[float, float] | None:
    placed = member.lat is not None and member.lon is not None
    return (cast("float", member.lat), cast("float", member.lon)) if placed else None


@team_pages.post("/requests/<int:ref>")
@access(Policy.TEAM)
@throttled("240 per hour")
def decide(ref: int) -> ResponseReturnValue:
    """Accept or refuse; the document is destroyed with it."""
    form = forms.read((REASON,))
    accept = answer()
    with identity.runtime().store.begin() as db:
        doing = identity.act(db)
        found = _waiting(doing, ref)
        if found is None:
            return _over(doing, ref)
        if again := doubt.typed():
            return _page(db, found, again)
        if doubt.doubted():
            return doubt.ask(found.member)
        done = requests.decide(
            doing, found.request, accept=accept, by=actor(), reason=form["reason"][:300]
        )
        word = "accepted" if accept else "refused"
        if done:
            audit.note(db, actor(), word, f"request {ref}", at=doing.now)
    flash(f"deciding.{word}" if done else "deciding.before")
    wake.pump(identity.runtime())
    return redirect(url_for("team.queue"), 303)


@team_pages.get("/proofs/<int:document_id>")
@access(Policy.TEAM)
def proof(document_id: int) -> ResponseReturnValue:
    """The document, as an attachment; that somebody looked is kept before it is served."""
    try:
        with identity.runtime().store.begin() as db:
            doing = identity.act(db)
            mine = {id_ for one in team.queue(db, doing.now)
                    if (id_ := proofs.waiting(db).get(one.member.id or 0))}  # fmt: skip
            if document_id not in mine:
                abort(404)
            shown = proofs.look(doing, document_id, who=actor())
    except NotFound:
        abort(404)
    served = Response(shown.data, content_type=shown.media_type)
    served.headers["Content-Disposition"] = f'attachment; filename="{shown.filename}"'
    served.headers["Cache-Control"] = "no-store"
    return served


def _waiting(doing: Act, ref: int) -> Waiting | None:
    return next((w for w in team.queue(doing.session, doing.now) if w.request.id == ref), None)


def _over(doing: Act, ref: int) -> ResponseReturnValue:
    """A colleague was quicker, or whoever asked waits no more; 404 for what others decide."""
    if ref >= 2**31 or (found := doing.session.get(JoinRequest, ref)) is None:
        abort(404)
    if vouching.waiting(doing, found) is not None:
        abort(404)
    return errors.expired("deciding.answered", ("team.queue", "deciding.team"))
