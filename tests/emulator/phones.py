"""Texts that phones send: into the account's list, and to our webhooks."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urlencode

from tests.emulator.house import House
from tests.emulator.messages import VERSION, Message
from tests.emulator.postman import Letter

Gateway = Literal["twilio", "kannel"]


async def text(
    house: House, sender: str, to: str, body: str, *, gateway: Gateway = "twilio"
) -> tuple[str, list[int]]:
    """A phone texts one of our numbers.

    Gives the message's id and what our webhook answered, each time it was called.
    """
    message, letter = (_twilio if gateway == "twilio" else _kannel)(house, sender, to, body)
    facts = {"sid": message, "to": to, "sender": sender, "body": body}
    house.ledger.add("inbound", gateway=gateway, **facts)
    fault = house.faults.strike("inbound", to, sender)
    calls = {"drop": 0, "double": 2}.get(fault.kind if fault else "", 1)
    return message, [await house.postman.deliver(letter) for _ in range(calls)]


def _twilio(house: House, sender: str, to: str, body: str) -> tuple[str, Letter]:
    account = house.settings.account_sid
    message = Message(account, "inbound", to, sender, body, "received")
    message.sent = message.created
    house.messages.add(message)
    form = {
        "AccountSid": account,
        "ApiVersion": VERSION,
        "Body": body,
        "From": sender,
        "FromCountry": "FR",
        "MessageSid": message.sid,
        "NumMedia": "0",
        "NumSegments": str(message.segments),
        "SmsMessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsStatus": "received",
        "To": to,
        "ToCountry": "FR",
    }
    facts = {"sid": message.sid}
    return message.sid, Letter(f"{house.settings.webhook}/sms", form, "webhook", facts)


def _kannel(house: House, sender: str, to: str, body: str) -> tuple[str, Letter]:
    message = secrets.token_hex(16)
    query = {
        "token": house.settings.kannel_token,
        "from": sender.removeprefix("+"),
        "to": to.removeprefix("+"),
        "text": body,
        "charset": "UTF-8",
        "coding": "0",
        "smsc": "EMULATOR",
        "id": message,
        "ts": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}",
    }
    url = f"{house.settings.kannel_webhook}/sms?{urlencode(query)}"
    return message, Letter(url, None, "webhook", {"sid": message})
