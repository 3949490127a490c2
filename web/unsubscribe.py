"""The link in every mail that stops mail (RFC 8058): one click, no login.

Mail programs POST to it by themselves; a person who opens it is asked first, since
programs that check links open them too.
"""

from __future__ import annotations

from typing import cast

from flask import Blueprint, abort, current_app, render_template
from flask.typing import ResponseReturnValue

from community_store.models import Delivery
from dispatch import ways_out
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
        way = ways_out.of(session, session.get(Delivery, delivery_id))
    return render_template("unsubscribe.html", token=token, done=False, way=way)


@unsubscribe.post("/unsubscribe/<token>")
@access(Policy.PROVED)
def stop(token: str) -> ResponseReturnValue:
    """No more mail of that kind where one may turn it off, and alerts go on; else no more mail
    to the address that the mail went to. Twice is once.
    """
    runtime = _runtime()
    delivery_id = read_unsubscribe_token(runtime.settings, token)
    if delivery_id is None:
        abort(404)
    with runtime.store.begin() as session:
        delivery = session.get(Delivery, delivery_id)
        way = ways_out.of(session, delivery)
        if delivery is not None and delivery.channel == Channel.EMAIL:
            ways_out.take(Act(session, runtime.settings, runtime.clock()), delivery)
    return render_template("unsubscribe.html", token=token, done=True, way=way)


def _runtime() -> Runtime:
    return cast("Runtime", current_app.extensions["tocsin"])
