"""Twilio's calls by the real SDK, against answers from a table, and against the emulator."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree as ET

import pytest

from gateway.contract import (
    Accepted,
    Callback,
    Channel,
    Key,
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
from gateway.providers.twilio import calls
from tests.emulator.client import Emulator
from tests.gateway.standin import Answer
from tests.gateway.twilio_standin import ACCOUNT, NOW, provider, twilio

CALL = Outbound(
    delivery=7,
    attempt=2,
    to="+33199000001",
    sender="+33937000001",
    text="Bonjour, été & <feu>.\nJe répète.\nTapez 1.",
    callback="https://tocsin.example/webhooks/twilio/status?d=7&a=2",
    started_at=NOW,
    channel=Channel.VOICE,
    language="fr",
    keys="https://tocsin.example/webhooks/twilio/voice?d=7&a=2",
)


def listed(**changed: Any) -> dict[str, Any]:
    """A call as the API shows it."""
    return {
        "sid": "CA1", "status": "completed", "direction": "outbound-api", "to": CALL.to,
        "from": CALL.sender, "date_created": format_datetime(NOW), **changed,
    }  # fmt: skip


def place(answer: Answer) -> Accepted:
    async def scenario() -> Accepted:
        async with twilio(answer) as (opened, _):
            return await opened.send(CALL)

    return asyncio.run(scenario())


def test_a_call_is_asked_for_as_the_api_says() -> None:
    async def scenario() -> None:
        async with twilio(Answer(201, listed(status="queued"))) as (opened, stand):
            assert await opened.send(CALL) == Accepted("CA1", Stage.ACCEPTED)
        [asked] = stand.asked
        assert (asked.method, asked.path) == ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json")
        assert asked.form["To"] == CALL.to
        assert asked.form["From"] == CALL.sender
        assert asked.form["StatusCallback"] == CALL.callback
        assert asked.form["Timeout"] == "30"
        assert not {"MachineDetection", "Url", "Body"} & asked.form.keys()
        assert spoken(asked.form["Twiml"]) == CALL.text.splitlines()

    asyncio.run(scenario())


def spoken(twiml: str) -> list[str]:
    return [said.text or "" for said in ET.fromstring(twiml).iter("Say")]


def test_the_words_are_said_in_their_language_while_one_key_is_waited_for() -> None:
    gather = ET.fromstring(calls.speech(CALL.text, "fr", CALL.keys)).find("Gather")
    assert gather is not None
    assert gather.attrib["numDigits"] == "1"
    assert gather.attrib["action"] == CALL.keys
    assert {said.attrib["language"] for said in gather.iter("Say")} == {"fr-FR"}
    assert [part.tag for part in gather] == ["Say", "Pause", "Say", "Pause", "Say"]
    english = ET.fromstring(calls.speech("Hello", "en", "")).find("Say")
    assert english is not None
    assert english.attrib["language"] == "en-GB"


def test_an_answer_without_words_hangs_up() -> None:
    answer = provider().go_on("", "fr")
    assert answer.media_type == "text/xml"
    assert list(ET.fromstring(answer.body)) == []


@pytest.mark.parametrize(
    ("status", "code", "expected", "only_sender"),
    [
        (400, 21211, Refused, None), (400, 21214, Refused, None), (400, 21215, Refused, None),
        (400, 21219, Refused, None), (400, 13227, Refused, None),
        (400, 21210, Misconfigured, True), (401, 20003, Misconfigured, False),
        (429, 20429, NotNow, None), (400, 10004, NotNow, None), (503, 20503, Unknown, None),
    ],
)  # fmt: skip
def test_refusals_say_what_now(
    status: int, code: int, expected: type[SendError], only_sender: bool | None
) -> None:
    with pytest.raises(expected) as caught:
        place(Answer(status, {"code": code, "message": "no", "status": status}))
    assert getattr(caught.value, "only_sender", None) == only_sender


@pytest.mark.parametrize(
    ("word", "stage"),
    [
        ("queued", Stage.ACCEPTED), ("initiated", Stage.ACCEPTED), ("ringing", Stage.ACCEPTED),
        ("in-progress", Stage.SENT), ("completed", Stage.DELIVERED), ("busy", Stage.UNANSWERED),
        ("no-answer", Stage.UNANSWERED), ("failed", Stage.UNANSWERED), ("canceled", Stage.FAILED),
        ("whatever-next", Stage.ACCEPTED),
    ],
)  # fmt: skip
def test_each_status_has_our_word(word: str, stage: Stage) -> None:
    form = {"CallSid": "CA1", "CallStatus": word, "AccountSid": ACCOUNT}
    said = provider().read_receipt(called(form))
    assert said is not None
    assert (said.stage, said.provider_id, said.delivery, said.attempt) == (stage, "CA1", 7, 2)


def called(form: dict[str, str]) -> Callback:
    return Callback("POST", CALL.keys, {"d": "7", "a": "2"}, form, {})


def test_a_key_is_read_with_its_call() -> None:
    form = {"CallSid": "CA1", "Digits": "9"}
    assert provider().read_key(called(form)) == Key("9", "CA1", 7, 2)
    assert provider().read_key(called({"CallSid": "CA1"})).pressed == ""
    for wrong in (called({"Digits": "1"}), Callback("POST", "", {}, form, {})):
        with pytest.raises(Malformed):
            provider().read_key(wrong)


def look(sid: str, *answers: Answer, **changed: Any) -> Receipt | None:
    async def scenario() -> Receipt | None:
        async with twilio(*answers) as (opened, _):
            return await opened.look(replace(CALL, **changed), sid)

    return asyncio.run(scenario())


def test_a_call_is_looked_for_by_its_id_or_by_what_it_was() -> None:
    busy = look("CA1", Answer(200, listed(status="busy")))
    assert busy == Receipt(Stage.UNANSWERED, "CA1", 7, 2, reason="the line was busy")
    assert look("CA1", Answer(404, {"code": 20404, "message": "", "status": 404})) is None
    later, mine, before = (
        listed(sid=sid, date_created=format_datetime(NOW + timedelta(seconds=seconds)))
        for sid, seconds in (("CA3", 90), ("CA2", 1), ("CA1", -300))
    )
    page = {"calls": [later, mine, before], "next_page_uri": None, "page": 0, "page_size": 50}
    found = look("", Answer(200, page))
    assert found == Receipt(Stage.DELIVERED, "CA2", 7, 2)
    assert look("", Answer(200, page | {"calls": [before]})) is None
    other = look("", Answer(200, page), others=frozenset({"CA2"}))
    assert other == Receipt(Stage.DELIVERED, "CA3", 7, 2)


def test_the_emulator_takes_it_and_reports_each_step(emulator: Emulator) -> None:
    emulator.settings(answers_after=0.0, call_lasts=0.0)

    async def scenario() -> tuple[Accepted, Receipt | None]:
        changed: dict[str, Any] = {
            "api_base": emulator.url,
            "account_sid": emulator.account_sid,
            "auth_token": emulator.auth_token,
        }
        async with twilio(Answer(), **changed) as (opened, _):
            accepted = await opened.send(replace(CALL, callback="", keys=""))
            await asyncio.sleep(0.1)
            return accepted, await opened.look(CALL, accepted.provider_id)

    accepted, looked = asyncio.run(scenario())
    assert looked == Receipt(Stage.DELIVERED, accepted.provider_id, 7, 2)
    [made] = emulator.ledger("call")
    assert spoken(made["twiml"]) == CALL.text.splitlines()


def test_status_events_are_asked_for_one_by_one() -> None:
    from gateway.providers.twilio.connection import _encoded

    encoded = _encoded({"StatusCallbackEvent": ["initiated", "completed"], "To": CALL.to})
    assert parse_qs(encoded) == {"StatusCallbackEvent": ["initiated", "completed"], "To": [CALL.to]}
