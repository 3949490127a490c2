"""Proof of a number by a code: by SMS or by voice, seldom, and once (promises.md, Codes)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from community_store.errors import RuleError
from community_store.models import DeliveryState, ProofCode, Wording
from dispatch import calls, codes
from gateway.contract import Channel, Key
from gateway.numbers import NumberError
from tests.dispatch.landlines import caller
from tests.dispatch.world import World, at

MOBILE, LANDLINE = "06 39 98 00 01", "01 99 00 00 01"


def send(world: World, number: str = MOBILE, **more: Any) -> Channel:
    with world.act() as act:
        return codes.send(act, number, **more)


def verify(world: World, code: str, number: str = MOBILE) -> bool:
    with world.act() as act:
        return codes.verify(act, number, code)


def code_of(world: World, n: int = -1) -> str:
    """The code that was sent, as its text says."""
    found = re.search(r"\d{6}", world.rows(Wording)[n].sms)
    assert found is not None
    return found[0]


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


@pytest.fixture
def numbers(world: World) -> World:
    world.clock.now = at(10)
    world.number()
    caller(world)
    return world


def test_a_mobile_gets_a_text_and_a_landline_a_call(numbers: World) -> None:
    assert send(numbers, MOBILE) is Channel.SMS
    assert send(numbers, LANDLINE) is Channel.VOICE
    text, call = numbers.deliveries()
    assert (text.channel, text.address, text.priority) == ("sms", "+33639980001", 0)
    assert (call.channel, call.address, call.priority) == ("voice", "+33199000001", 0)
    assert call.expires_at == numbers.clock() + timedelta(minutes=10)
    spoken = ", ".join(code_of(numbers))
    assert numbers.said(call).voice.count(spoken) == 2
    numbers.pump()
    assert spoken in numbers.phone("+33199000001")[0]


@pytest.mark.parametrize("between", ["", " ", "-", ", ", "."])
def test_a_code_is_read_as_people_write_it_down(numbers: World, between: str) -> None:
    send(numbers)
    assert verify(numbers, between.join(code_of(numbers)))


# a line that wants no calls


def test_a_code_rings_where_calls_were_stopped_but_no_sms_goes_where_sms_were(
    numbers: World,
) -> None:
    numbers.stop("+33199000001", Channel.VOICE)
    numbers.stop("+33639980001")
    for number in (LANDLINE, MOBILE):
        send(numbers, number)
    numbers.pump()
    assert len(numbers.phone("+33199000001")) == 1
    assert numbers.phone("+33639980001") == []


def test_who_answers_9_to_a_code_is_rung_with_no_other_for_90_days(numbers: World) -> None:
    send(numbers, LANDLINE)
    numbers.pump()
    [call] = numbers.deliveries()
    calls.press(numbers.runtime, "sim", Key("9", call.provider_id or "", call.id or 0, 1))
    assert send(numbers, LANDLINE) is Channel.VOICE, "as if it had rung"
    assert len(numbers.deliveries()) == 1
    numbers.clock.forward(days=91)
    send(numbers, LANDLINE)
    assert len(numbers.deliveries()) == 2


@pytest.mark.parametrize("number", [MOBILE, LANDLINE])
def test_the_right_code_proves_the_number_once(numbers: World, number: str) -> None:
    send(numbers, number)
    code = code_of(numbers)
    assert not verify(numbers, wrong(code), number)
    assert not verify(numbers, code, "06 39 98 00 02")
    assert verify(numbers, f" {code[:3]} {code[3:]} ", number)
    assert not verify(numbers, code, number)


def test_a_code_is_kept_as_a_keyed_hash_only(numbers: World) -> None:
    send(numbers)
    code = code_of(numbers)
    [row] = numbers.rows(ProofCode)
    assert code not in repr(row)
    assert len(row.hash) == 64


def test_five_tries_and_ten_minutes(numbers: World) -> None:
    send(numbers)
    code = code_of(numbers)
    for _ in range(5):
        assert not verify(numbers, wrong(code))
    assert not verify(numbers, code)
    send(numbers)
    code = code_of(numbers)
    numbers.clock.forward(minutes=10)
    assert not verify(numbers, code)


def test_only_the_last_code_counts_and_the_earlier_is_not_sent(numbers: World) -> None:
    send(numbers)
    first = code_of(numbers)
    send(numbers)
    second = code_of(numbers)
    assert [d.state for d in numbers.deliveries()] == [
        DeliveryState.CANCELLED,
        DeliveryState.QUEUED,
    ]
    if first != second:
        assert not verify(numbers, first)
    assert verify(numbers, second)


def test_three_an_hour_and_six_a_day_a_number(numbers: World) -> None:
    for hours in (0, 1):
        numbers.clock.forward(hours=hours, seconds=1)
        for _ in range(3):
            send(numbers)
        with pytest.raises(RuleError) as caught:
            send(numbers)
        assert caught.value.code == "too_many"
    numbers.clock.forward(hours=2)
    with pytest.raises(RuleError):
        send(numbers)
    numbers.clock.forward(hours=24)
    send(numbers)


def test_ten_an_hour_an_address(numbers: World) -> None:
    for n in range(10):
        send(numbers, f"06 39 98 01 {n:02}", origin="192.0.2.7")
    with pytest.raises(RuleError):
        send(numbers, "06 39 98 01 99", origin="192.0.2.7")
    send(numbers, "06 39 98 01 99", origin="192.0.2.8")
    assert "192.0.2" not in "".join(row.origin for row in numbers.rows(ProofCode))


def test_a_landline_is_not_called_at_night_nor_without_a_number(world: World) -> None:
    world.clock.now = at(10)
    world.number()
    with pytest.raises(RuleError) as caught:
        send(world, LANDLINE)
    assert caught.value.code == "no_voice"
    caller(world)
    world.clock.now = at(21)
    with pytest.raises(RuleError) as caught:
        send(world, LANDLINE)
    assert caught.value.code == "night"
    assert world.deliveries() == []


def test_premium_and_foreign_numbers_are_refused(numbers: World) -> None:
    for number in ("0899 12 34 56", "+44 7911 123456", "36 30"):
        with pytest.raises(NumberError):
            send(numbers, number)


def test_the_code_is_forgotten_with_its_ten_minutes(numbers: World) -> None:
    send(numbers)
    numbers.clock.forward(minutes=10)
    with numbers.act() as act:
        assert codes.forget(act.session, act.now) == 1
        assert codes.forget(act.session, act.now) == 0
    [words] = numbers.rows(Wording)
    assert (words.sms, words.voice, words.mail) == ("", "", "")
    numbers.clock.forward(hours=24)
    with numbers.act() as act:
        codes.forget(act.session, act.now)
    assert numbers.rows(ProofCode) == []
