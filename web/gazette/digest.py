"""/gazette/digest: the gazette by e-mail, never unless one asks."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from community_store.models import Every
from dispatch import digest_choice, notices
from web import forms, identity
from web.access import Policy, access
from web.forms import Field, Form
from web.gazette.room import room
from web.throttle import throttled

NEVER = "never"
EVERY = Field(
    "every", "gazette.digest.every", hint="gazette.digest.hint", kind="select",
    missing="gazette.digest.missing",
    choices=((NEVER, "gazette.digest.never"),
             *((one.value, f"gazette.digest.{one}") for one in Every)),
)  # fmt: skip


@room.get("/digest")
@access(Policy.MEMBER)
def digest() -> ResponseReturnValue:
    """As one chose it."""
    with identity.runtime().store.read() as db:
        every = digest_choice.chosen(identity.act(db), identity.member(db))
        return _page(forms.blank((EVERY,), every=every or NEVER))


def _page(form: Form) -> str:
    with identity.runtime().store.read() as db:
        me = identity.member(db)
        return render_template(
            "gazette/digest.html",
            form=form,
            email=me.email,
            stopped=me.email is not None and notices.by_mail(db, me) is None,
            hour=identity.runtime().settings.gazette.digest,
        )


@room.post("/digest")
@access(Policy.MEMBER)
@throttled("60 per hour")
def choose() -> ResponseReturnValue:
    """Once a day, once a week, or never: from now on."""
    form = forms.read((EVERY,))
    if not form.ok:
        return _page(form), 422
    every = None if form["every"] == NEVER else Every(form["every"])
    with identity.runtime().store.begin() as db:
        digest_choice.choose(identity.act(db), identity.member(db), every)
    flash(f"gazette.digest.chosen.{form['every']}")
    return redirect(url_for("gazette.listing"), 303)
