"""What Twilio calls us with: its signature, texts of phones, and receipts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from twilio.request_validator import RequestValidator

from gateway.contract import Callback, Forged, Inbound, Malformed, Stage
from gateway.providers.twilio import STAGES
from tests.gateway.standin import Answer
from tests.gateway.twilio_standin import ACCOUNT, SECTION, listed, look, provider

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
