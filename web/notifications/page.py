"""/notifications: the devices that tell me of alerts, and whether this is one (S81)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from community_store import subscriptions
from community_store.models import PushSubscription
from community_store.models.subscriptions import PREFIX
from community_store.subscriptions import Browser
from dispatch import notices, wake
from dispatch.notifications import Opens
from gateway import endpoints, vapid
from web import identity
from web.access import Policy, access, mine
from web.throttle import throttled

notifications = Blueprint("notifications", __name__, url_prefix="/notifications")
moving = Blueprint("notifications_moved", __name__)  # called by service workers

GIVEN = ("endpoint", "p256dh", "auth")


@dataclass(frozen=True, slots=True)
class Line:
    """One device. `mark` lets a browser know itself, and says nothing to another."""

    id: str
    row: PushSubscription
    mark: str


@notifications.get("")
@access(Policy.MEMBER)
def show() -> ResponseReturnValue:
    """My devices, and what this browser can do."""
    return _page()


@notifications.post("")
@access(Policy.MEMBER)
@throttled("30 per hour")
def add() -> ResponseReturnValue:
    """This browser gave what its push service wants to know."""
    told = {name: request.form.get(name, "") for name in GIVEN}
    browser = _browser(told, request.form.get("made_for", ""))
    if browser is None:
        return _page("notifications.refused"), 422
    with identity.runtime().store.begin() as db:
        act, member = identity.act(db), identity.member(db)
        assert member.id is not None
        subscriptions.subscribe(db, member.id, browser, act.now)
    flash("notifications.on.done")
    return redirect(url_for("notifications.show"), 303)


@notifications.post("/<device>/remove")
@access(Policy.MEMBER)
def remove(device: str) -> ResponseReturnValue:
    """Nothing more on one of my devices; another's does not exist."""
    with identity.runtime().store.begin() as db:
        member = identity.member(db)
        removed = subscriptions.remove(db, f"{PREFIX}{device}", member_id=member.id)
    mine(removed)
    flash("notifications.removed")
    return redirect(url_for("notifications.show"), 303)


@notifications.post("/trial")
@access(Policy.MEMBER)
@throttled("10 per hour")
def trial() -> ResponseReturnValue:
    """A notification to myself alone, by the way that alerts take."""
    runtime = identity.runtime()
    with runtime.store.begin() as db:
        about = notices.Subject("push_trial", {}, opens=Opens("/notifications", "trial"))
        sent = notices.notify(identity.act(db), identity.member(db), about)
    wake.pump(runtime)
    flash("notifications.trial.sent" if sent else "notifications.trial.none")
    return redirect(url_for("notifications.show"), 303)


@moving.post("/notifications/moved")
@access(Policy.PROVED)
@throttled("30 per hour")
def moved() -> ResponseReturnValue:
    """A browser changed what it gave: what it gave before proves that it is the same one."""
    told = request.get_json(silent=True)
    old, new = (_told(told, name) for name in ("old", "new"))
    before, browser = Browser(**old, made_for=""), _browser(new, _public_key())
    if browser is not None:
        with identity.runtime().store.begin() as db:
            subscriptions.moved(db, before, browser)
    return "", 204  # whether it was one of ours is nobody's business


def _told(told: object, name: str) -> dict[str, str]:
    """As PushSubscription.toJSON() writes it; "" for what is not there."""
    one = told.get(name) if isinstance(told, dict) else None
    flat = {**one, **_keys(one)} if isinstance(one, dict) else {}
    return {key: value if isinstance(value := flat.get(key), str) else "" for key in GIVEN}


def _keys(one: dict[str, object]) -> dict[str, object]:
    keys = one.get("keys")
    return keys if isinstance(keys, dict) else {}


def _browser(told: dict[str, str], made_for: str) -> Browser | None:
    """None for what is no push service's, no key, or made for another key than ours."""
    private = identity.runtime().settings.push.private_services
    try:
        endpoints.check(told["endpoint"], private=private)
        endpoints.check_keys(told["p256dh"], told["auth"])
    except ValueError:
        return None
    if made_for != _public_key():
        return None
    return Browser(**told, made_for=made_for, device=identity.device())


def _public_key() -> str:
    settings = identity.runtime().settings
    return vapid.public_key(vapid.private_key(settings.push.vapid_private_key, settings.data_dir))


def _page(wrong: str = "") -> str:
    with identity.runtime().store.read() as db:
        rows = subscriptions.of(db, identity.member(db).id)
    key = _public_key()
    lines = [Line(row.address.removeprefix(PREFIX), row, _mark(row.endpoint)) for row in rows]
    return render_template("notifications/page.html", devices=lines, key=key, wrong=wrong)


def _mark(endpoint: str) -> str:
    return hashlib.sha256(endpoint.encode()).hexdigest()
