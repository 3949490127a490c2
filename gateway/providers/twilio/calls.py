"""Twilio's calls: speech in the call request, keys and statuses by webhook.

A call's words travel in the request itself; only the answer to a key is asked of us.
Machine detection stays off: it costs seconds of silence, and an answering machine that
takes the alert down is better than none.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from twilio.twiml.voice_response import VoiceResponse

from gateway.contract import (
    Accepted,
    Callback,
    Key,
    Malformed,
    Misconfigured,
    Outbound,
    Receipt,
    Spoken,
    Stage,
)
from gateway.providers.twilio.answers import named, words
from gateway.providers.twilio.errors import NOTHING, meanings

if TYPE_CHECKING:
    from twilio.rest import Client
    from twilio.rest.api.v2010.account.call import CallInstance, CallList

log = logging.getLogger(__name__)

STAGES: Mapping[str, Stage] = {  # twilio.com/docs/voice/api/call-resource
    "queued": Stage.ACCEPTED,
    "initiated": Stage.ACCEPTED,
    "ringing": Stage.ACCEPTED,
    "in-progress": Stage.SENT,
    "completed": Stage.DELIVERED,
    "busy": Stage.UNANSWERED,
    "no-answer": Stage.UNANSWERED,
    "failed": Stage.UNANSWERED,  # mostly an overloaded line; a wrong number fails again
    "canceled": Stage.FAILED,
}
REASONS: Mapping[str, str] = {
    "busy": "the line was busy",
    "no-answer": "nobody answered",
    "failed": "the call did not get through",
    "canceled": "the call was cancelled",
}
LANGUAGES: Mapping[str, str] = {"fr": "fr-FR", "en": "en-GB"}
EVENTS = ("initiated", "ringing", "answered", "completed")
RINGING = 30  # seconds, six rings: people of 80 do not run
LISTENING = 8  # seconds for a key after the last word
CLOCKS = timedelta(seconds=60)  # how far ours may be ahead of Twilio's; others' are known by id


class Calls:
    """The calls of one account, in one event loop."""

    def __init__(self, client: Client) -> None:
        self._calls: CallList = client.calls

    async def place(self, message: Outbound) -> Accepted:
        """Call once. Raises SendError."""
        options = {}
        if message.callback:
            options = {
                "status_callback": message.callback,
                "status_callback_event": list(EVENTS),
                "status_callback_method": "POST",
            }
        with meanings():
            placed = await self._calls.create_async(
                to=message.to, from_=message.sender, timeout=RINGING,
                twiml=speech(message.text, message.language, message.keys), **options,
            )  # fmt: skip
            sid = named(placed.sid)
        return Accepted(sid, _stage(words(placed.status)))

    async def look(self, message: Outbound, provider_id: str) -> Receipt | None:
        """What became of a call. Raises SendError."""
        found = await (self._fetch(provider_id) if provider_id else self._search(message))
        if found is None:
            return None
        return receipt(words(found.status), words(found.sid), message.delivery, message.attempt)

    async def _fetch(self, sid: str) -> CallInstance | None:
        try:
            with meanings():
                return await self._calls(sid).fetch_async()
        except Misconfigured as error:
            if error.code != NOTHING:
                raise
            return None

    async def _search(self, message: Outbound) -> CallInstance | None:
        """The first call of this way that began with the attempt: a list shows no words."""
        found = None
        with meanings():
            listed = await self._calls.stream_async(
                to=message.to, from_=message.sender, limit=100, page_size=50
            )
            async for each in listed:
                if not _since(each, message.started_at):
                    break  # newest first
                if each.sid not in message.others:
                    found = each
        return found


def _since(listed: CallInstance, started_at: datetime | None) -> bool:
    if started_at is None or listed.date_created is None:
        return True
    created: datetime = listed.date_created
    return (created if created.tzinfo else created.replace(tzinfo=UTC)) >= started_at - CLOCKS


def _stage(word: str) -> Stage:
    """A word that Twilio has learnt since changes nothing."""
    stage = STAGES.get(word)
    if stage is None:
        log.warning("twilio: unknown status of a call %r", word[:40])
    return stage or Stage.ACCEPTED


def receipt(word: str, sid: str, delivery: int | None, attempt: int | None) -> Receipt:
    """A call's status in our words."""
    return Receipt(_stage(word), sid, delivery, attempt, reason=REASONS.get(word, ""))


def read_status(callback: Callback) -> Receipt:
    """Raises Malformed."""
    word, sid = callback.form.get("CallStatus"), callback.form.get("CallSid")
    if not (word and sid):
        raise Malformed("CallSid or CallStatus is missing")
    return receipt(word, sid, callback.own_id("d"), callback.own_id("a"))


def read_key(callback: Callback) -> Key:
    """Raises Malformed."""
    sid, delivery, attempt = (
        callback.form.get("CallSid"),
        callback.own_id("d"),
        callback.own_id("a"),
    )
    if not sid or delivery is None or attempt is None:
        raise Malformed("CallSid, d or a is missing")
    return Key(callback.form.get("Digits", "")[:1], sid, delivery, attempt)


def speech(text: str, language: str, keys: str) -> str:
    """TwiML that says the lines with a pause between, and listens for a key all the while."""
    response = VoiceResponse()
    said = response
    if keys:
        said = response.gather(num_digits=1, timeout=LISTENING, action=keys, method="POST")
    for n, line in enumerate(line for line in text.splitlines() if line.strip()):
        if n:
            said.pause(length=1)
        said.say(line, language=LANGUAGES.get(language, LANGUAGES["fr"]))
    return str(response)


def go_on(text: str, language: str, keys: str) -> Spoken:
    """The answer to a key."""
    return Spoken(speech(text, language, keys), "text/xml")
