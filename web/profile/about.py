"""/profile: a few words about me, my interests (S37, S38), and my home (S39)."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from community_store import profiles
from community_store.models import Dwelling, Tenure
from community_store.profiles import Interest
from web import forms, identity
from web.access import Policy, access
from web.forms import Field, Form
from web.profile.room import OFTEN, changed, done, profile
from web.throttle import throttled

ABOUT = Field("about", "profile.about", hint="profile.about.hint", kind="textarea",
              longest=profiles.LONGEST_ABOUT, required=False)  # fmt: skip
OTHERS = Field("others", "profile.others", hint="profile.others.hint", required=False)
TICKS = tuple(
    Field(one.value, f"profile.interest.{one}", kind="checkbox", required=False) for one in Interest
)
HOME = (
    Field("tenure", "profile.tenure", kind="select", required=False,
          choices=(("", "profile.untold"),
                   *((one.value, f"profile.tenure.{one}") for one in Tenure))),
    Field("dwelling", "profile.dwelling", kind="select", required=False,
          choices=(("", "profile.untold"),
                   *((one.value, f"profile.dwelling.{one}") for one in Dwelling))),
)  # fmt: skip


@profile.get("/about")
@access(Policy.PENDING)
def about() -> ResponseReturnValue:
    """What my neighbours read of me."""
    with identity.runtime().store.read() as db:
        me = identity.member(db)
        known, mine = set(Interest), profiles.interests(me)
        ticked = dict.fromkeys((one for one in mine if one in known), "yes")
        others = ", ".join(one for one in mine if one not in known)
        return _about(forms.blank((ABOUT, *TICKS, OTHERS), about=me.about, others=others, **ticked))


@profile.post("/about")
@access(Policy.PENDING)
@throttled(OFTEN)
def keep_about() -> ResponseReturnValue:
    form = forms.read((ABOUT, *TICKS, OTHERS))
    chosen = [one.name for one in TICKS if form[one.name]] + form["others"].split(",")
    kept = changed(
        form,
        lambda act, me: profiles.introduce(act.session, me, form["about"], chosen),
        {"interests": "others"},
    )
    return done("profile.about.done", "profile.show") if kept else (_about(form), 422)


def _about(form: Form) -> str:
    return render_template("profile/about.html", form=form, ticks=[one.name for one in TICKS])


@profile.get("/home")
@access(Policy.PENDING)
def home() -> ResponseReturnValue:
    """What nobody else sees."""
    with identity.runtime().store.read() as db:
        me = identity.member(db)
        form = forms.blank(HOME, tenure=me.tenure, dwelling=me.dwelling)
    return render_template("profile/home.html", form=form)


@profile.post("/home")
@access(Policy.PENDING)
@throttled(OFTEN)
def keep_home() -> ResponseReturnValue:
    form = forms.read(HOME)
    kept = changed(
        form,
        lambda act, me: profiles.describe_home(act.session, me, form["tenure"], form["dwelling"]),
    )
    if not kept:
        return render_template("profile/home.html", form=form), 422
    return done("profile.home.done", "profile.show")
