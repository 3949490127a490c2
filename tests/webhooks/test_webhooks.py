"""What a webhook answers, and what it leaves behind (interfaces.md, HTTP)."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator

from app import create_app
from community_store.models import Alert, InboundText, Number
from community_store.models import DeliveryState as State
from dispatch import inbound
from gateway.contract import Accepted
from tests.dispatch.world import NUMBER, World
from tests.webhooks.callers import (
    FORM,
    FROM,
    SITE,
    client,
    kannel,
    receipt,
    simulator,
    texts,
    twilio,
)

pytestmark = pytest.mark.both


# safely stored


def test_each_kind_of_gateway_stores_one_row_and_answers_2xx(site: World) -> None:
    for answer in (twilio(site), kannel(site), simulator(site)):
        assert answer.status_code == 200
    assert texts(site) == [
        ("tw", "SM1", FROM, "Au feu"),
        ("kn", "K1", FROM, "Au feu"),
        ("sim", "S1", FROM, "Au feu"),
    ]


def test_twilio_is_told_nothing_and_kannel_gets_nothing_to_send(lone: World) -> None:
    answer = twilio(lone)
    assert (answer.mimetype, answer.text) == ("text/xml", "<Response/>")
    assert kannel(lone).text == ""


@pytest.mark.parametrize("call", [twilio, kannel, simulator])
def test_the_same_call_again_is_2xx_and_no_second_row(lone: World, call: Any) -> None:
    assert [call(lone).status_code for _ in range(3)] == [200] * 3
    assert len(texts(lone)) == 1


def test_a_kannel_without_ids_loses_no_text(site: World) -> None:
    for text in ("Au feu", "Une fuite de gaz", "Au feu"):
        assert kannel(site, id="", text=text).status_code == 200
    assert [text for *_, text in texts(site)] == ["Au feu", "Une fuite de gaz", "Au feu"]
    outcomes = [inbound.read(site.runtime, row.id) for row in site.rows(InboundText)]
    assert outcomes == ["unknown_sender", "unknown_sender", "duplicate"]


def test_a_text_may_be_posted_in_kannel_s_own_charset(lone: World) -> None:
    body = urlencode(
        {"from": FROM, "to": NUMBER, "id": "K2", "charset": "UTF-16BE", "text": b""}
    ) + "".join(f"%{byte:02X}" for byte in "Été à la forêt 🌲".encode("utf-16-be"))
    answer = client(lone).post(
        "/webhooks/kn/sms?token=kannel-token",
        data=body,
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 200
    assert texts(lone)[0][3] == "Été à la forêt 🌲"


@pytest.mark.parametrize(
    "text",
    ["", "é€ç", "🔥", "a\x00b", "\u202eabc", "+& %=;", "x" * 5000, "ligne 1\nligne 2"],
)
def test_any_text_is_kept_as_it_is(site: World, text: str) -> None:
    form = FORM | {"Body": text}
    answers = [twilio(site, form), kannel(site, text=text), simulator(site, text=text)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert {kept for *_, kept in texts(site)} == {text.replace("\x00", "")}


def test_fifty_calls_at_once_are_one_row_and_one_alert(site: World) -> None:
    author, _ = site.members(site.community(), 2)
    form = FORM | {"From": author.mobile or ""}
    codes: list[int] = []
    app = create_app(site.settings, site.runtime)  # one, as in a process
    signature = RequestValidator("token-now").compute_signature(f"{SITE}/webhooks/tw/sms", form)
    headers = {"X-Twilio-Signature": signature}

    def call() -> None:
        for _ in range(10):
            answer = app.test_client().post("/webhooks/tw/sms", data=form, headers=headers)
            codes.append(answer.status_code)

    threads = [threading.Thread(target=call) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [200] * 50
    (row,) = site.rows(InboundText)
    assert inbound.read(site.runtime, row.id) == "alert"
    assert len(site.rows(Alert)) == 1


# receipts


def told(world: World) -> int:
    (number,) = world.rows(Number)
    author, _ = world.members(world.community(), 2)
    world.raised(author)
    (claimed,) = world.claim(number)
    world.settle(claimed, Accepted("SM9"))
    return claimed.id


def as_gateway(world: World, delivery: int, gateway: str) -> None:
    world.change(world.delivery(id=delivery), gateway=gateway)


def test_receipts_move_a_delivery_forward_and_unknown_words_do_not(site: World) -> None:
    delivery = told(site)
    as_gateway(site, delivery, "tw")
    own = f"d={delivery}&a=1"
    for status, state in (
        ("queued", State.ACCEPTED), ("sent", State.SENT), ("no-such-word", State.SENT),
        ("delivered", State.DELIVERED), ("sent", State.DELIVERED),
    ):  # fmt: skip
        assert receipt(site, status, own) == 200
        assert site.delivery(id=delivery).state == state


def test_a_receipt_finds_its_delivery_by_the_provider_s_id_too(site: World) -> None:
    delivery = told(site)
    as_gateway(site, delivery, "tw")
    assert receipt(site, "undelivered", ErrorCode="30003") == 200
    found = site.delivery(id=delivery)
    assert found.state == State.UNDELIVERED
    assert found.reason


@pytest.mark.parametrize(
    "query",
    ["", "d=999999&a=1", "d=999999999999999999&a=99999999999999", "d=x&a=y", "d=-1&a=-1", "d=1"],
)
def test_a_receipt_for_nothing_of_ours_is_2xx(site: World, query: str) -> None:
    assert receipt(site, "delivered", query, MessageSid="SMnobody") == 200
    assert kannel(site, "dlr", type="1", d="999999999999", a="99999999999999").status_code == 200


def test_another_gateway_s_receipt_does_not_touch_a_delivery(lone: World) -> None:
    delivery = told(lone)  # of the gateway "sim"
    assert receipt(lone, "delivered", f"d={delivery}&a=1") == 200
    assert lone.delivery(id=delivery).state == State.ACCEPTED


def test_kannel_s_reports(site: World) -> None:
    delivery = told(site)
    as_gateway(site, delivery, "kn")
    for kind, state in (("8", State.ACCEPTED), ("4", State.ACCEPTED), ("1", State.DELIVERED)):
        assert kannel(site, "dlr", type=kind, d=delivery, a=1).status_code == 200
        assert site.delivery(id=delivery).state == state


@pytest.mark.parametrize("poison", ["\x00", "a\x00b", "x" * 3000, "\U0010ffff"])
def test_no_receipt_is_poison(site: World, poison: str) -> None:
    assert receipt(site, "failed", MessageSid=poison, ErrorCode=poison) == 200
