"""The link in every mail that stops mail (RFC 8058): one click, no login.

Mail programs POST to it by themselves; a person who opens it is asked first, since
programs that check links open them too.
"""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, current_app, render_template
from flask.typing import ResponseReturnValue

from community_store import optouts
from community_store.models import Delivery
from dispatch import outbox
from dispatch.envelope import read_unsubscribe_token
from dispatch.runtime import Runtime
from gateway.contract import Channel
from web.access import Policy, access

unsubscribe = Blueprint("unsubscribe", __name__)


@unsubscribe.get("/unsubscribe/<token>")
@access(Policy.PROVED)
def ask(token: str) -> ResponseReturnValue:
    """A page with one button; a GET changes nothing."""
    if read_unsubscribe_token(_runtime().settings, token) is None:
        abort(404)
    return render_template("unsubscribe.html", token=token, done=False)


@unsubscribe.post("/unsubscribe/<token>")
@access(Policy.PROVED)
def stop(token: str) -> ResponseReturnValue:
    """No more mail to the address that the mail went to; twice is once."""
    runtime = _runtime()
    delivery_id = read_unsubscribe_token(runtime.settings, token)
    if delivery_id is None:
        abort(404)
    with runtime.store.begin() as session:
        delivery = session.get(Delivery, delivery_id)
        if delivery is not None and delivery.channel == Channel.EMAIL and delivery.address:
            optouts.stop(session, delivery.address, Channel.EMAIL)
            outbox.suppress_waiting(session, delivery.address, Channel.EMAIL, runtime.clock())
    return render_template("unsubscribe.html", token=token, done=True)


def _runtime() -> Runtime:
    return cast("Runtime", current_app.extensions["tocsin"])
