"""Twilio: texts and calls through its REST API, receipts, texts and keys by webhook.

The SDK makes the requests and reads the answers; ours is the connection (time-outs,
another host, Retry-After) and what an answer means. What sends of the SDK is loaded by who
opens the provider: the web processes only verify and read, and are spared 12 MB.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from twilio.request_validator import RequestValidator

from config import TwilioGateway
from gateway import numbers
from gateway.contract import (
    Accepted,
    Callback,
    Channel,
    Forged,
    Inbound,
    Key,
    Malformed,
    Misconfigured,
    Outbound,
    Receipt,
    Spoken,
    Stage,
    Traits,
    Unknown,
)
from gateway.providers.twilio import calls
from gateway.providers.twilio.answers import named, to_the_end, words
from gateway.providers.twilio.calls import Calls
from gateway.providers.twilio.errors import NOTHING, failure, meanings, opted_out, reason
from gateway.wiring import Wiring

if TYPE_CHECKING:
    from twilio.rest import Client
    from twilio.rest.api.v2010.account.message import MessageInstance, MessageList

    from gateway.providers.twilio.connection import Connection

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
APART = timedelta(minutes=5)  # of our clock and Twilio's; others with these words are known by id
TRIAL = "Twilio trial account"  # "Sent from your Twilio trial account - "


class Twilio:
    """The gateway of type "twilio"."""

    channels = frozenset({Channel.SMS, Channel.VOICE})

    def __init__(self, name: str, section: TwilioGateway, wiring: Wiring) -> None:
        self.name = name
        self.traits = Traits(
            looks=True, receipts=True, polls_inbound=section.poll_inbound, owns_numbers=True
        )
        self._section = section
        self._timeout = wiring.timeout
        self._webhooks = f"{wiring.callbacks}/webhooks/{name}"
        tokens = (section.auth_token, section.auth_token_previous)
        self._validators = [RequestValidator(token) for token in tokens if token]
        self._connection: Connection | None = None

    async def open(self) -> None:
        from gateway.providers.twilio.connection import Connection

        self._connection = Connection(self._section.api_base, self._timeout)
        client = _client(self._section, self._connection)
        self._messages: MessageList = client.messages
        self._calls = Calls(client)

    async def close(self) -> None:
        if self._connection:
            await self._connection.close()
        self._connection = None

    def callback_url(self, delivery: int, attempt: int) -> str:
        return f"{self._webhooks}/status?d={delivery}&a={attempt}"

    def keys_url(self, delivery: int, attempt: int) -> str:
        return f"{self._webhooks}/voice?d={delivery}&a={attempt}"

    async def send(self, message: Outbound) -> Accepted:
        if message.channel is Channel.VOICE:
            return await self._calls.place(message)
        options = {"status_callback": message.callback} if message.callback else {}
        with meanings():
            sent = await self._messages.create_async(
                to=message.to, from_=message.sender, body=message.text, **options
            )
            sid = named(sent.sid)
        stage = _stage(sent.status) or Stage.ACCEPTED
        if stage is Stage.FAILED:
            raise failure(str(sent.error_code or ""))
        return Accepted(sid, stage)

    async def look(self, message: Outbound, provider_id: str) -> Receipt | None:
        if message.channel is Channel.VOICE:
            return await self._calls.look(message, provider_id)
        found = await (self._fetch(provider_id) if provider_id else self._search(message))
        return _receipt(found, message) if found else None

    async def _fetch(self, sid: str) -> MessageInstance | None:
        try:
            with meanings():
                return await self._messages(sid).fetch_async()
        except Misconfigured as error:
            if error.code != NOTHING:
                raise
            return None

    async def _search(self, message: Outbound) -> MessageInstance | None:
        """Not narrowed by date_sent, which a message that still waits does not have."""
        with meanings():
            listed = await self._messages.stream_async(
                to=message.to, from_=message.sender, limit=300, page_size=100
            )
            async for each in listed:
                if not each.sid:
                    raise Unknown("the list holds a message without an id")
                if _same(each, message):
                    return each
        return None

    async def inbound_since(self, since: datetime) -> AsyncIterator[Inbound]:
        """What phones sent to any number of the account, found page by page."""
        with meanings():
            first = await self._messages.page_async(
                date_sent_after=since.astimezone(UTC), page_size=1000
            )
            async for each in to_the_end(first):
                inbound = _inbound(each)
                if inbound and (inbound.sent_at is None or inbound.sent_at >= since):
                    yield inbound

    async def check(self) -> str:
        with meanings():
            await self._messages.list_async(limit=1, page_size=1)
        return "Twilio answers and knows the account"

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
        if "CallSid" in form:
            return calls.read_status(callback)
        status = form.get("MessageStatus") or form.get("SmsStatus")
        sid = form.get("MessageSid") or form.get("SmsSid")
        if not (status and sid):
            raise Malformed("MessageSid or MessageStatus is missing")
        stage = _stage(status)
        if stage is None:
            return None
        delivery, attempt = callback.own_id("d"), callback.own_id("a")
        code = form.get("ErrorCode", "")
        stopped = opted_out(code)
        return Receipt(stage, sid, delivery, attempt, code, reason(code), opted_out=stopped)

    def read_key(self, callback: Callback) -> Key:
        return calls.read_key(callback)

    def go_on(self, text: str, language: str, keys: str = "") -> Spoken:
        return calls.go_on(text, language, keys)


def _client(section: TwilioGateway, connection: Connection) -> Client:
    from twilio.rest import Client

    return Client(
        section.api_key or section.account_sid,
        section.api_secret or section.auth_token,
        account_sid=section.account_sid,
        http_client=connection,
        environment={"TWILIO_EDGE": ""},  # not from the environment: config.toml decides
    )


def _stage(status: object) -> Stage | None:
    """None for a word that Twilio has learnt since, which then changes nothing."""
    stage = STAGES.get(words(status))
    if stage is None:
        log.warning("twilio: unknown status %r", words(status)[:40])
    return stage


def _same(listed: MessageInstance, message: Outbound) -> bool:
    """Whether a listed message is this attempt's, as far as a list can tell."""
    if (listed.direction or "").startswith("inbound") or listed.sid in message.others:
        return False
    if listed.to and numbers.sender(listed.to) != numbers.sender(message.to):
        return False
    if not _says(_flat(listed.body or ""), _flat(message.text)):
        return False
    if message.started_at is None or listed.date_created is None:
        return True
    return _utc(listed.date_created) >= message.started_at - APART


def _says(body: str, text: str) -> bool:
    """Also after what Twilio puts before the texts of a trial account."""
    before = body.removesuffix(text)
    return before + text == body and (not before or TRIAL in before)


def _flat(text: str) -> str:
    """The words alone: a list may break lines in another way."""
    return " ".join(text.split())


def _receipt(found: MessageInstance, message: Outbound) -> Receipt:
    code = str(found.error_code or "")
    return Receipt(
        _stage(found.status) or Stage.ACCEPTED,
        words(found.sid),
        message.delivery,
        message.attempt,
        code,
        reason(code),
        opted_out=opted_out(code),
    )


def _inbound(listed: MessageInstance) -> Inbound | None:
    """None for what is ours, or has no sender."""
    if listed.direction != "inbound" or not words(listed.sid) or not listed.from_:
        return None
    at = listed.date_sent or listed.date_created
    sender, to = numbers.sender(listed.from_), numbers.sender(listed.to or "")
    return Inbound(listed.sid, sender, to, words(listed.body), at and _utc(at))


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
