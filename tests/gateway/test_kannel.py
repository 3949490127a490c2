"""Kannel's answers, reports and texts, as its 1.4.5 was seen to write them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from config import KannelGateway
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
from gateway.providers import Wiring
from gateway.providers.kannel import STAGES, Kannel
from tests.gateway.standin import Answer, Asked, standin

SECTION = KannelGateway(
    type="kannel",
    sendsms_url="http://127.0.0.1:1/cgi-bin/sendsms",
    username="tocsin",
    password="secret",
    token="a&b 50%d/é",
)
MESSAGE = Outbound(7, 2, "+33639980001", "38000", "Été & € 100 % +1")


def provider(url: str = SECTION.sendsms_url, timeout: float = 2.0, smsc: str = "") -> Kannel:
    section = SECTION.model_copy(update={"sendsms_url": url, "smsc": smsc})
    return Kannel("kannel", section, Wiring(Path("var"), timeout, "https://tocsin.example"))


async def _send(answer: Answer, message: Outbound, **changed: str) -> tuple[Accepted, list[Asked]]:
    async with standin([answer]) as stand:
        opened = provider(f"{stand.url}/cgi-bin/sendsms", 0.5, **changed)
        await opened.open()
        try:
            return await opened.send(message), stand.asked
        finally:
            await opened.close()


TAKEN = Answer(202, "0: Accepted for delivery")


def test_a_message_is_asked_for_as_sendsms_wants_it() -> None:
    message = replace(MESSAGE, callback=provider().callback_url(7, 2))
    accepted, [asked] = asyncio.run(_send(TAKEN, message))
    assert accepted == Accepted("")
    assert (asked.method, asked.path) == ("GET", "/cgi-bin/sendsms")
    assert asked.query == {
        "username": "tocsin",
        "password": "secret",
        "from": "38000",
        "to": "+33639980001",
        "text": "Été & € 100 % +1",
        "charset": "UTF-8",
        "coding": "0",
        "dlr-mask": "31",
        "dlr-url": message.callback,
    }


def test_other_scripts_go_as_ucs2_and_an_smsc_can_be_named() -> None:
    message = replace(MESSAGE, text="пожар 🔥")
    _, [asked] = asyncio.run(_send(TAKEN, message, smsc="ORANGE"))
    assert (asked.query["coding"], asked.query["smsc"]) == ("2", "ORANGE")
    assert "dlr-url" not in asked.query


def test_a_queued_message_is_taken() -> None:
    accepted, _ = asyncio.run(_send(Answer(202, "3: Queued for later delivery"), MESSAGE))
    assert accepted == Accepted("")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(403, "Authorization failed for sendsms"), Misconfigured),
        (Answer(401, ""), Misconfigured),
        (Answer(404, "Unknown request."), Misconfigured),
        (Answer(302, ""), Misconfigured),
        (Answer(400, "Number(s) has/have been denied by white- and/or black-lists."), Refused),
        (Answer(503, "Temporal failure, try again later."), NotNow),
        (Answer(202, "4: Temporal failure, try again later."), NotNow),
        (Answer(200, "4: Temporal failure, try again later."), NotNow),
        (Answer(429, "a proxy's"), NotNow),
        (Answer(409, "a proxy's"), NotNow),
        (Answer(499, "a proxy's"), NotNow),
        (Answer(408, "a proxy's"), Unknown),
        (Answer(500, ""), Unknown),
        (Answer(200, "<html>a proxy</html>"), Unknown),
        (Answer(cut=True), Unknown),
        (Answer(202, "0: Accepted", after=3.0), Unknown),
    ],
)
def test_every_answer_says_what_now(answer: Answer, expected: type[SendError]) -> None:
    with pytest.raises(SendError) as error:
        asyncio.run(_send(answer, MESSAGE))
    assert type(error.value) is expected


def test_throttling_stops_the_number_for_as_long_as_is_asked() -> None:
    with pytest.raises(NotNow) as error:
        asyncio.run(_send(Answer(429, "", {"Retry-After": "7"}), MESSAGE))
    assert (error.value.throttled, error.value.delay) == (True, 7.0)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    """The address has the password in it, and what answers so may have taken the text."""

    async def scenario() -> int:
        async with standin([Answer(status, "", {"Location": "/cgi-bin/sendsms"}), TAKEN]) as stand:
            opened = provider(f"{stand.url}/cgi-bin/sendsms")
            await opened.open()
            try:
                await opened.send(MESSAGE)
            except Misconfigured:
                return len(stand.asked)
            finally:
                await opened.close()
        raise AssertionError("it was followed")

    assert asyncio.run(scenario()) == 1


def test_a_text_is_never_repeated_when_a_connection_breaks() -> None:
    """aiohttp would repeat a GET on a connection that it kept."""

    async def scenario() -> int:
        async with standin([TAKEN, Answer(cut=True), TAKEN]) as stand:
            opened = provider(f"{stand.url}/cgi-bin/sendsms")
            await opened.open()
            await opened.send(MESSAGE)
            with pytest.raises(Unknown):
                await opened.send(MESSAGE)
            await opened.close()
            return len(stand.asked)

    assert asyncio.run(scenario()) == 2


def test_no_connection_means_that_nothing_left() -> None:
    async def scenario() -> None:
        opened = provider()
        await opened.open()
        try:
            await opened.send(MESSAGE)
        finally:
            await opened.close()

    with pytest.raises(NotNow):
        asyncio.run(scenario())


async def _check(answer: Answer) -> str:
    async with standin([answer]) as stand:
        opened = provider(f"{stand.url}/cgi-bin/sendsms")
        await opened.open()
        try:
            return await opened.check()
        finally:
            await opened.close()


def test_the_doctor_asks_for_nobody_and_is_refused() -> None:
    answer = Answer(400, "Empty receiver number not allowed, rejected")
    assert "knows the user" in asyncio.run(_check(answer))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(403, "Authorization failed for sendsms"), Misconfigured),
        (Answer(404, "Unknown request."), Misconfigured),
        (Answer(503, "Temporal failure, try again later."), NotNow),
    ],
)
def test_the_doctor_hears_what_is_wrong(answer: Answer, expected: type[SendError]) -> None:
    with pytest.raises(expected):
        asyncio.run(_check(answer))


def called(query: str, method: str = "GET", body: bytes = b"") -> Callback:
    """A call of Kannel as the web layer hands it on: decoded as UTF-8, come what may."""
    form = dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    values = dict(parse_qsl(query, keep_blank_values=True, errors="replace"))
    return Callback(method, f"https://tocsin.example/x?{query}", values, form, {}, body)


TOKEN = quote(SECTION.token, safe="")


def filled(address: str, **values: str) -> str:
    """The query of a dlr-url once Kannel has filled its escapes in (%% is one %)."""
    for escape, value in {"%d": "1", "%I": "id", "%F": "foreign", "%A": "ACK%2F", **values}.items():
        address = address.replace("=" + escape, "=" + value)
    return urlsplit(address.replace("%%", "%")).query


@pytest.mark.parametrize(("kind", "stage"), STAGES.items())
def test_reports_come_back_to_their_delivery(kind: str, stage: Stage | None) -> None:
    call = called(filled(provider().callback_url(7, 2), **{"%d": kind}))
    provider().verify(call)
    receipt = provider().read_receipt(call)
    assert (receipt and receipt.stage) == stage
    assert receipt is None or (receipt.delivery, receipt.attempt) == (7, 2)


def test_a_report_that_a_message_waits_at_kannel_proves_that_kannel_has_it() -> None:
    """Without its answer the message would be sent again while it waits for the operator."""
    receipt = provider().read_receipt(called("type=4&d=7&a=2"))
    assert receipt == Receipt(Stage.ACCEPTED, "", 7, 2)


def test_a_failure_says_so_in_words() -> None:
    receipt = provider().read_receipt(called("type=16&d=7&a=2"))
    assert receipt == Receipt(Stage.FAILED, "", 7, 2, "16", "the operator did not deliver it")


def test_a_report_of_an_unknown_type_changes_nothing() -> None:
    assert provider().read_receipt(called("type=64&d=7&a=2")) is None


@pytest.mark.parametrize("query", ["", "d=7&a=2", "type=&d=7", "type=%25d&d=7&a=2"])
def test_a_report_without_a_type_is_malformed(query: str) -> None:
    with pytest.raises(Malformed):
        provider().read_receipt(called(query))


@pytest.mark.parametrize(
    "call",
    [
        called(""),
        called("token="),
        called("token=wrong"),
        called(f"token={TOKEN}x"),
        called(f"token={TOKEN[:-6]}"),
        called(f"token={TOKEN}", "PUT"),
    ],
)
def test_a_call_without_the_token_is_forged(call: Callback) -> None:
    with pytest.raises(Forged):
        provider().verify(call)


def test_the_token_may_be_posted() -> None:
    provider().verify(called("", "POST", f"token={TOKEN}".encode()))


SEEN = (  # of the rig: get-url with %p %P %b %C %c %i %I %t
    "from=33639980001&to=38000&text=%C3%89t%C3%A9+%C3%A0+l'%C3%A9cole+%E2%82%AC+%5Bok%5D+%C3%A7"
    "&charset=UTF-8&coding=0&smsc=FAKE&id=dca15096-5d24&ts=2026-11-24+05:16:22"
)


def test_a_text_is_read_as_kannel_was_seen_to_send_it() -> None:
    assert provider().read_inbound(called(SEEN)) == Inbound(
        id="dca15096-5d24",
        sender="+33639980001",
        recipient="38000",
        text="Été à l'école € [ok] ç",
        sent_at=datetime(2026, 11, 24, 5, 16, 22, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("charset", "coding", "encoding"),
    [
        ("UTF-8", "0", "utf-8"),
        ("UTF-16BE", "2", "utf-16-be"),
        ("UTF-16", "2", "utf-16-be"),
        ("UCS-2BE", "2", "utf-16-be"),
        ("", "2", "utf-16-be"),
        ("", "0", "utf-8"),
        ("ISO-8859-1", "0", "latin-1"),
        ("windows-1252", "0", "cp1252"),
    ],
)
@pytest.mark.parametrize("posted", [False, True])
def test_the_bytes_of_a_text_are_in_the_charset_that_is_named(
    charset: str, coding: str, encoding: str, posted: bool
) -> None:
    text = "Été & +1 = 100 %"
    raw = quote(text.encode(encoding), safe="")
    values = f"from=33639980001&to=38000&charset={charset}&coding={coding}&text={raw}"
    call = called("", "POST", values.encode()) if posted else called(values)
    assert provider().read_inbound(call).text == text


def test_an_emoji_of_ucs2_survives() -> None:
    raw = quote("🔥 пожар".encode("utf-16-be"))
    call = called(f"from=33639980001&to=38000&charset=UTF-16BE&coding=2&text={raw}")
    assert provider().read_inbound(call).text == "🔥 пожар"


@pytest.mark.parametrize(
    "query",
    [
        "to=38000&text=a",
        "from=33639980001&text=a",
        "from=33639980001&to=38000&text=a&charset=KLINGON",
        "from=33639980001&to=38000&text=%FF&charset=UTF-8",
    ],
)
def test_what_cannot_be_read_is_malformed(query: str) -> None:
    with pytest.raises(Malformed):
        provider().read_inbound(called(query))


def test_an_empty_text_and_a_strange_time_are_no_fault() -> None:
    inbound = provider().read_inbound(called("from=33639980001&to=38000&text=&ts=hier"))
    assert (inbound.text, inbound.sent_at) == ("", None)
