"""Twilio: texts out and in through its REST API, receipts and texts by webhook.

The SDK makes the requests and reads the answers; ours is the connection (time-outs,
another host, Retry-After) and what an answer means.
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from twilio.base.exceptions import TwilioRestException, TwilioServiceException
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.rest.api.v2010.account.message import MessageInstance, MessageList
from yarl import URL

from config import TwilioGateway
from gateway import http, numbers
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
)
from gateway.providers.twilio_errors import ERRORS
from gateway.wiring import Wiring

log = logging.getLogger(__name__)

STAGES: Mapping[str, Stage] = {  # twilio.com/docs/messaging/api/message-resource
    "accepted": Stage.ACCEPTED,
    "scheduled": Stage.ACCEPTED,
    "queued": Stage.ACCEPTED,
    "sending": Stage.ACCEPTED,
    "sent": Stage.SENT,
    "delivered": Stage.DELIVERED,
    "partially_delivered": Stage.UNDELIVERED,
    "read": Stage.DELIVERED,
    "undelivered": Stage.UNDELIVERED,
    "failed": Stage.FAILED,
    "canceled": Stage.FAILED,
}
CLOCKS = timedelta(seconds=5)  # how far Twilio's clock and ours may be apart
NOTHING = 20404
THROTTLED = 429


class Twilio:
    """The gateway of type "twilio"."""

    channel = Channel.SMS

    def __init__(self, name: str, section: TwilioGateway, wiring: Wiring) -> None:
        self.name = name
        self.traits = Traits(looks=True, receipts=True, polls_inbound=section.poll_inbound)
        self._section = section
        self._timeout = wiring.timeout
        self._address = f"{wiring.callbacks}/webhooks/{name}/status"
        tokens = (section.auth_token, section.auth_token_previous)
        self._validators = [RequestValidator(token) for token in tokens if token]
        self._connection: Connection | None = None

    async def open(self) -> None:
        self._connection = Connection(self._section.api_base, self._timeout)
        self._client = _client(self._section, self._connection)
        self._account = self._client.api.v2010.accounts(self._section.account_sid)
        self._messages: MessageList = self._account.messages

    async def close(self) -> None:
        if self._connection:
            await self._connection.close()
        self._connection = None

    def callback_url(self, delivery: int, attempt: int) -> str:
        return f"{self._address}?d={delivery}&a={attempt}"

    async def send(self, message: Outbound) -> Accepted:
        options = {"status_callback": message.callback} if message.callback else {}
        with _meanings():
            sent = await self._messages.create_async(
                to=message.to, from_=message.sender, body=message.text, **options
            )
            if not sent.sid:
                raise Unknown("the answer holds no id")
        return Accepted(sent.sid, _stage(sent.status) or Stage.ACCEPTED)

    async def look(self, message: Outbound, provider_id: str) -> Receipt | None:
        try:
            with _meanings():
                found = await self._find(message, provider_id)
        except Misconfigured as error:
            if error.code != str(NOTHING):
                raise
            found = None
        return _receipt(found, message) if found else None

    async def _find(self, message: Outbound, provider_id: str) -> MessageInstance | None:
        if provider_id:
            return await self._messages(provider_id).fetch_async()
        # Not narrowed by date_sent, which a message that still waits does not have.
        listed = await self._messages.stream_async(
            to=message.to, from_=message.sender, limit=300, page_size=100
        )
        async for each in listed:
            if _same(each, message):
                return each
        return None

    async def inbound_since(self, since: datetime) -> AsyncIterator[Inbound]:
        """What phones sent to any number of the account, found page by page."""
        with _meanings():
            listed = await self._messages.stream_async(
                date_sent_after=since.astimezone(UTC), page_size=1000
            )
            async for each in listed:
                inbound = _inbound(each)
                if inbound and (inbound.sent_at is None or inbound.sent_at >= since):
                    yield inbound

    async def check(self) -> str:
        with _meanings():
            account = await self._account.fetch_async()
        if account.status != "active":
            raise Misconfigured(f"the Twilio account is {account.status}, not active")
        return "Twilio answers and the account is active"

    def verify(self, callback: Callback) -> None:
        kind = callback.headers.get("content-type", "").partition(";")[0].strip().lower()
        if callback.method != "POST" or kind != "application/x-www-form-urlencoded":
            raise Forged("Twilio posts forms")
        signature = callback.headers.get("x-twilio-signature", "")
        if not signature:  # the validator raises TypeError on None
            raise Forged("not signed")
        if not self._signed(callback, signature):
            raise Forged("wrongly signed")
        if callback.form.get("AccountSid") != self._section.account_sid:
            raise Forged("signed for another account")

    def _signed(self, callback: Callback, signature: str) -> bool:
        return any(
            each.validate(callback.url, callback.form, signature) for each in self._validators
        )

    def read_inbound(self, callback: Callback) -> Inbound:
        form = callback.form
        sid = form.get("MessageSid") or form.get("SmsMessageSid") or form.get("SmsSid")
        if not (sid and form.get("From") and form.get("To") and "Body" in form):
            raise Malformed("MessageSid, From, To or Body is missing")
        sender, to = numbers.sender(form["From"]), numbers.sender(form["To"])
        return Inbound(sid, sender, to, form["Body"])

    def read_receipt(self, callback: Callback) -> Receipt | None:
        form = callback.form
        word = form.get("MessageStatus") or form.get("SmsStatus")
        sid = form.get("MessageSid") or form.get("SmsSid")
        if not (word and sid):
            raise Malformed("MessageSid or MessageStatus is missing")
        stage = _stage(word)
        if stage is None:
            return None
        delivery, attempt = callback.own_id("d"), callback.own_id("a")
        code = form.get("ErrorCode", "")
        return Receipt(stage, sid, delivery, attempt, code, _reason(code))


class Connection(AsyncHttpClient):  # type: ignore[misc]  # the SDK is untyped
    """How the SDK reaches Twilio, or what stands in its place at `base`. Never retries."""

    def __init__(self, base: str, timeout: float) -> None:
        super().__init__(logging.getLogger("twilio"), True, timeout)
        self._base = base.rstrip("/")
        self._bases: dict[str, URL] = {}
        self._session = http.session(timeout)

    async def request(  # noqa: PLR0917 - the SDK's signature
        self,
        method: str,
        url: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - as above
        allow_redirects: bool = False,
    ) -> Response:
        """One call. Raises NotNow for a 429, whose Retry-After the SDK does not pass on."""
        async with self._session.request(
            method,
            self._rewritten(url, params),
            data=_encoded(data).encode() if data else None,
            headers={**(headers or {}), **_authorization(auth)},
            allow_redirects=allow_redirects,
        ) as answer:
            text = (await answer.read()).decode()
            if answer.status == THROTTLED:
                raise _throttled(text, answer.headers.get("Retry-After"))
            return Response(answer.status, text, answer.headers)

    def _rewritten(self, url: str, params: Mapping[str, object] | None) -> URL:
        """The same path on our host; what the SDK asks for is parsed once."""
        base = self._bases.get(url)
        if base is None:
            parts = urlsplit(url)
            query = f"?{parts.query}" if parts.query else ""
            base = URL(f"{self._base}{parts.path}{query}", encoded=True)
            if not params:  # the address for sending; others are too many to keep
                self._bases = {url: base}
        return base.extend_query({k: str(v) for k, v in params.items()}) if params else base

    async def close(self) -> None:
        await self._session.close()


def _client(section: TwilioGateway, connection: Connection) -> Client:
    return Client(
        section.api_key or section.account_sid,
        section.api_secret or section.auth_token,
        account_sid=section.account_sid,
        http_client=connection,
        environment={"TWILIO_EDGE": ""},  # not from the environment: config.toml decides
    )


def _encoded(data: Mapping[str, object]) -> str:
    """A form, by yarl: four times as fast as urllib, which cost a tenth of a message."""
    return URL.build(path="/", query=data).raw_query_string  # type: ignore[arg-type]


def _authorization(auth: tuple[str, str] | None) -> dict[str, str]:
    if auth is None:
        return {}
    return {"Authorization": "Basic " + base64.b64encode(":".join(auth).encode()).decode()}


@contextmanager
def _meanings() -> Iterator[None]:
    """What the SDK raises, in our words."""
    with http.failures():
        try:
            yield
        except TwilioRestException as error:
            raise _verdict(int(error.status), int(error.code or 0)) from error
        except TwilioServiceException as error:
            raise _verdict(int(error.status), int(error.code or 0)) from error


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
    log.warning("twilio: unknown error code=%d status=%d", code, status)
    return Refused(f"Twilio answered {status}", code=str(code))


def _throttled(text: str, header: str | None) -> NotNow:
    try:
        code = str(json.loads(text)["code"])
    except (ValueError, LookupError, TypeError):
        code = str(THROTTLED)
    delay = http.retry_after(header, default=1.0)
    return NotNow("too many requests", code=code, delay=delay, throttled=True)


def _stage(word: str | None) -> Stage | None:
    """None for a word that Twilio has learnt since, which then changes nothing."""
    stage = STAGES.get(word or "")
    if stage is None:
        log.warning("twilio: unknown status %r", (word or "")[:40])
    return stage


def _same(listed: MessageInstance, message: Outbound) -> bool:
    """Whether a listed message can only be this attempt's."""
    if (listed.direction or "").startswith("inbound"):
        return False
    if (listed.body or "").strip() != message.text.strip():
        return False
    if message.started_at is None or listed.date_created is None:
        return True
    return _utc(listed.date_created) >= message.started_at - CLOCKS


def _receipt(found: MessageInstance, message: Outbound) -> Receipt:
    code = str(found.error_code or "")
    return Receipt(
        _stage(found.status) or Stage.ACCEPTED,
        found.sid or "",
        message.delivery,
        message.attempt,
        code,
        _reason(code),
    )


def _reason(code: str) -> str:
    known = ERRORS.get(int(code)) if code.isdecimal() else None
    return known(code).reason if known else ""


def _inbound(listed: MessageInstance) -> Inbound | None:
    """None for what is ours, or has no sender."""
    if listed.direction != "inbound" or not listed.sid or not listed.from_:
        return None
    at = listed.date_sent or listed.date_created
    sender, to = numbers.sender(listed.from_), numbers.sender(listed.to or "")
    return Inbound(listed.sid, sender, to, listed.body or "", at and _utc(at))


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
