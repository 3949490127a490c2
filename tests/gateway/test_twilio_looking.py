"""Twilio is asked what became of messages, what phones sent, and whether it knows us."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from gateway.contract import Inbound, Misconfigured, NotNow, Receipt, SendError, Stage, Unknown
from gateway.providers.twilio import STAGES
from tests.gateway.standin import Answer, Asked, StandIn
from tests.gateway.twilio_standin import ACCOUNT, MESSAGE, NOW, listed, look, looked, twilio


@pytest.mark.parametrize(("word", "stage"), [*STAGES.items(), ("a word of 2030", Stage.ACCEPTED)])
def test_a_message_that_is_known_by_its_id_is_fetched(word: str, stage: Stage) -> None:
    answer = Answer(200, listed(status=word, error_code=30005))
    receipt, asked = asyncio.run(looked(answer, MESSAGE, "SM1"))
    assert asked.path.endswith("/Messages/SM1.json")
    assert receipt == Receipt(stage, "SM1", 7, 2, "30005", "the number is unknown")


def test_an_id_that_twilio_does_not_know_is_nothing() -> None:
    assert look(Answer(404, {"code": 20404, "message": "no", "status": 404}), sid="SM9") is None


def test_without_an_id_the_message_is_looked_for_by_what_it_was() -> None:
    page = {"messages": [listed(body="another"), listed(sid="SM2", status="sent")]}
    receipt, asked = asyncio.run(looked(Answer(200, page), MESSAGE, ""))
    assert receipt == Receipt(Stage.SENT, "SM2", 7, 2)
    assert (asked.query["To"], asked.query["From"]) == (MESSAGE.to, MESSAGE.sender)


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, True),
        ({"date_created": format_datetime(NOW - timedelta(minutes=4))}, True),
        ({"date_created": format_datetime(NOW + timedelta(minutes=4))}, True),
        ({"date_created": format_datetime(NOW - timedelta(minutes=6))}, False),
        ({"date_sent": None}, True),
        ({"direction": "inbound"}, False),
        ({"to": MESSAGE.to.removeprefix("+")}, True),
        ({"to": "+33639980002"}, False),
        ({"body": "another text"}, False),
        ({"body": MESSAGE.text + " "}, True),
        ({"body": MESSAGE.text.replace(" ", "\r\n")}, True),
        ({"body": f"Sent from your Twilio trial account - {MESSAGE.text}"}, True),
        ({"body": f"Sent from your Twilio trial account - not {MESSAGE.text}."}, False),
        ({"body": f"Bonjour. {MESSAGE.text}"}, False),
        ({"body": MESSAGE.text[1:]}, False),
    ],
)
def test_only_this_attempts_own_message_is_found(changed: dict[str, Any], found: bool) -> None:
    receipt = look(Answer(200, {"messages": [listed(**changed)]}))
    assert (receipt is not None) is found


def test_a_list_that_holds_a_message_without_an_id_is_no_empty_look() -> None:
    with pytest.raises(Unknown):
        look(Answer(200, {"messages": [{}]}))


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


@pytest.mark.parametrize("texts", [0, 1])
def test_a_list_that_leads_back_to_itself_fails(texts: int) -> None:
    path = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?Page=1"
    text = listed(**{"direction": "inbound", "from": "+33639980001", "to": "+33639980000"})
    answer = Answer(200, {"messages": [text] * texts, "next_page_uri": path})
    with pytest.raises(Unknown):
        asyncio.run(_inbound(lambda _: answer, NOW - timedelta(minutes=2)))


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
