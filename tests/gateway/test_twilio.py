"""Twilio by the real SDK, against answers from a table."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from twilio.request_validator import RequestValidator

from config import TwilioGateway
from gateway.contract import (
    Accepted,
    Callback,
    Forged,
    Inbound,
    Malformed,
    Misconfigured,
    NotNow,
    Outbound,
    Receipt,
    Refused,
    SendError,
    Stage,
    Unknown,
)
from gateway.http import LEAST
from gateway.providers import Wiring
from gateway.providers.twilio import STAGES, Twilio
from tests.gateway.standin import Answer, Asked, StandIn, standin

ACCOUNT = "AC00000000000000000000000000000000"
SECTION = TwilioGateway(type="twilio", account_sid=ACCOUNT, auth_token="secret")
NOW = datetime.now(UTC).replace(microsecond=0)
MESSAGE = Outbound(
    delivery=7,
    attempt=2,
    to="+33639980001",
    sender="+33639980000",
    text="Tocsin : été & € 100 % +1",
    callback="https://tocsin.example/webhooks/twilio/status?d=7&a=2",
    started_at=NOW,
)


def provider(section: TwilioGateway = SECTION, timeout: float = 2.0) -> Twilio:
    return Twilio("twilio", section, Wiring(Path("var"), timeout, "https://tocsin.example"))


@asynccontextmanager
async def twilio(
    *answers: Answer, by: Callable[[Asked], Answer] | None = None, **changed: Any
) -> AsyncIterator[tuple[Twilio, StandIn]]:
    """An open provider whose API is a stand-in."""
    timeout = changed.pop("timeout", 2.0)
    async with standin(by or list(answers)) as stand:
        opened = provider(SECTION.model_copy(update={"api_base": stand.url, **changed}), timeout)
        await opened.open()
        try:
            yield opened, stand
        finally:
            await opened.close()


def listed(**changed: Any) -> dict[str, Any]:
    """A message as the API shows it."""
    return {
        "sid": "SM1",
        "status": "delivered",
        "direction": "outbound-api",
        "to": MESSAGE.to,
        "from": MESSAGE.sender,
        "body": MESSAGE.text,
        "date_created": format_datetime(NOW),
        "date_sent": format_datetime(NOW),
        "error_code": None,
        **changed,
    }


async def _send(answer: Answer, **changed: Any) -> Accepted:
    async with twilio(answer, **changed) as (opened, _):
        return await opened.send(MESSAGE)


def send(answer: Answer, **changed: Any) -> Accepted:
    return asyncio.run(_send(answer, **changed))


def test_a_message_is_asked_for_as_the_api_says() -> None:
    async def scenario() -> None:
        async with twilio(Answer(201, listed(status="queued"))) as (opened, stand):
            assert await opened.send(MESSAGE) == Accepted("SM1", Stage.ACCEPTED)
        [asked] = stand.asked
        assert asked.method == "POST"
        assert asked.path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        assert asked.form == {
            "To": MESSAGE.to,
            "From": MESSAGE.sender,
            "Body": MESSAGE.text,
            "StatusCallback": MESSAGE.callback,
        }
        assert asked.headers["Authorization"] == basic(ACCOUNT, "secret")
        assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"

    asyncio.run(scenario())


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_an_api_key_signs_calls_when_there_is_one() -> None:
    async def scenario() -> None:
        answer = Answer(201, listed())
        async with twilio(answer, api_key="SK1", api_secret="hidden") as (opened, stand):
            await opened.send(replace(MESSAGE, callback=""))
        assert stand.asked[0].headers["Authorization"] == basic("SK1", "hidden")
        assert ACCOUNT in stand.asked[0].path
        assert "StatusCallback" not in stand.asked[0].form

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, 21211, Refused),
        (400, 21614, Refused),
        (400, 21612, Refused),
        (400, 21408, Refused),
        (400, 21610, Refused),
        (400, 30003, Refused),
        (400, 30008, Refused),
        (400, 99999, Refused),
        (400, 0, NotNow),
        (403, 0, NotNow),
        (429, 20429, NotNow),
        (429, 14107, NotNow),
        (429, 0, NotNow),
        (400, 21611, NotNow),
        (401, 20003, Misconfigured),
        (401, 0, Misconfigured),
        (404, 20404, Misconfigured),
        (404, 0, Misconfigured),
        (400, 21606, Misconfigured),
        (400, 21603, Misconfigured),
        (403, 20005, Misconfigured),
        (307, 0, Misconfigured),
        (408, 0, Unknown),
        (500, 20500, Unknown),
        (500, 0, Unknown),
        (502, 0, Unknown),
        (503, 20503, Unknown),
    ],
)
def test_every_refusal_says_what_now(status: int, code: int, expected: type[SendError]) -> None:
    body = {"code": code, "message": "no", "status": status} if code else "<html>no</html>"
    with pytest.raises(SendError) as error:
        send(Answer(status, body))
    assert type(error.value) is expected
    assert error.value.code == str(code or status)
    assert error.value.reason


def test_too_much_for_one_recipient_does_not_stop_the_number() -> None:
    with pytest.raises(NotNow) as error:
        send(Answer(429, {"code": 14107, "message": "too many", "status": 429}))
    assert not error.value.throttled


def test_an_opt_out_that_twilio_holds_is_told() -> None:
    with pytest.raises(Refused) as error:
        send(Answer(400, {"code": 21610, "message": "STOP", "status": 400}))
    assert error.value.opted_out


PAST = "Wed, 21 Oct 2015 07:28:00 GMT"  # what a date is when our clock is ahead


@pytest.mark.parametrize(
    ("header", "delay"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("junk", 1.0),
        ("nan", 1.0),
        ("99999", 3600.0),
        ("0", LEAST),
        ("-3", LEAST),
        (PAST, LEAST),
    ],
)
def test_throttling_lasts_as_long_as_twilio_says(header: str, delay: float) -> None:
    with pytest.raises(NotNow) as error:
        send(Answer(429, {"code": 20429}, {"Retry-After": header}))
    assert error.value.throttled
    assert error.value.delay == delay


@pytest.mark.parametrize("body", ["", "no json", "[]", '"text"', "{}", '{"sid": null}', "\ud83d"])
def test_a_success_that_cannot_be_read_is_doubt(body: str) -> None:
    with pytest.raises(Unknown):
        send(Answer(201, body.encode("utf-8", "replace").decode()))


def test_a_connection_that_breaks_after_sending_is_doubt() -> None:
    with pytest.raises(Unknown):
        send(Answer(cut=True))


def test_no_answer_in_time_is_doubt() -> None:
    with pytest.raises(Unknown) as error:
        send(Answer(201, listed(), after=5.0), timeout=0.3)
    assert error.value.code == "timeout"


@pytest.mark.parametrize("base", ["http://127.0.0.1:1", "http://no-such-host.invalid"])
def test_no_connection_means_that_nothing_left(base: str) -> None:
    async def scenario() -> None:
        opened = provider(SECTION.model_copy(update={"api_base": base}))
        await opened.open()
        try:
            await opened.send(MESSAGE)
        finally:
            await opened.close()

    with pytest.raises(NotNow) as error:
        asyncio.run(scenario())
    assert not error.value.throttled


def test_one_call_is_made_whatever_happens() -> None:
    async def scenario() -> int:
        async with twilio(Answer(201, listed()), Answer(cut=True)) as (opened, stand):
            await opened.send(MESSAGE)
            with pytest.raises(Unknown):
                await opened.send(MESSAGE)
            return len(stand.asked)

    assert asyncio.run(scenario()) == 2


async def _look(answer: Answer, message: Outbound, sid: str) -> tuple[Receipt | None, Asked]:
    async with twilio(answer) as (opened, stand):
        return await opened.look(message, sid), stand.asked[-1]


def look(answer: Answer, message: Outbound = MESSAGE, sid: str = "") -> Receipt | None:
    return asyncio.run(_look(answer, message, sid))[0]


@pytest.mark.parametrize(("word", "stage"), [*STAGES.items(), ("a word of 2030", Stage.ACCEPTED)])
def test_a_message_that_is_known_by_its_id_is_fetched(word: str, stage: Stage) -> None:
    answer = Answer(200, listed(status=word, error_code=30005))
    receipt, asked = asyncio.run(_look(answer, MESSAGE, "SM1"))
    assert asked.path.endswith("/Messages/SM1.json")
    assert receipt == Receipt(stage, "SM1", 7, 2, "30005", "the number is unknown")


def test_an_id_that_twilio_does_not_know_is_nothing() -> None:
    assert look(Answer(404, {"code": 20404, "message": "no", "status": 404}), sid="SM9") is None


def test_without_an_id_the_message_is_looked_for_by_what_it_was() -> None:
    page = {"messages": [listed(body="another"), listed(sid="SM2", status="sent")]}
    receipt, asked = asyncio.run(_look(Answer(200, page), MESSAGE, ""))
    assert receipt == Receipt(Stage.SENT, "SM2", 7, 2)
    assert (asked.query["To"], asked.query["From"]) == (MESSAGE.to, MESSAGE.sender)


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, True),
        ({"date_created": format_datetime(NOW - timedelta(seconds=45))}, True),
        ({"date_created": format_datetime(NOW - timedelta(seconds=90))}, False),
        ({"date_sent": None}, True),
        ({"direction": "inbound"}, False),
        ({"body": "another text"}, False),
        ({"body": MESSAGE.text + " "}, True),
        ({"body": f"Sent from your Twilio trial account - {MESSAGE.text}"}, True),
        ({"body": f"Sent from your Twilio trial account - not {MESSAGE.text}."}, False),
        ({"body": f"Bonjour. {MESSAGE.text}"}, False),
        ({"body": MESSAGE.text[1:]}, False),
    ],
)
def test_only_this_attempts_own_message_is_found(changed: dict[str, Any], found: bool) -> None:
    receipt = look(Answer(200, {"messages": [listed(**changed)]}))
    assert (receipt is not None) is found


def test_a_message_that_is_anothers_is_passed_over() -> None:
    page = {"messages": [listed(sid="SM2"), listed(sid="SM1")]}
    for others, found in ((), "SM2"), (("SM2",), "SM1"), (("SM1", "SM2"), None):
        receipt = look(Answer(200, page), replace(MESSAGE, others=frozenset(others)))
        assert (receipt.provider_id if receipt else None) == found


@pytest.mark.parametrize("sid", ["", "SM1"])
@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [(500, 0, Unknown), (401, 20003, Misconfigured), (429, 20429, NotNow), (200, 0, Unknown)],
)
def test_a_look_that_fails_is_no_empty_look(
    status: int, code: int, expected: type[SendError], sid: str
) -> None:
    body = {"code": code, "message": "no", "status": status} if code else "broken"
    with pytest.raises(expected):
        look(Answer(status, body), sid=sid)


def test_a_list_on_an_unknown_account_is_no_empty_look() -> None:
    with pytest.raises(Misconfigured):
        look(Answer(404, {"code": 20404, "message": "no", "status": 404}))


async def _inbound(by: Callable[[Asked], Answer], since: datetime) -> tuple[list[Inbound], StandIn]:
    async with twilio(by=by) as (opened, stand):
        return [each async for each in opened.inbound_since(since)], stand


def test_what_phones_sent_is_listed_page_after_page() -> None:
    def by(asked: Asked) -> Answer:
        text = {"direction": "inbound", "from": "+33639980001", "to": "+33639980000"}
        if asked.query.get("Page") != "1":
            ours = listed(sid="SM0")
            path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?Page=1&PageToken=a%2Bb"
            messages = [ours, listed(sid="SM1", **{**text, "body": "Au feu"})]
            return Answer(200, {"messages": messages, "next_page_uri": path})
        assert asked.query["PageToken"] == "a+b"
        old = format_datetime(NOW - timedelta(hours=1))
        late = listed(sid="SM2", **{**text, "body": "vieux"}, date_created=old)
        late["date_sent"] = old
        return Answer(200, {"messages": [late, listed(sid="SM3", **{**text, "body": ""})]})

    found, stand = asyncio.run(_inbound(by, NOW - timedelta(minutes=2)))
    assert found == [
        Inbound("SM1", "+33639980001", "+33639980000", "Au feu", NOW),
        Inbound("SM3", "+33639980001", "+33639980000", "", NOW),
    ]
    assert len(stand.asked) == 2
    since = (NOW - timedelta(minutes=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert stand.asked[0].query["DateSent>"] == since


async def _check(answer: Answer) -> str:
    async with twilio(answer) as (opened, _):
        return await opened.check()


def test_the_doctor_hears_that_all_is_well() -> None:
    assert "knows the account" in asyncio.run(_check(Answer(200, {"messages": []})))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(401, {"code": 20003}), Misconfigured),
        (Answer(403, {"code": 20005}), Misconfigured),
        (Answer(404, "<html>"), Misconfigured),
        (Answer(502, "<html>"), Unknown),
    ],
)
def test_the_doctor_hears_what_is_wrong(answer: Answer, expected: type[SendError]) -> None:
    with pytest.raises(expected):
        asyncio.run(_check(answer))


URL = "https://tocsin.example/webhooks/twilio/status?d=7&a=2"
FORM = {
    "MessageSid": "SM1",
    "AccountSid": ACCOUNT,
    "From": "33639980001",
    "To": "+33639980000",
    "Body": "Été à l'école 🔥",
    "MessageStatus": "delivered",
}


def signed(token: str = "secret", url: str = URL, **changed: str) -> Callback:
    """A call as Twilio makes it."""
    form = {**FORM, **changed}
    signature = RequestValidator(token).compute_signature(url, form)
    headers = {
        "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
        "x-twilio-signature": signature,
    }
    return Callback("POST", url, {"d": "7", "a": "2"}, form, headers)


def test_a_signed_call_is_believed_with_either_token_of_a_rotation() -> None:
    rotating = SECTION.model_copy(update={"auth_token": "new", "auth_token_previous": "secret"})
    provider().verify(signed())
    provider(rotating).verify(signed("secret"))
    provider(rotating).verify(signed("new"))


GOOD = signed()


@pytest.mark.parametrize(
    "call",
    [
        signed("wrong"),
        replace(signed(url=URL + "0"), url=URL),
        signed(AccountSid="AC1"),
        replace(GOOD, headers={}),
        replace(GOOD, headers={"content-type": GOOD.headers["content-type"]}),
        replace(GOOD, headers={**GOOD.headers, "x-twilio-signature": ""}),
        replace(GOOD, headers={**GOOD.headers, "x-twilio-signature": "é" * 28}),
        replace(GOOD, headers={**GOOD.headers, "content-type": "application/json"}),
        replace(GOOD, method="GET"),
        replace(GOOD, form={**FORM, "Body": "autre"}),
        replace(GOOD, form={}),
    ],
)
def test_what_twilio_did_not_sign_is_forged(call: Callback) -> None:
    with pytest.raises(Forged):
        provider().verify(call)


def test_an_inbound_text_is_read() -> None:
    assert provider().read_inbound(GOOD) == Inbound(
        "SM1", "+33639980001", "+33639980000", "Été à l'école 🔥"
    )


@pytest.mark.parametrize("missing", ["MessageSid", "From", "To", "Body"])
def test_an_inbound_text_without_its_parts_is_malformed(missing: str) -> None:
    form = {key: value for key, value in FORM.items() if key != missing}
    with pytest.raises(Malformed):
        provider().read_inbound(replace(GOOD, form=form))


@pytest.mark.parametrize(("word", "stage"), STAGES.items())
def test_a_receipt_names_our_delivery_and_attempt(word: str, stage: Stage) -> None:
    call = replace(GOOD, form={**FORM, "MessageStatus": word, "ErrorCode": "30006"})
    receipt = provider().read_receipt(call)
    assert receipt is not None
    assert (receipt.stage, receipt.delivery, receipt.attempt) == (stage, 7, 2)
    assert (receipt.provider_id, receipt.code) == ("SM1", "30006")


@pytest.mark.parametrize("word", ["failed", "undelivered"])
@pytest.mark.parametrize(("code", "stops"), [("21610", True), ("30006", False), ("", False)])
def test_an_opt_out_that_a_receipt_tells(word: str, code: str, stops: bool) -> None:
    call = replace(GOOD, form={**FORM, "MessageStatus": word, "ErrorCode": code})
    receipt = provider().read_receipt(call)
    assert receipt is not None
    assert receipt.opted_out is stops
    looked = look(Answer(200, listed(status=word, error_code=int(code or 0) or None)), sid="SM1")
    assert looked is not None
    assert looked.opted_out is stops


@pytest.mark.parametrize("query", [{}, {"d": "x", "a": "-1"}, {"d": "9" * 30, "a": "\u0663"}])
def test_a_receipt_with_a_strange_address_is_known_by_its_id(query: dict[str, str]) -> None:
    receipt = provider().read_receipt(replace(GOOD, query=query))
    assert receipt is not None
    assert (receipt.delivery, receipt.attempt, receipt.provider_id) == (None, None, "SM1")


def test_a_word_of_the_future_changes_nothing() -> None:
    assert provider().read_receipt(replace(GOOD, form={**FORM, "MessageStatus": "beamed"})) is None


def test_a_receipt_without_a_status_is_malformed() -> None:
    with pytest.raises(Malformed):
        provider().read_receipt(replace(GOOD, form={"MessageSid": "SM1"}))


def test_the_address_for_receipts_carries_delivery_and_attempt() -> None:
    assert provider().callback_url(7, 2) == URL
