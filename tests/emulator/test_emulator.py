"""The emulator against the real Twilio SDK, and its faults, receipts and ledger."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator

from tests.emulator import faults
from tests.emulator.client import Emulator
from tests.rigs.processes import until
from tests.rigs.webhooks import Webhooks

US, LEA, TOM = "+33939980000", "+33639980001", "+33639980002"


def test_the_sdk_creates_and_fetches(emulator: Emulator) -> None:
    made = emulator.twilio().messages.create(to=LEA, from_=US, body="Café à l'été")
    assert (made.status, made.num_segments, len(made.sid)) == ("queued", "1", 34)
    assert made.date_created.tzinfo is not None
    assert made.error_code is None
    fetched = emulator.twilio().messages(made.sid).fetch()
    assert (fetched.body, fetched.to, fetched.from_) == ("Café à l'été", LEA, US)
    assert fetched.direction == "outbound-api"


def test_a_message_ends_as_delivered(emulator: Emulator) -> None:
    messages = emulator.twilio().messages
    made = messages.create(to=LEA, from_=US, body="Bonjour")
    until(lambda: messages(made.sid).fetch().status == "delivered", "delivered")


def test_the_sdk_lists_newest_first_over_pages(emulator: Emulator) -> None:
    messages = emulator.twilio().messages
    made = [messages.create(to=LEA, from_=US, body=f"n° {n}").sid for n in range(5)]
    messages.create(to=TOM, from_=US, body="autre")
    since = datetime.now(UTC) - timedelta(minutes=1)
    listed = messages.list(to=LEA, date_sent_after=since, page_size=2)
    assert [message.sid for message in listed] == made[::-1]


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"from_": US}, 1),
        ({"from_": TOM}, 0),
        ({"date_sent_after": datetime.now(UTC) + timedelta(days=1)}, 0),
        ({"date_sent_before": datetime.now(UTC) - timedelta(days=1)}, 0),
        ({"date_sent": datetime.now(UTC).date()}, 1),
    ],
)
def test_a_list_is_filtered(emulator: Emulator, filters: dict[str, Any], count: int) -> None:
    messages = emulator.twilio().messages
    messages.create(to=LEA, from_=US, body="Bonjour")
    assert len(messages.list(**filters)) == count


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"to": "12", "from_": US, "body": "x"}, 21211),
        ({"to": LEA, "body": "x"}, 21603),
        ({"to": LEA, "from_": US}, 21602),
        ({"to": LEA, "from_": US, "body": "x" * 1601}, 21617),
    ],
)
def test_bad_messages_are_refused_as_by_twilio(
    emulator: Emulator, asked: dict[str, str], code: int
) -> None:
    with pytest.raises(TwilioRestException) as refused:
        emulator.twilio().messages.create(**asked)
    assert (refused.value.status, refused.value.code) == (400, code)
    assert emulator.ledger("accepted") == []


def test_a_wrong_password_is_not_let_in(emulator: Emulator) -> None:
    emulator.settings(auth_token="changed", api_secret="changed")
    with pytest.raises(TwilioRestException) as refused:
        emulator.twilio().messages.create(to=LEA, from_=US, body="x")
    assert (refused.value.status, refused.value.code) == (401, 20003)


def test_an_unknown_message_is_not_found(emulator: Emulator) -> None:
    with pytest.raises(TwilioRestException) as missing:
        emulator.twilio().messages(f"SM{'0' * 32}").fetch()
    assert (missing.value.status, missing.value.code) == (404, 20404)


def test_receipts_are_signed_for_the_address_they_were_asked_for(
    emulator: Emulator, webhooks: Webhooks
) -> None:
    public = "https://tocsin.example/webhooks/twilio/status?d=7&a=1"
    emulator.detours(**{"https://tocsin.example": webhooks.url})
    emulator.twilio().messages.create(to=LEA, from_=US, body="x", status_callback=public)
    calls = webhooks.wait(2)
    assert {call.values["MessageStatus"] for call in calls} == {"sent", "delivered"}
    validator = RequestValidator(emulator.auth_token)
    for call in calls:
        assert call.target == "/webhooks/twilio/status?d=7&a=1"
        assert validator.validate(public, call.values, call.headers["x-twilio-signature"])


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "double", "only": "sent"}, ["delivered", "sent", "sent"]),
        ({"kind": "drop", "only": "sent"}, ["delivered"]),
        ({"kind": "fail", "code": 30003}, ["sent", "undelivered"]),
        ({"kind": "delay", "only": "sent", "seconds": 0.3}, ["delivered", "sent"]),
    ],
)
def test_receipts_go_wrong(
    emulator: Emulator, webhooks: Webhooks, fault: dict[str, Any], words: list[str]
) -> None:
    emulator.faults({"on": "receipt", **fault})
    emulator.twilio().messages.create(
        to=LEA, from_=US, body="x", status_callback=f"{webhooks.url}/status"
    )
    forms = [call.values for call in webhooks.wait(len(words))]
    assert sorted(form["MessageStatus"] for form in forms) == words
    failed = [form.get("ErrorCode") for form in forms if form["MessageStatus"] == "undelivered"]
    assert failed == (["30003"] if "undelivered" in words else [])


@pytest.mark.parametrize(
    ("fault", "status", "accepted"),
    [
        ({"kind": "throttle", "retry_after": 2}, 429, 0),
        ({"kind": "error", "status": 503}, 503, 0),
        ({"kind": "error", "status": 500, "when": "after"}, 500, 1),
        ({"kind": "refuse", "code": 21610}, 400, 0),
        ({"kind": "bad_json"}, 201, 1),
        ({"kind": "latency", "seconds": 0.1}, 201, 1),
        ({"kind": "drip", "seconds": 0.0001}, 201, 1),
        ({"kind": "late", "status": 503, "seconds": 0.1}, 503, 1),
        ({"kind": "reset"}, 0, 0),
        ({"kind": "reset", "when": "after"}, 0, 1),
        ({"kind": "hang"}, 0, 0),
        ({"kind": "hang", "when": "after"}, 0, 1),
    ],
)
def test_creating_goes_wrong_once(
    emulator: Emulator, fault: dict[str, Any], status: int, accepted: int
) -> None:
    emulator.faults({"times": 1, **fault})
    assert create(emulator, LEA)[0] == status
    assert len(emulator.accepted(accepted)) == accepted
    assert create(emulator, LEA)[0] == 201


def test_a_throttled_client_is_told_when_to_come_back(emulator: Emulator) -> None:
    emulator.faults({"kind": "throttle", "retry_after": 2})
    status, headers, body = create(emulator, LEA)
    assert (status, headers["Retry-After"], json.loads(body)["code"]) == (429, "2", 20429)


def test_a_fault_may_concern_one_number_only(emulator: Emulator) -> None:
    emulator.faults({"kind": "refuse", "code": 21610, "to": LEA})
    assert [create(emulator, to)[0] for to in (LEA, TOM, LEA)] == [400, 201, 400]


def test_chance_is_the_same_for_the_same_seed(emulator: Emulator) -> None:
    def run() -> list[int]:
        emulator.no_faults(seed=7)
        emulator.faults({"kind": "error", "status": 500, "probability": 0.5})
        return [create(emulator, LEA)[0] for _ in range(12)]

    first = run()
    assert set(first) == {201, 500}
    assert run() == first


def test_what_befalls_a_message_does_not_depend_on_what_came_before(emulator: Emulator) -> None:
    def struck(*deliveries: int) -> dict[int, int]:
        emulator.no_faults(seed=7)
        emulator.faults({"kind": "error", "status": 500, "probability": 0.5})
        url = "http://127.0.0.1:9/status?d={}&a=1"
        return {d: create(emulator, LEA, f"n° {d}", url.format(d))[0] for d in deliveries}

    first = struck(*range(12))
    assert set(first.values()) == {201, 500}
    assert struck(*reversed(range(12))) == first


def test_a_fault_may_have_its_time(emulator: Emulator) -> None:
    emulator.faults({"kind": "error", "status": 500, "begins": 60})
    assert create(emulator, LEA)[0] == 201
    emulator.faults({"kind": "error", "status": 500, "ends": 0.3})
    assert create(emulator, LEA)[0] == 500
    until(lambda: create(emulator, LEA)[0] == 201, "the fault is over")


def test_a_number_that_goes_too_fast_is_throttled_and_noted(emulator: Emulator) -> None:
    emulator.settings(rates={US: 2})
    assert [create(emulator, LEA)[0] for _ in range(4)] == [201, 201, 201, 429]
    (noted,) = emulator.ledger("too_fast")
    assert (noted["sender"], noted["rate"], noted["within"]) == (US, 2, 4)
    assert len(emulator.ledger("accepted")) == 3
    until(lambda: create(emulator, LEA)[0] == 201, "a second has passed")


def test_a_list_may_lag(emulator: Emulator) -> None:
    emulator.faults({"kind": "lag", "on": "list", "seconds": 60})
    messages = emulator.twilio().messages
    made = messages.create(to=LEA, from_=US, body="x")
    assert messages.list(to=LEA) == []
    assert messages(made.sid).fetch().sid == made.sid
    emulator.no_faults()
    assert len(messages.list(to=LEA)) == 1


def test_an_inbound_text_is_listed_and_told_signed(emulator: Emulator, webhooks: Webhooks) -> None:
    emulator.settings(webhook=f"{webhooks.url}/webhooks/twilio")
    sid, answers = emulator.inbound(LEA, US, "Café à l'été")
    assert answers == [204]
    (call,) = webhooks.calls
    form, signature = call.values, call.headers["x-twilio-signature"]
    assert (form["From"], form["To"], form["Body"]) == (LEA, US, "Café à l'été")
    signed = webhooks.url + call.target
    assert RequestValidator(emulator.auth_token).validate(signed, form, signature)
    (listed,) = emulator.twilio().messages.list(to=US)
    assert (listed.sid, listed.direction, listed.status) == (sid, "inbound", "received")


@pytest.mark.parametrize(("kind", "calls"), [("drop", 0), ("double", 2)])
def test_inbound_goes_wrong(emulator: Emulator, webhooks: Webhooks, kind: str, calls: int) -> None:
    emulator.settings(webhook=f"{webhooks.url}/webhooks/twilio")
    emulator.faults({"on": "inbound", "kind": kind})
    _, answers = emulator.inbound(LEA, US, "x")
    assert answers == [204] * calls
    assert len(emulator.twilio().messages.list(to=US)) == 1


def test_kannel_accepts_and_reports(emulator: Emulator, webhooks: Webhooks) -> None:
    assert send_by_kannel(emulator, f"{webhooks.url}/dlr?d=7&a=1&s=%d&i=%I") == (
        202,
        "0: Accepted for delivery",
    )
    assert {call.values["s"] for call in webhooks.wait(2)} == {"8", "1"}
    (entry,) = emulator.ledger("accepted")
    facts = (entry["to"], entry["body"], entry["segments"], entry["d"], entry["a"])
    assert facts == (LEA, "Café à l'été", 1, "7", "1")


def test_what_befalls_a_message_of_kannel_is_noted(emulator: Emulator) -> None:
    emulator.faults({"kind": "bad_json"})
    send_by_kannel(emulator, "http://127.0.0.1:9/dlr?d=7&a=1")
    (noted,) = emulator.ledger("fault")
    facts = (noted["kind"], noted["to"], noted["sender"], noted["d"], noted["a"])
    assert facts == ("bad_json", LEA, "38000", "7", "1")


def test_kannel_tells_an_inbound_text(emulator: Emulator, webhooks: Webhooks) -> None:
    emulator.settings(kannel_webhook=f"{webhooks.url}/webhooks/kannel", kannel_token="t")
    _, answers = emulator.inbound(LEA, "38000", "Café à l'été", gateway="kannel")
    assert answers == [204]
    (call,) = webhooks.calls
    query = call.values
    assert (call.path, query["token"]) == ("/webhooks/kannel/sms", "t")
    assert (query["from"], query["to"], query["text"]) == (LEA[1:], "38000", "Café à l'été")


def test_the_ledger_keeps_what_a_test_compares(emulator: Emulator) -> None:
    emulator.twilio().messages.create(
        to=LEA, from_=US, body="a" * 300, status_callback="http://127.0.0.1:9/s?d=7&a=2"
    )
    (entry,) = emulator.accepted(1)
    assert (entry["to"], entry["sender"], entry["segments"]) == (LEA, US, 2)
    assert (entry["d"], entry["a"], entry["gateway"]) == ("7", "2", "twilio")
    assert abs(entry["wall"] - datetime.now(UTC).timestamp()) < 5


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "reset", "often": True},
        {"kind": "rest"},
        {"kind": "reset", "on": "creation"},
        {"kind": "reset", "when": "during"},
    ],
)
def test_a_mistake_in_a_rule_is_told(emulator: Emulator, rule: dict[str, Any]) -> None:
    with pytest.raises(HTTPError) as told:
        emulator.faults(rule)
    assert told.value.code == 400
    told.value.close()
    assert create(emulator, LEA)[0] == 201


def test_its_help_names_every_fault_and_where_it_strikes() -> None:
    manual = faults.__doc__ or ""
    words = set(re.findall(r"\w+", manual))
    assert words >= {*get_args(faults.Kind), *get_args(faults.Point), *get_args(faults.When)}
    assert {part.name for part in fields(faults.Fault)} - words == {"struck"}
    command = [sys.executable, "-m", "tests.emulator", "--help"]
    assert manual.strip() in subprocess.check_output(command, text=True)


def create(
    emulator: Emulator, to: str, body: str = "x", callback: str = ""
) -> tuple[int, dict[str, str], str]:
    """Create a message without the SDK; status 0 when no answer comes."""
    url = f"{emulator.url}/2010-04-01/Accounts/{emulator.account_sid}/Messages.json"
    form = {"To": to, "From": US, "Body": body}
    form |= {"StatusCallback": callback} if callback else {}
    auth = (emulator.api_key, emulator.api_secret)
    try:
        answer = requests.post(url, data=form, auth=auth, timeout=1)
    except requests.RequestException:
        return 0, {}, ""
    return answer.status_code, dict(answer.headers), answer.text


def send_by_kannel(emulator: Emulator, dlr_url: str) -> tuple[int, str]:
    query = {"username": "tocsin", "password": "secret", "from": "38000", "to": LEA}
    query |= {"text": "Café à l'été", "charset": "UTF-8", "dlr-mask": "31", "dlr-url": dlr_url}
    url = requests.Request("GET", emulator.sendsms_url, params=query).prepare().url
    assert url is not None
    with urlopen(url, timeout=5) as answer:
        return answer.status, answer.read().decode()
