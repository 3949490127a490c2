"""/profile: my name and my pseudonym (S74, S78)."""

from __future__ import annotations

from functools import partial

from flask import render_template, request
from flask.typing import ResponseReturnValue

from community_store import profiles, pseudonyms
from community_store.models import Member
from community_store.visibility import Viewer, visible
from dispatch.act import Act
from web import forms, identity
from web.access import Policy, access
from web.forms import Field, Form
from web.profile.room import changed, done, profile
from web.throttle import throttled

NAME = (
    Field("first_name", "profile.first_name", capitals="words", autocomplete="given-name",
          longest=profiles.LONGEST_NAME, missing="profile.first_name.missing"),
    Field("last_name", "profile.last_name", capitals="words", autocomplete="family-name",
          longest=profiles.LONGEST_NAME, missing="profile.last_name.missing"),
)  # fmt: skip
PSEUDONYM = Field("pseudonym", "profile.pseudonym", capitals="words", hint="profile.pseudonym.hint",
                  missing="profile.pseudonym.missing")  # fmt: skip
IDEAS = 6


@profile.get("")
@access(Policy.PENDING)
def show() -> ResponseReturnValue:
    """What I say of myself, each with a way to change it."""
    with identity.runtime().store.read() as db:
        member = identity.member(db)
        return render_template("profile/show.html", seen=visible(member, Viewer.SELF))


@profile.get("/name")
@access(Policy.PENDING)
def name() -> ResponseReturnValue:
    with identity.runtime().store.read() as db:
        me = identity.member(db)
        form = forms.blank(NAME, first_name=me.first_name, last_name=me.last_name)
    return render_template("profile/name.html", form=form)


@profile.post("/name")
@access(Policy.PENDING)
@throttled("20 per hour")
def keep_name() -> ResponseReturnValue:
    form = forms.read(NAME)
    if not changed(form, partial(_rename, form)):
        return render_template("profile/name.html", form=form), 422
    return done("profile.name.done", "profile.show")


def _rename(form: Form, act: Act, me: Member) -> None:
    names, service = (form["first_name"], form["last_name"]), act.settings.service.name
    profiles.rename(act.session, me, *names, service=service, now=act.now)


@profile.get("/pseudonym")
@access(Policy.PENDING)
def pseudonym() -> ResponseReturnValue:
    """The present one, and others that tell nothing."""
    return _pseudonym(forms.blank((PSEUDONYM,)))


@profile.post("/pseudonym")
@access(Policy.PENDING)
@throttled("60 per hour")
def keep_pseudonym() -> ResponseReturnValue:
    """One that was offered, or one's own."""
    offered = request.form.get("offered", "")
    form = forms.read((PSEUDONYM,)) if not offered else forms.blank((PSEUDONYM,), pseudonym=offered)
    service = identity.runtime().settings.service.name
    kept = changed(
        form,
        lambda act, me: profiles.call(act.session, me, form["pseudonym"], service=service),
        WRONG,
    )
    if not kept:
        return _pseudonym(form), 422
    return done("profile.pseudonym.done", "profile.show")


WRONG = dict.fromkeys(
    ("short", "long", "letters", "contact", "tells", "office", "nickname_taken"), "pseudonym"
)


def _pseudonym(form: Form) -> str:
    with identity.runtime().store.read() as db:
        me = identity.member(db)
        ideas = pseudonyms.suggest(IDEAS, me.first_name, me.last_name)
        return render_template("profile/pseudonym.html", form=form, now=me.pseudonym, ideas=ideas)
