"""/settings: what I am told of, and by which way (S81); the newsletter (S83)."""

from __future__ import annotations

from collections.abc import Collection

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from community_store import optouts, profiles
from community_store.models import Member, MemberState, Topic
from dispatch import digest_choice, preferences
from dispatch.preferences import Choice
from gateway.contract import Channel
from web import forms, identity
from web.access import Policy, access
from web.forms import Field, Form
from web.front import number_to_text
from web.profile.room import OFTEN, changed, done, settings_room
from web.throttle import throttled

NEWSLETTER = Field("newsletter", "settings.newsletter.wanted", kind="checkbox", required=False)


@settings_room.get("")
@access(Policy.OWN)
def show() -> ResponseReturnValue:
    """All there is to set, each with how it stands."""
    with identity.runtime().store.read() as db:
        me = identity.member(db)
        off = preferences.turned_off(db, me)
        return render_template(
            "profile/settings.html", me=me, newsletter=profiles.wants_newsletter(me),
            unwarned=preferences.unwarned(me, off, preferences.stopped(db, me)),
        )  # fmt: skip


@settings_room.get("/notifications")
@access(Policy.PENDING)
def notifications() -> ResponseReturnValue:
    with identity.runtime().store.read() as db:
        me = identity.member(db)
        off = preferences.turned_off(db, me)
        on = {_name(one): "yes" for one in preferences.choices(me) if one not in off}
        return _page(db, me, forms.blank(_fields(me), **on))


@settings_room.post("/notifications")
@access(Policy.PENDING)
@throttled(OFTEN)
def choose() -> ResponseReturnValue:
    """Who would be told of no alert any more is asked first whether they mean it."""
    with identity.runtime().store.read() as db:
        me = identity.member(db)
        form, before = forms.read(_fields(me)), preferences.turned_off(db, me)
        wanted = {one for one in preferences.choices(me) if form[_name(one)]}
        if "sure" not in request.form and _falls_silent(me, before, wanted):
            return render_template("profile/silent.html", form=form)
    changed(form, lambda act, me: preferences.choose(act.session, me, wanted))
    return done("settings.notifications.done", "settings.notifications")


def _falls_silent(me: Member, before: Collection[Choice], wanted: set[Choice]) -> bool:
    off = set(preferences.choices(me)) - wanted
    return preferences.unwarned(me, off) and not preferences.unwarned(me, before)


@settings_room.post("/notifications/resume")
@access(Policy.PENDING)
@throttled("20 per hour")
def resume() -> ResponseReturnValue:
    """E-mail again, to who had said no to all of it. An SMS is resumed by an SMS: only a
    telephone can lift what its operator bars.
    """
    form = forms.blank(())
    changed(
        form,
        lambda act, me: optouts.resume(act.session, me.email or "", Channel.EMAIL),
    )
    return done("settings.notifications.resumed", "settings.notifications")


@settings_room.post("/newsletter")
@access(Policy.PENDING)
@throttled(OFTEN)
def newsletter() -> ResponseReturnValue:
    """Yes or no, and since when."""
    form = forms.read((NEWSLETTER,))
    wanted = bool(form["newsletter"])
    changed(form, lambda act, me: profiles.subscribe(act.session, me, act.now, wanted=wanted))
    said = "settings.newsletter.on" if wanted else "settings.newsletter.off"
    return done(said, "settings.notifications")


def _name(choice: Choice) -> str:
    return f"{choice[0]}-{choice[1]}"


def _fields(me: Member) -> list[Field]:
    return [
        Field(_name(one), f"settings.channel.{one[1]}", kind="checkbox", required=False)
        for one in preferences.choices(me)
    ]


def _page(db: Session, me: Member, form: Form) -> str:
    """A card a topic, with the ways that it can come by; the gazette's says how often it does."""
    topics = {
        topic: [_name(one) for one in preferences.choices(me) if one[0] is topic]
        for topic in Topic
        if topic is not Topic.GAZETTE
    }
    closed = preferences.stopped(db, me)
    wants = profiles.wants_newsletter(me)
    return render_template(
        "profile/notifications.html",
        me=me,
        form=form,
        topics=topics,
        closed=[channel.value for channel in Channel if channel in closed],
        paused=me.paused_until is not None and me.paused_until > identity.runtime().clock(),
        unwarned=preferences.unwarned(me, preferences.turned_off(db, me), closed),
        number=number_to_text(),
        digest=digest_choice.chosen(identity.act(db), me),
        active=me.state == MemberState.ACTIVE,
        newsletter=forms.blank((NEWSLETTER,), newsletter="yes" if wants else ""),
    )  # fmt: skip
