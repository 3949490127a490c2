"""/community/new: a resident makes a community around their home (S17 to S20)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from shapely import Polygon
from sqlmodel import Session

from community_store import names, outlines
from community_store.errors import RuleError
from community_store.geometry import BoundaryError, Place
from community_store.models import Community, Member, MemberState
from community_store.nearby import near
from dispatch import founding, refusals, wake
from web import forms, i18n, identity, maps
from web.access import Policy, access
from web.community import around, whereabouts
from web.community.drawing import Typed, typed
from web.community.page import place
from web.community.whereabouts import Whereabouts
from web.forms import Field, Form
from web.throttle import throttled

new = Blueprint("new_community", __name__)

YES_NO = (("yes", "founding.referent.yes"), ("no", "founding.referent.no"))
FIELDS = (
    Field("name", "founding.name", capitals="words", hint="founding.name.hint",
          longest=names.PLACE_MAX, missing="founding.name.missing"),
    Field("referent", "founding.referent", choices=YES_NO, missing="founding.referent.missing"),
    Field("town", "founding.town", required=False, longest=5),
)  # fmt: skip
START = 200  # metres: about a hundred homes where houses stand side by side
DRAWN_AROUND_M = 1_500.0  # how far neighbours are shown while one draws
SHOWN_MAX = 60


@dataclass(frozen=True, slots=True)
class Draft:
    """A community that is being made: what was typed, and what a rule said of it."""

    form: Form
    drawn: Typed
    refusal: RuleError | None = None
    where_from: tuple[tuple[str, str], ...] = field(default=())  # towns to choose from

    @property
    def refused(self) -> str:
        if self.refusal is None:
            return ""
        return refusals.in_words(i18n.asked().language, self.refusal)


@new.get("/community/new")
@access(Policy.PENDING)
def ask() -> ResponseReturnValue:
    """The form; whoever has a community, or no place, is led to what they can do."""
    with identity.runtime().store.read() as db:
        member = identity.member(db)
        if member.community_id is not None or around.home_of(member) is None:
            return redirect(url_for("community.show"), 303)
        return _page(db, Draft(forms.blank(FIELDS), Typed("", START)))


@new.post("/community/new")
@access(Policy.PENDING)
@throttled("30 per hour")
def create() -> ResponseReturnValue:
    """Make it. 409 with a rule's words, and what was typed, when it may not be; 422 for what is
    missing; 503 when nobody can say in which town it is.
    """
    draft = Draft(forms.read(FIELDS), typed())
    if not names.is_community_name(draft.form["name"]):
        draft.form.wrong("name", "founding.name.wrong")
    if not draft.form.ok:
        return _again(draft, 422)
    if _made(draft.form["name"]):
        return redirect(url_for("community.show"), 303)
    try:
        polygon, home = _drawn(draft)
        town = _town(draft, home)
        if town is None:
            return _again(_asking_town(draft, home), 503)
        _found(draft, polygon, town)
    except RuleError as error:
        return _again(replace(draft, refusal=error), 409)
    wake.pump(identity.runtime())
    return redirect(url_for("community.show"), 303)


def _made(name: str) -> bool:
    """Whether a first press of the same button made it, or a neighbour did under this name."""
    with identity.runtime().store.read() as db:
        mine = identity.member(db).community_id
        home = db.get(Community, mine) if mine else None
        return home is not None and home.name == name


def _drawn(draft: Draft) -> tuple[Polygon, Place | None]:
    with identity.runtime().store.read() as db:
        home = around.home_of(identity.member(db))
        return draft.drawn.polygon(db, home), home


def _town(draft: Draft, home: Place | None) -> Whereabouts | None:
    """Asked before the transaction: the network is slow, and may be away."""
    found = whereabouts.find(home) if home else None
    if found is None and draft.form["town"]:
        with identity.runtime().store.read() as db:
            return whereabouts.chosen(db, draft.form["town"])
    return found


def _found(draft: Draft, polygon: Polygon, town: Whereabouts) -> None:
    runtime, form = identity.runtime(), draft.form
    said = founding.Founding(
        form["name"], polygon, town.insee, town.town, address=town.address,
        referent=form["referent"] == "yes",
    )  # fmt: skip
    with runtime.store.begin() as db:
        act = identity.act(db)
        founding.create_by_member(act, identity.member(db), said)


def _asking_town(draft: Draft, home: Place | None) -> Draft:
    """The same form with towns to choose from, or with the word to come back later."""
    with identity.runtime().store.read() as db:
        towns = whereabouts.offered(db, home) if home else []
    draft.form.wrong("town" if towns else "", "founding.town." + ("which" if towns else "later"))
    return replace(draft, where_from=tuple((one.insee, one.name) for one in towns))


def _again(draft: Draft, status: int) -> ResponseReturnValue:
    with identity.runtime().store.read() as db:
        return _page(db, draft), status


def _page(db: Session, draft: Draft) -> str:
    member = identity.member(db)
    error = draft.refusal
    return render_template(
        "community/new.html", draft=draft, form=draft.form, home=place(member),
        radii=outlines.RADII_M, neighbours=_neighbours(db, member), offer=_offer(db, member, error),
        where=error.where() if isinstance(error, BoundaryError) else None,
    )  # fmt: skip


def _neighbours(db: Session, member: Member) -> list[maps.Zone]:
    home = around.home_of(member)
    if home is None:
        return []
    found = near(db, home[1], home[0], within_m=DRAWN_AROUND_M, limit=SHOWN_MAX)
    return [maps.zone(one.community, exact=True) for one in found]


def _offer(db: Session, member: Member, error: RuleError | None) -> Community | None:
    """The community that somebody else made first, for one who may still ask to join it."""
    free = member.state == MemberState.PENDING or member.community_id is None
    if error is None or error.code != "overlap" or not free:
        return None
    return db.get(Community, error.facts["community"])
