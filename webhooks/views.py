"""/webhooks/<gateway>/<sms|status|dlr|voice>: verify, read, store, answer.

Forged: 403. Malformed: 400. Neither leaves a trace but a log line and a counter. A text
that is safely stored, or was before, and any receipt, known or not: 2xx, so that the
provider does not call again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import structlog
from flask import Blueprint, Response, abort, current_app, request
from werkzeug.datastructures import MultiDict

from dispatch import calls, intake, metrics, receipts, trials
from dispatch.runtime import Runtime
from gateway.contract import Callback, CallbackError, Caller, Forged, Provider

log = structlog.get_logger(__name__)

webhooks = Blueprint("webhooks", __name__, url_prefix="/webhooks")

EVERY_METHOD = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@webhooks.route("/<gateway>/sms", methods=EVERY_METHOD)
def sms(gateway: str) -> Response:
    provider = _provider(gateway)
    callback = _callback()
    provider.verify(callback)
    inbound = provider.read_inbound(callback)
    if provider.traits.owns_numbers and not intake.is_ours(_runtime(), inbound.recipient):
        raise Forged("for a number that is not ours")
    intake.receive(_runtime(), gateway, inbound)
    return _thanks(gateway)


@webhooks.route("/<gateway>/status", methods=EVERY_METHOD)
@webhooks.route("/<gateway>/dlr", methods=EVERY_METHOD)
def status(gateway: str) -> Response:
    provider = _provider(gateway)
    callback = _callback()
    provider.verify(callback)
    said = provider.read_receipt(callback)
    if said is not None:
        receipts.receive(_runtime(), gateway, said)
    return _thanks(gateway)


@webhooks.route("/<gateway>/voice", methods=EVERY_METHOD)
def voice(gateway: str) -> Response:
    """A key was pressed during a call: the answer is what the call says next."""
    provider = _provider(gateway)
    if not isinstance(provider, Caller):
        abort(404)
    callback = _callback()
    provider.verify(callback)
    key = provider.read_key(callback)
    answer = calls.press(_runtime(), gateway, key)
    keys = provider.keys_url(key.delivery, key.attempt) if answer.listen else ""
    spoken = provider.go_on(answer.text, answer.language, keys)
    return Response(spoken.body, content_type=spoken.media_type)


@webhooks.errorhandler(CallbackError)
def refuse(error: CallbackError) -> tuple[str, int]:
    gateway = (request.view_args or {}).get("gateway", "")
    why = "forged" if isinstance(error, Forged) else "malformed"
    metrics.REFUSED.labels(gateway=gateway, why=why).inc()
    log.warning("webhook_refused", gateway=gateway, why=why, reason=str(error)[:80])
    return why, 403 if why == "forged" else 400


def _thanks(gateway: str) -> Response:
    # Twilio reads the answer as TwiML and would text a plain body to the sender
    if _runtime().settings.gateway[gateway].type == "twilio":
        return Response("<Response/>", mimetype="text/xml")
    # Kannel answers the sender with the body: an empty one, with max-messages = 0
    return Response("", status=200, mimetype="text/plain")


def _runtime() -> Runtime:
    return cast("Runtime", current_app.extensions["tocsin"])


def _provider(gateway: str) -> Provider:
    settings = _runtime().settings
    if gateway not in settings.gateway:
        abort(404)
    if settings.gateway[gateway].type == "simulator" and not trials.may_text(
        settings, request.remote_addr or "", _headers()
    ):
        raise Forged("the simulator is for this machine: see [security] simulator_public")
    return _runtime().providers[gateway]


def _headers() -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _callback() -> Callback:
    """The call as its provider signed it: for the public address, not for forwarded headers."""
    body = request.get_data(cache=True)  # first: a form that is read leaves no body
    query = request.query_string.decode("latin-1")
    url = _runtime().settings.service.callbacks + request.path + (f"?{query}" if query else "")
    return Callback(
        method=request.method,
        url=url,
        query=_first(request.args),
        form=_first(request.form),
        headers=_headers(),
        body=body,
    )


def _first(values: MultiDict[str, str]) -> Mapping[str, str]:
    return values.to_dict(flat=True)
