"""/community/settings: the name, and who vouches for new members (S56), by référents."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from community_store import names
from community_store.errors import RuleError
from community_store.models import Mode
from dispatch import requests, tending
from web import forms, identity
from web.access import Policy, access
from web.community.room import Here, done, looked_after, room, said
from web.forms import Field, Form
from web.throttle import throttled

NAME = Field("name", "quarter.name", capitals="words", hint="quarter.name.hint",
             longest=names.PLACE_MAX, missing="quarter.name.missing")  # fmt: skip
MODE = Field("mode", "quarter.mode", missing="quarter.mode.missing",
             choices=tuple((one.value, f"quarter.mode.choose.{one}") for one in tending.MODES))  # fmt: skip


@room.get("/settings")
@access(Policy.REFERENT)
def settings() -> ResponseReturnValue:
    """Both forms, with what stands now."""
    with identity.runtime().store.read() as db:
        mine = looked_after(db)
        return _page(mine, _blank(mine))


@room.post("/settings/name")
@access(Policy.REFERENT)
@throttled("20 per hour")
def rename() -> ResponseReturnValue:
    """Another name: everybody reads of it in the history."""
    form = forms.read((NAME,))

    def do(mine: Here) -> str:
        changed = tending.rename(mine.act, mine.member, form["name"])
        return "quarter.renamed" if changed else "quarter.same"

    if not form.ok:
        return _again(form, 422)
    try:
        return done(do, "community.show")
    except RuleError as error:
        form.wrong("name", "quarter.refused", why=said(error))
        return _again(form, 409)


@room.post("/settings/mode")
@access(Policy.REFERENT)
@throttled("20 per hour")
def choose() -> ResponseReturnValue:
    """Who vouches from now on, for those who wait too."""
    form = forms.read((MODE,))

    def do(mine: Here) -> str:
        changed = tending.choose_mode(mine.act, mine.member, form["mode"])
        return "quarter.mode.done" if changed else "quarter.same"

    if not form.ok:
        return _again(form, 422)
    try:
        return done(do, "community.show")
    except RuleError as error:
        form.wrong("mode", "quarter.refused", why=said(error))
        return _again(form, 409)


def _blank(mine: Here) -> Form:
    return forms.blank((NAME, MODE), name=mine.community.name, mode=mine.community.mode)


def _again(form: Form, status: int) -> ResponseReturnValue:
    with identity.runtime().store.read() as db:
        mine = looked_after(db)
        whole = _blank(mine)
        whole.values.update(form.values)
        whole.errors.update(form.errors)
        return _page(mine, whole), status


def _page(mine: Here, form: Form) -> str:
    town = tending.town_decides(mine.act, mine.community)
    return render_template(
        "community/settings.html",
        community=mine.community,
        form=form,
        town=town.name if town else "",
        by_town=mine.community.mode == Mode.TOWN,
        decider=requests.decider(mine.act, mine.community),
    )
