"""/requests: what waits for a référent or an agent; /decide: one of them, by a link in a mail."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from community_store.models import Agent, JoinRequest, Member
from community_store.visibility import full_name
from dispatch import requests, vouching, wake
from dispatch.act import Act
from web import errors, forms, identity
from web.access import Policy, access
from web.forms import Field
from web.throttle import throttled

deciding = Blueprint("deciding", __name__)

REASON = Field("reason", "deciding.reason", hint="deciding.reason.hint", kind="textarea",
               longest=300, required=False)  # fmt: skip
ANSWERS = {"yes": True, "no": False}
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
        return render_template("deciding/waiting.html", rows=rows)


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
        action, contacts = url_for("deciding.decide", ref=ref), _contacts(doing, found, member)
        return _page(found, member, action, contacts)


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


def answer() -> bool:
    """Which of the two buttons was pressed; 400 for neither."""
    said = request.form.get("answer", "")
    if said not in ANSWERS:
        abort(400)
    return ANSWERS[said]


def _decided(doing: Act, found: JoinRequest, by: str) -> str:
    """What came of the answer: accepted, refused, or somebody had answered before."""
    form = forms.read((REASON,))
    accept = answer()
    done = requests.decide(doing, found, accept=accept, by=by, reason=form["reason"][:300])
    return ("deciding.accepted" if accept else "deciding.refused") if done else BEFORE


def signed(member: Member | None, agent: Agent | None) -> str:
    """As it is kept on a request who decided it."""
    return full_name(member) if member is not None else agent.name if agent is not None else ""


def _page(found: JoinRequest, member: Member, action: str, contacts: Sequence[str] = ()) -> str:
    return render_template(
        "deciding/one.html", found=found, member=member,
        action=action, form=forms.blank((REASON,)), contacts=contacts,
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
        return _page(asked.request, member, url_for("deciding.use_link", token=token))


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
