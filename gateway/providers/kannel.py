"""Kannel: an SMS box of one's own, which speaks SMPP to operators and HTTP to us.

Kannel User Guide 1.4.5, chapter "SMS gateway": sendsms, dlr-url, get-url.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlsplit

import aiohttp

from config import KannelGateway
from gateway import http, numbers, sms_text
from gateway.contract import (
    Accepted,
    Callback,
    Channel,
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
    Traits,
    Unknown,
    no_inbound,
)
from gateway.wiring import Wiring

log = logging.getLogger(__name__)

STAGES: Mapping[str, Stage | None] = {  # the type of a report, %d
    "1": Stage.DELIVERED,
    "2": Stage.UNDELIVERED,
    "4": Stage.ACCEPTED,  # waits at Kannel for the operator, so Kannel has it
    "8": Stage.ACCEPTED,
    "16": Stage.FAILED,
    "32": None,  # an intermediate notification of the operator
}
PROXY = 30.0  # seconds until a text is tried again that something before Kannel turned away
REPORTS = "31"  # all of them but the intermediate ones
# Filled in by Kannel: the type, its id, the operator's id, the operator's answer.
ESCAPES = "&type=%d&id=%I&smsc_id=%F&reply=%A"


class Kannel:
    """The gateway of type "kannel"."""

    channels = frozenset({Channel.SMS})
    traits = Traits(receipts=True)

    def __init__(self, name: str, section: KannelGateway, wiring: Wiring) -> None:
        self.name = name
        self._section = section
        self._timeout = wiring.timeout
        token = quote(section.token, safe="").replace("%", "%%")  # % begins an escape
        self._address = f"{wiring.callbacks}/webhooks/{name}/dlr?token={token}"
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        self._session = http.session(self._timeout, keep=False)

    async def close(self) -> None:
        if self._session:
            await self._session.close()
        self._session = None

    def callback_url(self, delivery: int, attempt: int) -> str:
        return f"{self._address}&d={delivery}&a={attempt}{ESCAPES}"

    async def send(self, message: Outbound) -> Accepted:
        error = await self._sendsms(self._parameters(message))
        if error:
            raise error
        return Accepted("")  # Kannel names the message in its reports only

    async def look(self, message: Outbound, provider_id: str) -> Receipt | None:
        """Nothing: Kannel cannot be asked; its reports settle doubt."""
        return None

    def inbound_since(self, since: datetime) -> AsyncIterator[Inbound]:
        """Nothing: Kannel keeps no list; it repeats a webhook that failed."""
        return no_inbound()

    async def check(self) -> str:
        """Ask for a message to nobody, which Kannel refuses once it knows the user."""
        error = await self._sendsms(self._credentials())
        if error and not isinstance(error, Refused):
            raise error
        return "Kannel answers and knows the user"

    def verify(self, callback: Callback) -> None:
        if callback.method not in ("GET", "POST"):
            raise Forged("Kannel gets or posts")
        token = callback.query.get("token") or callback.form.get("token") or ""
        if not hmac.compare_digest(token.encode(), self._section.token.encode()):
            raise Forged("the token is missing or wrong")

    def read_inbound(self, callback: Callback) -> Inbound:
        values = {**callback.form, **callback.query}
        if not (values.get("from") and values.get("to")):
            raise Malformed("from or to is missing")
        at = _time(values.get("ts", ""))
        return Inbound(
            id=values.get("id", ""),
            sender=numbers.sender(values["from"]),
            recipient=numbers.sender(values["to"]),
            text=_text(callback, values.get("charset", ""), values.get("coding", "")),
            sent_at=at,
        )

    def read_receipt(self, callback: Callback) -> Receipt | None:
        values = {**callback.form, **callback.query}
        kind = values.get("type", "")
        if not kind.isdecimal():
            raise Malformed("type is missing")
        if kind not in STAGES:
            log.warning("kannel: unknown report type=%s", kind[:10])
        stage = STAGES.get(kind)
        delivery, attempt = callback.own_id("d"), callback.own_id("a")
        if stage is None:
            return None
        failed = stage in (Stage.UNDELIVERED, Stage.FAILED)
        reason = "the operator did not deliver it" if failed else ""
        return Receipt(stage, "", delivery, attempt, kind if failed else "", reason)

    def _credentials(self) -> dict[str, str]:
        return {"username": self._section.username, "password": self._section.password}

    def _parameters(self, message: Outbound) -> dict[str, str]:
        ucs2 = sms_text.count(message.text).encoding == "ucs2"
        values = self._credentials() | {
            "from": message.sender,
            "to": message.to,
            "text": message.text,
            "charset": "UTF-8",
            "coding": "2" if ucs2 else "0",
        }
        if message.callback:
            values |= {"dlr-mask": REPORTS, "dlr-url": message.callback}
        return values | ({"smsc": self._section.smsc} if self._section.smsc else {})

    async def _sendsms(self, values: Mapping[str, str]) -> SendError | None:
        """One call: a redirect that were followed would repeat the text, and tell the password."""
        assert self._session is not None, "open() comes first"
        with http.failures():
            async with self._session.get(
                self._section.sendsms_url, params=values, allow_redirects=False
            ) as answer:
                text = (await http.whole(answer)).decode(errors="replace")
                return _verdict(answer.status, text, answer.headers.get("Retry-After"))


def _verdict(status: int, answer: str, after: str | None = None) -> SendError | None:
    """What an answer of sendsms means; None when Kannel has the message."""
    code = str(status)
    if status == 503 or (status in (200, 202) and answer.startswith("4:")):
        return NotNow("Kannel has no operator or a full queue", code=code)
    if status == 202 or (status == 200 and answer.startswith(("0:", "3:", "Sent"))):
        return None
    if status in (401, 403) or "authorization failed" in answer.lower():
        return Misconfigured("Kannel refuses the user: check username and password", code=code)
    if status in (404, 405) or 300 <= status < 400:
        return Misconfigured("no sendsms there: check sendsms_url", code=code)
    if status == 400:  # the only one by which Kannel refuses a message itself
        return Refused("Kannel refuses the message", code=code)
    return _not_kannels(status, after)


def _not_kannels(status: int, after: str | None) -> SendError:
    """What something before Kannel means, which says nothing of the recipient."""
    code = str(status)
    if status == 429:
        delay = http.retry_after(after, default=1.0)
        return NotNow("too many requests", code=code, delay=delay, throttled=True)
    if 400 < status < 500 and status != 408:
        return NotNow(f"something before Kannel answered {status}", code=code, delay=PROXY)
    return Unknown(f"Kannel answered {status}", code=code)


def _text(callback: Callback, charset: str, coding: str) -> str:
    """The text from its own bytes, which are in the charset that Kannel names.

    A UCS-2 text that Kannel cannot recode stays UTF-16BE, which no web framework reads.
    """
    encoding = "utf-16-be" if charset.upper().startswith(("UTF-16", "UCS-2")) else charset
    for source in (urlsplit(callback.url).query.encode(), callback.body):
        # Latin-1 is the codec that leaves every byte as it is.
        pairs = parse_qsl(source.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
        for name, value in pairs:
            if name == "text":
                raw = value.encode("latin-1")
                return _decoded(raw, encoding or ("utf-16-be" if coding == "2" else "utf-8"))
    return {**callback.form, **callback.query}.get("text", "")


def _decoded(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise Malformed("the text is not in the charset that is named") from error


def _time(text: str) -> datetime | None:
    """%t is "YYYY-MM-DD HH:MM" (UTC), or %T seconds since 1970."""
    try:
        if text.isdecimal():
            return datetime.fromtimestamp(int(text), UTC)
        return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
    except (ValueError, OverflowError, OSError):
        return None
