"""What becomes of an accepted message: sent, then delivered or not, and who is told."""

from __future__ import annotations

import asyncio

from tests.emulator.faults import Fault
from tests.emulator.house import House, delivery_of
from tests.emulator.messages import VERSION, Message
from tests.emulator.postman import Letter


def report(house: House, message: Message) -> None:
    """Let the message go its way, and report each step to its callback address."""
    steps = (("sent", house.settings.sent_after), ("delivered", house.settings.delivered_after))
    for word, after in steps:
        if after is not None:
            asyncio.get_running_loop().call_later(after, _step, house, message, word)


def _step(house: House, message: Message, word: str) -> None:
    fault = house.faults.strike("receipt", message.to, message.sender, word=word)
    code = None
    if fault and fault.kind == "fail":
        word, code = fault.word, fault.code or None
    message.advance(word, code)
    house.ledger.add("became", sid=message.sid, status=word, **delivery_of(message.callback))
    if message.callback:
        _tell(house, _letter(message, word, code), fault)


def _tell(house: House, letter: Letter, fault: Fault | None) -> None:
    kind = fault.kind if fault else None
    if kind == "drop":
        return
    delay = fault.seconds if fault and kind == "delay" else 0.0
    for _ in range(2 if kind == "double" else 1):
        house.postman.post(letter, delay)


def _letter(message: Message, word: str, code: int | None) -> Letter:
    form = {
        "AccountSid": message.account,
        "ApiVersion": VERSION,
        "From": message.sender,
        "MessageSid": message.sid,
        "MessageStatus": word,
        "SmsSid": message.sid,
        "SmsStatus": word,
        "To": message.to,
    }
    if code:
        form["ErrorCode"] = str(code)
    facts = {"sid": message.sid, "status": word, **delivery_of(message.callback)}
    return Letter(message.callback, form, "receipt", facts)
