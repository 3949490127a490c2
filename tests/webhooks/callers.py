"""Gateways of each kind that call us, and what is kept of their calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask.testing import FlaskClient
from twilio.request_validator import RequestValidator
from werkzeug.test import TestResponse

from app import create_app
from community_store.models import InboundText
from tests.dispatch.world import NUMBER, World, mobile

SITE = "https://tocsin.example"
TWILIO = {"type": "twilio", "account_sid": "ACfiction", "auth_token": "token-now",
          "auth_token_previous": "token-before"}  # fmt: skip
KANNEL = {"type": "kannel", "sendsms_url": "http://127.0.0.1:1/", "username": "u", "password": "p",
          "token": "kannel-token"}  # fmt: skip
GATEWAYS = {"sim": {"type": "simulator"}, "tw": TWILIO, "kn": KANNEL}
FROM = mobile(7)
FORM = {
    "AccountSid": "ACfiction",
    "MessageSid": "SM1",
    "From": FROM,
    "To": NUMBER,
    "Body": "Au feu",
}


def client(world: World) -> FlaskClient:
    return create_app(world.settings, world.runtime).test_client()


def twilio(
    world: World,
    form: Mapping[str, str] = FORM,
    path: str = "/webhooks/tw/sms",
    *,
    token: str = "token-now",
    signed_for: str = SITE,
    **options: Any,
) -> TestResponse:
    signature = RequestValidator(token).compute_signature(signed_for + path, dict(form))
    headers = {"X-Twilio-Signature": signature} | options.pop("headers", {})
    return client(world).post(path, data=dict(form), headers=headers, **options)


def kannel(world: World, path: str = "sms", method: str = "GET", **values: Any) -> TestResponse:
    query = {"token": "kannel-token", "from": FROM, "to": NUMBER, "text": "Au feu", "id": "K1"}
    return client(world).open(f"/webhooks/kn/{path}?{urlencode(query | values)}", method=method)


def simulator(world: World, **values: Any) -> TestResponse:
    document = {"from": FROM, "to": NUMBER, "text": "Au feu", "id": "S1"} | values
    return client(world).post("/webhooks/sim/sms", json=document)


def texts(world: World) -> list[tuple[str, str, str, str]]:
    rows = world.rows(InboundText)
    return [(row.gateway, row.gateway_id, row.sender, row.text) for row in rows]


def receipt(world: World, status: str, query: str = "", **more: str) -> int:
    form = {"AccountSid": "ACfiction", "MessageSid": "SM9", "MessageStatus": status} | more
    path = "/webhooks/tw/status" + (f"?{query}" if query else "")
    return twilio(world, form, path).status_code
