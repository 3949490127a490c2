"""Twilio's error codes (twilio.com/docs/api/errors) in our words: one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gateway.contract import Misconfigured, NotNow, Refused, SendError, Unknown

Verdict = Callable[[str], SendError]


def _refused(reason: str, *, opted_out: bool = False) -> Verdict:
    return lambda code: Refused(reason, code=code, opted_out=opted_out)


def _wrong(reason: str) -> Verdict:
    return lambda code: Misconfigured(reason, code=code)


def _later(reason: str, delay: float, *, throttled: bool = False) -> Verdict:
    return lambda code: NotNow(reason, code=code, delay=delay, throttled=throttled)


def _doubt(reason: str) -> Verdict:
    return lambda code: Unknown(reason, code=code)


ERRORS: Mapping[int, Verdict] = {
    14107: _later("too many messages to this number", 5.0, throttled=True),
    20003: _wrong("the account or its secret is wrong: check account_sid and auth_token"),
    20005: _wrong("the Twilio account is not active"),
    20006: _wrong("the key may not send: check api_key's rights"),
    20008: _wrong("test credentials cannot do this"),
    20403: _wrong("the account may not do this"),
    20404: _wrong("Twilio knows no such account: check account_sid"),
    20429: _later("too many requests", 1.0, throttled=True),
    20500: _doubt("an error inside Twilio"),
    20503: _doubt("Twilio was not available"),
    20504: _doubt("Twilio did not answer in time"),
    21211: _refused("the number is not valid"),
    21212: _wrong("the sender's number is not valid"),
    21214: _refused("the number cannot be reached"),
    21217: _refused("the number is not valid"),
    21266: _refused("the sender and the recipient are one number"),
    21401: _refused("the number is not valid"),
    21408: _refused("the account may not send to this country: see its geo permissions"),
    21421: _refused("the number is not valid"),
    21602: _refused("the text is empty"),
    21603: _wrong("the sender is missing"),
    21604: _refused("the recipient is missing"),
    21605: _refused("the text is too long"),
    21606: _wrong("the sender's number is not this account's, or cannot send texts"),
    21607: _wrong("the sender is not verified for this trial account"),
    21608: _refused("a trial account sends to verified numbers only"),
    21609: _wrong("the address for receipts is not valid: check [service] site"),
    21610: _refused("the number has opted out", opted_out=True),
    21611: _later("the sender's queue at Twilio is full", 30.0, throttled=True),
    21612: _refused("this sender cannot reach this number"),
    21614: _refused("the number is not a mobile"),
    21617: _refused("the text is too long"),
    21635: _refused("the number is a landline"),
    21659: _wrong("the sender is not a number of Twilio"),
    21660: _wrong("the sender's number is not this account's"),
    21703: _wrong("the messaging service has no sender"),
    30001: _later("the sender's queue at Twilio is full", 30.0, throttled=True),
    30002: _wrong("the Twilio account is suspended"),
    30003: _refused("the handset cannot be reached"),
    30004: _refused("the message was blocked"),
    30005: _refused("the number is unknown"),
    30006: _refused("the number is a landline or cannot be reached"),
    30007: _refused("the operator filtered the message"),
    30008: _refused("the operator gave no reason"),
    30010: _refused("the message costs more than allowed"),
    30022: _later("the sender's rate at the operator is used up", 5.0, throttled=True),
    30034: _wrong("the sender is not registered with the operators"),
    63038: _later("the account's messages of the day are used up", 600.0, throttled=True),
}
