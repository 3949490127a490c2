"""Twilio by the real SDK, against answers from a table: what is sent, and what an answer means."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace
from typing import Any

import pytest

from gateway.contract import Accepted, Misconfigured, NotNow, Refused, SendError, Stage, Unknown
from gateway.http import LEAST, MOST
from tests.gateway.standin import Answer
from tests.gateway.twilio_standin import ACCOUNT, MESSAGE, SECTION, listed, provider, twilio


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
        ("Fri, 31 Dec 9999 23:59:59 -1400", 1.0),
        ("Mon, 01 Jan 2024 00:00:00 +999999999999999999", 1.0),
    ],
)
def test_throttling_lasts_as_long_as_twilio_says(header: str, delay: float) -> None:
    with pytest.raises(NotNow) as error:
        send(Answer(429, {"code": 20429}, {"Retry-After": header}))
    assert error.value.throttled
    assert error.value.delay == delay


@pytest.mark.parametrize(
    "body",
    [
        *("", "no json", "[]", '"text"', "{}", "\ud83d"),
        *('{"sid": null}', '{"sid": 7}', '{"sid": ["a"]}', '{"sid": "SM\\u0000"}'),
        f'{{"sid": "{"S" * 5000}"}}',
    ],
)
def test_a_success_that_cannot_be_read_is_doubt(body: str) -> None:
    with pytest.raises(Unknown):
        send(Answer(201, body.encode("utf-8", "replace").decode()))


@pytest.mark.parametrize("status", [None, 7, ["sent"], "teleported"])
def test_a_status_that_nobody_knows_is_taken_for_acceptance(status: object) -> None:
    accepted = send(Answer(201, listed(status=status)))
    assert accepted == Accepted("SM1", Stage.ACCEPTED)


@pytest.mark.parametrize(
    ("code", "expected", "reason"),
    [
        (30007, Refused, "filtered"),
        (21610, Refused, "opted out"),
        (99999, Refused, "at once"),
        (None, Refused, "at once"),
        (30001, NotNow, "queue"),
        (30002, Misconfigured, "suspended"),
    ],
)
def test_a_message_that_failed_when_it_was_answered_did_not_leave(
    code: int | None, expected: type[SendError], reason: str
) -> None:
    with pytest.raises(SendError, match=reason) as error:
        send(Answer(201, listed(status="failed", error_code=code)))
    assert type(error.value) is expected
    assert error.value.code == str(code or "")


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


def test_an_answer_that_would_fill_the_memory_is_doubt() -> None:
    with pytest.raises(Unknown, match="too long"):
        send(Answer(201, " " * (MOST + 1)), timeout=20.0)
