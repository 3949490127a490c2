"""/requests: what waits for a référent or an agent; /decide: one of them, by a link in a mail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlmodel import Session, col, select

from community_store.models import Agent, Community, JoinRequest, Member
from community_store.visibility import full_name
from dispatch import requests, vouching, wake
from dispatch.act import Act
from web import errors, forms, identity
from web.access import Policy, access
from web.deciding import doubt
from web.deciding.doubt import REASON, answer
from web.forms import Form
from web.throttle import throttled

deciding = Blueprint("deciding", __name__)

BEFORE = "deciding.before"  # somebody was quicker
MOVED = "deciding.moved"  # whoever asked has turned to another neighbourhood


def me() -> tuple[Member | None, Agent | None]:
    """Whoever is signed in, as who they may decide."""
    who = identity.whole()
    assert who is not None
    return who.person.member, who.person.agent


@deciding.get("/requests")
@access(Policy.DECIDER)
def waiting() -> ResponseReturnValue:
    """The open requests that were sent to me, eldest first."""
    with identity.runtime().store.read() as db:
        rows = requests.waiting_for(identity.act(db), *me())
        places = _places(db, rows) if me()[1] else {}
        return render_template("deciding/waiting.html", rows=rows, places=places)


def _places(db: Session, rows: Sequence[tuple[JoinRequest, Member]]) -> dict[int | None, str]:
    """Where each asks to live: an agent's town has several communities."""
    asked = {found.community_id for found, _ in rows}
    query = select(Community.id, Community.name).where(col(Community.id).in_(asked))
    return dict(db.exec(query).all())


@deciding.get("/requests/<int:ref>")
@access(Policy.DECIDER)
def one(ref: int) -> ResponseReturnValue:
    """One of them, with the two answers; nothing of who waits no more."""
    with identity.runtime().store.read() as db:
        doing = identity.act(db)
        found = _mine(doing, ref)
        if found is None:
            return errors.expired(MOVED)
        member = vouching.waiting(doing, found)
        if member is None:
            return errors.expired("deciding.answered")
        return _page(doing, found, member)


@deciding.post("/requests/<int:ref>")
@access(Policy.DECIDER)
@throttled("120 per hour")
def decide(ref: int) -> ResponseReturnValue:
    """Accept or refuse; whoever was quicker has decided."""
    with identity.runtime().store.begin() as db:
        doing = identity.act(db)
        found = _mine(doing, ref)
        if found is None:
            return errors.expired(MOVED)
        if asked := _first(doing, found, partial(_page, doing, found)):
            return asked
        told = _decided(doing, found, signed(*me()))
    flash(told)
    wake.pump(identity.runtime())
    return redirect(url_for("deciding.waiting"), 303)


def _mine(doing: Act, ref: int) -> JoinRequest | None:
    """404 for what was never sent to me; None for what is with others since."""
    found = doing.session.get(JoinRequest, ref) if ref < 2**31 else None
    if found is not None and requests.may_decide(doing, found, *me()):
        return found
    who = identity.whole()
    assert who is not None
    if found is None or not vouching.moved_on(doing, found, *identity.deciders(who.person)):
        abort(404)
    return None


def _decided(doing: Act, found: JoinRequest, by: str) -> str:
    """What came of the answer: accepted, refused, or somebody had answered before."""
    form = forms.read((REASON,))
    accept = answer()
    done = requests.decide(doing, found, accept=accept, by=by, reason=form["reason"][:300])
    return ("deciding.accepted" if accept else "deciding.refused") if done else BEFORE


def signed(member: Member | None, agent: Agent | None) -> str:
    """As it is kept on a request who decided it."""
    return full_name(member) if member is not None else agent.name if agent is not None else ""


def _first(doing: Act, found: JoinRequest, page: Callable[..., str]) -> str | None:
    """What is shown before anything is decided: whether a no is meant; the answers again."""
    member = vouching.waiting(doing, found)
    if member is None:
        return None
    if form := doubt.typed():
        return page(member, form)
    return doubt.ask(member) if doubt.doubted() else None


def _page(doing: Act, found: JoinRequest, member: Member, form: Form | None = None) -> str:
    return _shown(found, member, form, contacts=_contacts(doing, found, member))


def _shown(
    found: JoinRequest, member: Member, form: Form | None = None, *, contacts: Sequence[str] = ()
) -> str:
    """The request and its two answers, which go to where the page is."""
    return render_template(
        "deciding/one.html", found=found, member=member,
        form=form or forms.blank((REASON,)), contacts=contacts,
    )  # fmt: skip


def _contacts(doing: Act, found: JoinRequest, member: Member) -> list[str]:
    """A town sees the number and the e-mail of whom it vouches for; neighbours do not, nor an
    agent of another town who is a référent here.
    """
    _, agent = me()
    if agent is None or not requests.may_decide(doing, found, agent):
        return []
    return [one for one in (member.mobile, member.landline, member.email) if one]


@deciding.get("/decide/<token>")
@access(Policy.PROVED)
def open_link(token: str) -> ResponseReturnValue:
    """A GET changes nothing: programs that look into mail open links too."""
    with identity.runtime().store.read() as db:
        doing = identity.act(db)
        asked = vouching.opened(doing, token)
        member = vouching.waiting(doing, asked.request) if asked else None
        if asked is None or member is None or not _may(doing, asked):
            return _over(doing, asked)
        return _shown(asked.request, member)


@deciding.post("/decide/<token>")
@access(Policy.PROVED)
@throttled("60 per hour")
def use_link(token: str) -> ResponseReturnValue:
    """As on the page, by whoever was asked and may still decide."""
    with identity.runtime().store.begin() as db:
        doing = identity.act(db)
        asked = vouching.opened(doing, token)
        if asked is None or not _may(doing, asked):
            return _over(doing, asked)
        if first := _first(doing, asked.request, partial(_shown, asked.request)):
            return first
        decider = asked.decider
        name = full_name(decider) if isinstance(decider, Member) else decider.name
        told = _decided(doing, asked.request, name)
    if told == BEFORE:
        return errors.expired("deciding.answered")
    flash(told)
    wake.pump(identity.runtime())
    return render_template("deciding/done.html")


def _may(doing: Act, asked: vouching.Asked) -> bool:
    return requests.may_decide(doing, asked.request, asked.decider)


def _over(doing: Act, asked: vouching.Asked | None) -> ResponseReturnValue:
    """Why a link decides nothing any more."""
    if asked is None:
        return errors.expired()
    if _may(doing, asked):
        return errors.expired("deciding.answered")
    moved = vouching.moved_on(doing, asked.request, asked.decider)
    return errors.expired(MOVED if moved else "deciding.others")
