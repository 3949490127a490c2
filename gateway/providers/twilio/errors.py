"""Twilio's error codes (twilio.com/docs/api/errors) in our words: one table."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from twilio.base.exceptions import (
    TwilioException,
    TwilioRestException,
    TwilioServiceException,
)

from gateway import http
from gateway.contract import Misconfigured, NotNow, Refused, SendError, Unknown

log = logging.getLogger(__name__)

Verdict = Callable[[str], SendError]


def _refused(reason: str, *, opted_out: bool = False) -> Verdict:
    return lambda code: Refused(reason, code=code, opted_out=opted_out)


def _wrong(reason: str) -> Verdict:
    return lambda code: Misconfigured(reason, code=code)


def _later(reason: str, delay: float, *, throttled: bool = False) -> Verdict:
    return lambda code: NotNow(reason, code=code, delay=delay, throttled=throttled)


def _doubt(reason: str) -> Verdict:
    return lambda code: Unknown(reason, code=code)


def _not_this_caller(reason: str) -> Verdict:
    return lambda code: Misconfigured(reason, code=code, only_sender=True)


PROXY = 30.0  # seconds; a 4xx without a code of Twilio's says nothing of the recipient
NOTHING = "20404"  # no such message or call, or no such account
ERRORS: Mapping[int, Verdict] = {
    10001: _wrong("the Twilio account is not active"),
    10004: _later("too many calls at once", 5.0, throttled=True),
    12100: _refused("the words cannot be spoken"),
    13224: _refused("the number is not valid"),
    13225: _refused("the number may not be called"),
    13227: _refused("the account may not call this country: see its geo permissions"),
    14107: _later("too many messages to this number", 5.0),  # one recipient's, not ours
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
    21203: _refused("the account may not call abroad"),
    21205: _wrong("the address for keys or receipts is not valid: check [service] site"),
    21210: _not_this_caller("the calling number is not this account's, nor verified"),
    21211: _refused("the number is not valid"),
    21212: _wrong("the sender's number is not valid"),
    21214: _refused("the number cannot be reached"),
    21215: _refused("the account may not call this number: see its geo permissions"),
    21216: _refused("the account may not call this number"),
    21217: _refused("the number is not valid"),
    21219: _refused("a trial account calls verified numbers only"),
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


@contextmanager
def meanings() -> Iterator[None]:
    """What the SDK raises, in our words."""
    with http.failures():
        try:
            yield
        except (TwilioRestException, TwilioServiceException) as error:
            raise _verdict(int(error.status), int(error.code or 0)) from error
        except TwilioException as error:  # of a page of a list, with the answer as it came
            raise _verdict(*_status_and_code(error)) from error
        except (AttributeError, TypeError) as error:  # JSON, but not the object it expects
            raise Unknown("the answer cannot be read", code=type(error).__name__) from error


def _status_and_code(error: Exception) -> tuple[int, int]:
    """500 when there is no answer in it, which makes it doubt."""
    answer = error.args[1] if len(error.args) > 1 else None
    status = int(getattr(answer, "status_code", 500))
    try:
        return status, int(json.loads(answer.text)["code"]) if answer else status
    except (AttributeError, LookupError, TypeError, ValueError):
        return status, status


def _verdict(status: int, code: int) -> SendError:
    """Why Twilio did not take a message: by its code, else by the HTTP status."""
    known = ERRORS.get(code)
    if known:
        return known(str(code))
    if status >= 500 or status == 408:
        return Unknown(f"Twilio answered {status}", code=str(code))
    if status in (401, 404) or status < 400:
        return Misconfigured(
            f"Twilio answered {status}: check api_base, account_sid and the secrets",
            code=str(code),
        )
    if code in (0, status):
        return NotNow(f"something before Twilio answered {status}", code=str(code), delay=PROXY)
    log.warning("twilio: unknown error code=%d status=%d", code, status)
    return Refused(f"Twilio answered {status}", code=str(code))


def failure(code: str) -> SendError:
    """Why a message that Twilio took had failed when it answered: nothing left."""
    return _known(code) or Refused("it failed at Twilio at once", code=code)


def reason(code: str) -> str:
    """What a code in a receipt means; "" when it is not in the table."""
    error = _known(code)
    return error.reason if error else ""


def opted_out(code: str) -> bool:
    """Whether a code in a receipt says that Twilio holds a STOP of the number."""
    error = _known(code)
    return isinstance(error, Refused) and error.opted_out


def _known(code: str) -> SendError | None:
    known = ERRORS.get(int(code)) if code.isascii() and code.isdecimal() else None
    return known(code) if known else None
