"""The link in every mail that stops mail (RFC 8058): one click, no login.

Mail programs POST to it by themselves; a person who opens it is asked first, since
programs that check links open them too.
"""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, current_app, render_template
from flask.typing import ResponseReturnValue
from sqlmodel import Session

from community_store import optouts
from community_store.models import Delivery
from dispatch import digest_choice, outbox
from dispatch.act import Act
from dispatch.envelope import read_unsubscribe_token
from dispatch.runtime import Runtime
from gateway.contract import Channel
from web.access import Policy, access

unsubscribe = Blueprint("unsubscribe", __name__)


@unsubscribe.get("/unsubscribe/<token>")
@access(Policy.PROVED)
def ask(token: str) -> ResponseReturnValue:
    """A page with one button; a GET changes nothing."""
    runtime = _runtime()
    delivery_id = read_unsubscribe_token(runtime.settings, token)
    if delivery_id is None:
        abort(404)
    with runtime.store.read() as session:
        delivery = session.get(Delivery, delivery_id)
        digest = _is_digest(session, delivery)
    return render_template("unsubscribe.html", token=token, done=False, digest=digest)


@unsubscribe.post("/unsubscribe/<token>")
@access(Policy.PROVED)
def stop(token: str) -> ResponseReturnValue:
    """No more mail to the address that the mail went to, but for a digest of the gazette: no
    more of those, and alerts go on. Twice is once.
    """
    runtime = _runtime()
    delivery_id = read_unsubscribe_token(runtime.settings, token)
    if delivery_id is None:
        abort(404)
    with runtime.store.begin() as session:
        act = Act(session, runtime.settings, runtime.clock())
        delivery = session.get(Delivery, delivery_id)
        digest = _is_digest(session, delivery)
        if delivery is not None and delivery.channel == Channel.EMAIL:
            _stop(act, delivery, digest=digest)
    return render_template("unsubscribe.html", token=token, done=True, digest=digest)


def _is_digest(session: Session, delivery: Delivery | None) -> bool:
    return delivery is not None and digest_choice.is_digest(session, delivery)


def _stop(act: Act, delivery: Delivery, *, digest: bool) -> None:
    if digest:
        if delivery.member_id is not None:
            digest_choice.stop(act, delivery.member_id)
    elif delivery.address:
        optouts.stop(act.session, delivery.address, Channel.EMAIL)
        outbox.suppress_waiting(act.session, delivery.address, Channel.EMAIL, act.now)


def _runtime() -> Runtime:
    return cast("Runtime", current_app.extensions["tocsin"])
