"""What is no call of a gateway, or cannot be read, is refused and leaves nothing."""

from __future__ import annotations

from typing import Any

import pytest
from twilio.request_validator import RequestValidator

from community_store.models import ReceiptRow
from tests.dispatch.world import NUMBER, World
from tests.webhooks.callers import FORM, FROM, SITE, client, kannel, simulator, texts, twilio

pytestmark = pytest.mark.both

UNSIGNED = {"X-Twilio-Signature": ""}


@pytest.mark.parametrize("path", ["sms", "status"])
@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("POST", {"data": FORM}),
        ("POST", {"data": FORM, "headers": UNSIGNED}),
        ("POST", {"data": FORM, "headers": {"X-Twilio-Signature": "AAAA"}}),
        ("POST", {"data": FORM, "headers": {"X-Twilio-Signature": "é"}}),
        ("POST", {"json": FORM}),
        ("POST", {"data": b"\xff\xfe", "content_type": "application/x-www-form-urlencoded"}),
        ("POST", {"data": b"--x", "content_type": "multipart/form-data; boundary=x"}),
        ("POST", {}),
        ("GET", {"query_string": FORM}),
        ("PUT", {"data": FORM}),
        ("PATCH", {"data": FORM}),
        ("DELETE", {}),
        ("HEAD", {}),
    ],
)
def test_twilio_s_calls_that_are_not_signed_are_403(
    lone: World, path: str, method: str, options: dict[str, Any]
) -> None:
    answer = client(lone).open(f"/webhooks/tw/{path}", method=method, **options)
    assert answer.status_code == 403
    assert texts(lone) == []
    assert lone.rows(ReceiptRow) == []


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({}, 200),
        ({"token": "token-before"}, 200),
        ({"token": "another"}, 403),
        ({"token": ""}, 403),
        ({"signed_for": "http://127.0.0.1:8000"}, 403),
        ({"signed_for": "https://evil.example"}, 403),
        ({"form": FORM | {"AccountSid": "ACother"}}, 403),
    ],
)
def test_what_twilio_s_signature_must_cover(
    lone: World, options: dict[str, Any], code: int
) -> None:
    assert twilio(lone, **options).status_code == code
    assert len(texts(lone)) == (1 if code == 200 else 0)


def test_forwarded_headers_do_not_move_the_signed_address(lone: World) -> None:
    headers = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Prefix": "/evil",
        "Host": "evil.example",
    }
    assert twilio(lone, headers=headers).status_code == 200
    answer = twilio(lone, signed_for="https://evil.example", headers=headers)
    assert answer.status_code == 403


def test_a_query_is_part_of_what_is_signed(lone: World) -> None:
    path = "/webhooks/tw/status?d=1&a=1"
    form = FORM | {"MessageStatus": "sent"}
    signature = RequestValidator("token-now").compute_signature(SITE + path, form)
    for called, code in ((path, 200), ("/webhooks/tw/status?d=2&a=1", 403)):
        answer = client(lone).post(called, data=form, headers={"X-Twilio-Signature": signature})
        assert answer.status_code == code


@pytest.mark.parametrize("path", ["sms", "dlr"])
@pytest.mark.parametrize(
    ("method", "token", "code"),
    [
        ("GET", "wrong", 403),
        ("GET", "", 403),
        ("GET", "kannel-tokené", 403),
        ("PUT", "kannel-token", 403),
        ("DELETE", "kannel-token", 403),
        ("GET", "kannel-token", 200),
        ("POST", "kannel-token", 200),
    ],
)
def test_kannel_s_token(lone: World, path: str, method: str, token: str, code: int) -> None:
    answer = kannel(lone, path, method, token=token, type="1")
    assert answer.status_code == code
    assert bool(texts(lone)) is (code == 200 and path == "sms")


@pytest.mark.parametrize(
    ("gateway", "path", "options"),
    [
        ("kn", "sms", {"query_string": {"token": "kannel-token"}}),
        ("kn", "sms", {"query_string": {"token": "kannel-token", "from": FROM}}),
        ("kn", "sms", {"query_string": {
            "token": "kannel-token", "from": FROM, "to": "1", "text": "x", "charset": "no-such"}}),
        ("kn", "dlr", {"query_string": {"token": "kannel-token"}}),
        ("kn", "dlr", {"query_string": {"token": "kannel-token", "type": "é"}}),
        ("sim", "sms", {"data": "{", "content_type": "application/json"}),
        ("sim", "sms", {"data": b"\xff", "content_type": "application/json"}),
        ("sim", "sms", {"data": "[" * 100_000, "content_type": "application/json"}),
        ("sim", "sms", {"json": []}),
        ("sim", "sms", {"json": {"from": FROM, "to": NUMBER, "text": "x"}}),
        ("sim", "sms", {"json": {"from": FROM, "to": NUMBER, "text": 3, "id": "S1"}}),
        ("sim", "sms", {"json": {"from": FROM, "to": NUMBER, "text": "\ud800", "id": "S1"}}),
        ("sim", "sms", {"json": {"from": FROM, "to": NUMBER, "text": "x", "id": "\udfff"}}),
        ("sim", "sms", {"json": {"from": "", "to": NUMBER, "text": "x", "id": "S1"}}),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_400(
    lone: World, gateway: str, path: str, options: dict[str, Any]
) -> None:
    answer = client(lone).post(f"/webhooks/{gateway}/{path}", **options)
    assert answer.status_code == 400
    assert texts(lone) == []


@pytest.mark.parametrize("missing", ["MessageSid", "From", "To", "Body"])
def test_a_signed_text_without_a_field_is_400(lone: World, missing: str) -> None:
    form = {name: value for name, value in FORM.items() if name != missing}
    assert twilio(lone, form).status_code == 400
    assert texts(lone) == []


def test_a_signed_text_to_a_number_that_is_not_ours_is_403(lone: World) -> None:
    assert twilio(lone, FORM | {"To": "+33937999999"}).status_code == 403
    assert texts(lone) == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_the_simulator_takes_posted_json_only(lone: World, method: str) -> None:
    assert client(lone).open("/webhooks/sim/sms", method=method).status_code == 403
    assert client(lone).post("/webhooks/sim/sms", data=FORM).status_code == 403


@pytest.mark.parametrize(
    "path", ["/webhooks/nobody/sms", "/webhooks/mail/sms", "/webhooks/tw/nothing", "/webhooks/"]
)
def test_what_does_not_exist_is_404(lone: World, path: str) -> None:
    assert client(lone).post(path, data=FORM).status_code == 404
    assert client(lone).get(path).status_code == 404


def test_a_body_that_is_too_large_is_refused_before_it_is_read(lone: World) -> None:
    large = "x" * (1024 * 1024 + 1)
    assert twilio(lone, FORM | {"Body": large}).status_code == 413
    assert simulator(lone, text=large).status_code == 413
    assert texts(lone) == []
