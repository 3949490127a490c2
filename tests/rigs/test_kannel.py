"""Kannel and its operators: what a phone sends and gets survives, accents and all."""

from __future__ import annotations

from collections.abc import Callable
from http.client import RemoteDisconnected
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from tests.rigs.kannel import Kannel
from tests.rigs.processes import free_port, until
from tests.rigs.smpp import Operator
from tests.rigs.webhooks import Webhooks, listening_webhooks

StartKannel = Callable[..., Kannel]
LEA = "+33639980001"


def test_a_text_from_a_phone_is_told_with_its_accents(
    start_kannel: StartKannel, webhooks: Webhooks
) -> None:
    kannel = start_kannel(f"{webhooks.url}/webhooks/kannel")
    kannel.inject(LEA, "38000", "Café à l'été")
    kannel.inject(LEA, "38000", "Une longue alerte, ", "en deux morceaux")
    first, second = sorted(webhooks.wait(2), key=lambda call: call.values["text"])
    assert first.path == "/webhooks/kannel/sms"
    assert (first.values["from"], first.values["to"]) == ("33639980001", "38000")
    assert first.values["text"] == "Café à l'été"
    assert second.values["text"] == "Une longue alerte, en deux morceaux"


def test_a_text_is_told_once_somebody_listens(start_kannel: StartKannel) -> None:
    """Kannel tries once and forgets, unless http-request-retry says otherwise."""
    port = free_port()
    kannel = start_kannel(f"http://127.0.0.1:{port}/webhooks/kannel")
    kannel.inject(LEA, "38000", "Au voleur")
    log = kannel.smsbox.log.with_name("smsbox.log")
    until(lambda: "Couldn't fetch" in log.read_text(errors="replace"), "it tried in vain", 30)
    with listening_webhooks(port) as webhooks:
        (told,) = webhooks.wait(1)
    assert told.values["text"] == "Au voleur"


@pytest.mark.parametrize(
    ("text", "coding", "segments"),
    [
        ("Café à l'été", "0", 1),
        ("Deux lignes :\nÇ €", "0", 1),
        ("é" * 300, "0", 2),
        ("Forêt du château", "2", 1),
        ("ê" * 100, "2", 2),
    ],
)
def test_a_phone_gets_the_text_as_it_was(
    start_kannel: StartKannel, webhooks: Webhooks, text: str, coding: str, segments: int
) -> None:
    kannel = start_kannel(f"{webhooks.url}/webhooks/kannel")
    assert send(kannel, webhooks, text, coding=coding) == (202, "0: Accepted for delivery")
    until(kannel.received, "the phone got it")
    (got,) = kannel.received()
    assert (got.to, got.sender, got.text, got.segments) == (LEA, "38000", text, segments)
    assert {call.values["s"] for call in webhooks.wait(2)} == {"8", "1"}


@pytest.mark.parametrize(
    ("refusal", "end", "reports"),
    [
        (0, "DELIVRD", ["8", "1"]),
        (0, "UNDELIV", ["8", "2"]),
        (0, "REJECTD", ["8", "2"]),
        (0x0B, "", ["16"]),  # ESME_RINVDSTADR
    ],
)
def test_the_operator_decides_what_is_reported(
    start_kannel: StartKannel,
    smpp: Operator,
    webhooks: Webhooks,
    refusal: int,
    end: str,
    reports: list[str],
) -> None:
    smpp.refusals = {LEA[1:]: refusal}
    smpp.ends = {LEA[1:]: end}
    kannel = start_kannel(f"{webhooks.url}/webhooks/kannel", smpp_port=smpp.port)
    smpp.wait_bound()
    send(kannel, webhooks, "Café à l'été")
    told = [call.values["s"] for call in webhooks.wait(len(reports))]
    assert sorted(told) == sorted(reports)
    assert smpp.submitted[0].text == "Café à l'été"


def send(kannel: Kannel, webhooks: Webhooks, text: str, *, coding: str = "0") -> tuple[int, str]:
    query = {"username": kannel.username, "password": kannel.password, "from": "38000"}
    query |= {"to": LEA, "text": text, "charset": "UTF-8", "coding": coding, "dlr-mask": "31"}
    query["dlr-url"] = f"{webhooks.url}/webhooks/kannel/dlr?d=7&a=1&s=%d"
    return until(lambda: _ask(f"{kannel.sendsms_url}?{urlencode(query)}"), "smsbox answers")


def _ask(url: str) -> tuple[int, str] | None:
    """smsbox may still be starting, and hangs up then, having taken nothing."""
    try:
        with urlopen(url, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except RemoteDisconnected:
        return None
