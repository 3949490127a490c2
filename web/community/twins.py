"""/community/twinning: twinnings proposed, answered and ended by référents (S50 to S52)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import col, select

from community_store import census, movements, twinning
from community_store.errors import RuleError
from community_store.models import Community, Town, TwinningProposal
from community_store.nearby import Near, beside
from dispatch import pairing
from web import i18n, identity, maps
from web.access import Policy, access
from web.community.answers import answered, sure_to_refuse
from web.community.room import OFTEN, Here, done, looked_after, room, said
from web.throttle import throttled

PAGE = 20
BACK = "neighbourhood.twinnings"
OVER = "twinning.over"  # somebody else ended it before


@dataclass(frozen=True, slots=True)
class Candidate:
    """A community that may be asked, and why not: "", "waiting", "asks" or "nobody"."""

    community: Community
    town: str
    neighbours: int
    metres: float
    unless: str


@dataclass(frozen=True, slots=True)
class Candidates:
    """A page of them, nearest first; `page` counts from 1."""

    lines: Sequence[Candidate]
    count: int
    page: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.count // PAGE))


@room.get("/twinning")
@access(Policy.REFERENT)
def twinnings() -> ResponseReturnValue:
    """Twins, proposals both ways, and whom one may ask, searched in ?q=."""
    with identity.runtime().store.read() as db:
        return _page(looked_after(db))


def _page(mine: Here, refused: str = "") -> str:
    wanted = " ".join(request.args.get("q", "")[:100].split())
    db, act = mine.act.session, mine.act
    ids = movements.twin_ids(db, mine.community.id or 0)
    twins = db.exec(
        select(Community).where(col(Community.id).in_(ids)).order_by(col(Community.looked_for))
    ).all()
    found = _candidates(mine, set(ids), wanted)
    return render_template(
        "community/twinning.html",
        community=mine.community,
        twins=twins,
        asked=pairing.waiting_for(act, mine.member),
        sent=pairing.sent_by(act, mine.member),
        found=found,
        wanted=wanted,
        kilometres=act.settings.geo.twin_distance_m / 1000,
        zones=_zones(mine, twins, found),
        refused=refused,
    )


def _zones(mine: Here, twins: Sequence[Community], found: Candidates) -> list[maps.Zone]:
    t = i18n.asked()
    return [
        maps.zone(mine.community, "own"),
        *(maps.zone(one, "twin") for one in twins),
        *(maps.zone(one.community, note=t.distance(one.metres)) for one in found.lines),
    ]


def _candidates(mine: Here, twins: set[int], wanted: str) -> Candidates:
    act = mine.act
    near = beside(
        act.session, mine.community, within_m=act.settings.geo.twin_distance_m, wanted=wanted
    )
    others = [one for one in near if one.community.id not in twins]
    page = min(max(request.args.get("page", 1, type=int), 1), max(1, -(-len(others) // PAGE)))
    shown = others[(page - 1) * PAGE : page * PAGE]
    return Candidates(_told(mine, shown), len(others), page)


def _told(mine: Here, shown: Sequence[Near]) -> list[Candidate]:
    """What is said of each; a handful of questions however many they are."""
    act, ids = mine.act, [one.community.id or 0 for one in shown]
    people = census.neighbours_of_each(act.session, ids)
    insee = {one.community.town_insee for one in shown}
    towns = dict(
        act.session.exec(select(Town.insee, Town.name).where(col(Town.insee).in_(insee))).all()
    )
    waiting = {other.id for _, other in pairing.sent_by(act, mine.member)}
    asks = {other.id for _, other in pairing.waiting_for(act, mine.member)}
    answer = pairing.with_referents(act.session, ids)

    def unless(id_: int | None) -> str:
        if id_ in asks:
            return "asks"
        return "waiting" if id_ in waiting else "" if id_ in answer else "nobody"

    return [
        Candidate(
            one.community, towns[one.community.town_insee], people.get(one.community.id or 0, 0),
            one.distance_m, unless(one.community.id),
        )
        for one in shown
    ]  # fmt: skip


@room.post("/twinning/propose")
@access(Policy.REFERENT)
@throttled("30 per hour")
def propose() -> ResponseReturnValue:
    """Ask another community; what it had proposed itself is accepted by it."""

    def do(mine: Here) -> str:
        proposal = pairing.propose(mine.act, mine.member, _community(mine, _named()))
        return "twinning.proposed" if proposal.decided_at is None else "twinning.accepted"

    return _done(do)


@room.post("/twinning/<int:proposal>/answer")
@access(Policy.REFERENT)
@throttled(OFTEN)
def answer(proposal: int) -> ResponseReturnValue:
    """Accept or refuse what was proposed to my community; whoever is quicker has answered."""
    accept = answered()
    if not (accept or "sure" in request.form):
        return _ask_refuse(proposal)

    def do(mine: Here) -> str:
        found = _proposal(mine, proposal)
        if found.to_id != mine.community.id:
            abort(404)
        if not pairing.answer(mine.act, found, mine.member, accept=accept):
            return "twinning.before"
        return "twinning.accepted" if accept else "twinning.refused"

    return _done(do)


def _ask_refuse(id_: int) -> str:
    with identity.runtime().store.read() as db:
        mine = looked_after(db)
        found = _proposal(mine, id_)
        if found.to_id != mine.community.id:
            abort(404)
        return sure_to_refuse(db, found, back=url_for(BACK))


@room.post("/twinning/<int:proposal>/withdraw")
@access(Policy.REFERENT)
@throttled(OFTEN)
def withdraw(proposal: int) -> ResponseReturnValue:
    """Take back what my community proposed."""

    def do(mine: Here) -> str:
        found = _proposal(mine, proposal)
        if found.from_id != mine.community.id:
            abort(404)
        taken_back = pairing.withdraw(mine.act, found, mine.member)
        return "twinning.withdrawn" if taken_back else "twinning.before"

    return _done(do)


@room.get("/twinning/with/<int:twin>/end")
@access(Policy.REFERENT)
def ask_end(twin: int) -> ResponseReturnValue:
    """To be sure: neither hears the other's alerts any more."""
    with identity.runtime().store.read() as db:
        mine = looked_after(db)
        other = _twin(mine, twin)
        if twinning.are_twins(db, mine.community.id or 0, twin):
            return render_template("community/untwin.html", twin=other)
    flash(OVER)
    return redirect(url_for(BACK), 303)


@room.post("/twinning/with/<int:twin>/end")
@access(Policy.REFERENT)
@throttled(OFTEN)
def end(twin: int) -> ResponseReturnValue:
    """End it, and tell the référents of the other."""

    def do(mine: Here) -> str:
        ended = pairing.end(mine.act, mine.member, _twin(mine, twin))
        return "twinning.ended" if ended else OVER

    return _done(do)


def _done(do: Callable[[Here], str]) -> ResponseReturnValue:
    """As `done`, with a rule's words on the same page when it may not be."""
    try:
        return done(do, BACK)
    except RuleError as error:
        with identity.runtime().store.read() as db:
            return _page(looked_after(db), said(error, about="twin")), 409


def _named() -> int:
    id_ = request.form.get("community", "")
    return int(id_) if id_.isascii() and id_.isdecimal() and len(id_) < 10 else 0


def _community(mine: Here, id_: int) -> Community:
    found = mine.act.session.get(Community, id_) if id_ < 2**31 else None
    if found is None:
        abort(404)
    return found


def _proposal(mine: Here, id_: int) -> TwinningProposal:
    """404 for what is neither to nor from my community: whoever asks checks which."""
    found = mine.act.session.get(TwinningProposal, id_) if id_ < 2**31 else None
    if found is None or mine.community.id not in (found.from_id, found.to_id):
        abort(404)
    return found


def _twin(mine: Here, id_: int) -> Community:
    """Or what was one until somebody was quicker; 404 for what never was."""
    found, own = _community(mine, id_), mine.community.id or 0
    db = mine.act.session
    if not (twinning.are_twins(db, own, id_) or twinning.were_twins(db, own, id_)):
        abort(404)
    return found
