"""A claimed delivery as the message that a provider takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol, assert_never

from itsdangerous import BadSignature, URLSafeSerializer

from config import Settings
from dispatch import lettering
from dispatch.outbox import Claimed
from gateway.contract import Caller, Channel, Outbound, Provider

# in the words of a mail to many, where the address that stops it for its reader belongs; no
# form lets anybody type it
HOW_TO_STOP = "\ue000"


def outbound(settings: Settings, provider: Provider, claimed: Claimed, sender: str) -> Outbound:
    """Address, words, sender and the headers that go with the channel."""
    channel = Channel(claimed.channel)
    message = Outbound(
        delivery=claimed.id,
        attempt=claimed.attempt,
        to=claimed.to,
        sender=sender,
        text=said(claimed, channel),
        callback=provider.callback_url(claimed.id, claimed.attempt),
        started_at=claimed.started_at,
        channel=channel,
        language=claimed.language,
    )
    if channel is Channel.EMAIL:
        way_out = _way_out(settings, claimed.id)
        text = message.text.replace(HOW_TO_STOP, way_out)
        return replace(
            message,
            subject=claimed.subject,
            headers=_mail_headers(way_out),
            text=text,
            html=lettering.html(settings, text, claimed.language),
        )
    if channel is Channel.VOICE and isinstance(provider, Caller):
        return replace(message, keys=provider.keys_url(claimed.id, claimed.attempt))
    if channel is Channel.PUSH:
        told = json.loads(message.text) | {"again": claimed.attempt > 1}
        text = json.dumps(told, ensure_ascii=False)
        headers = _push_headers(claimed)
        return replace(message, to=claimed.subscription, text=text, headers=headers)
    return message


class Texts(Protocol):
    """The words of one message, for every channel."""

    @property
    def sms(self) -> str: ...
    @property
    def mail(self) -> str: ...
    @property
    def voice(self) -> str: ...
    @property
    def push(self) -> str: ...


def said(words: Texts, channel: Channel) -> str:
    """What is said over a channel."""
    match channel:
        case Channel.SMS:
            return words.sms
        case Channel.EMAIL:
            return words.mail
        case Channel.VOICE:
            return words.voice
        case Channel.PUSH:
            return words.push
    assert_never(channel)


def _push_headers(claimed: Claimed) -> Mapping[str, str]:
    """RFC 8030: kept for a device that is off no longer than it is of use; at once, though the
    telephone sleeps; and once, if it is sent again in doubt.
    """
    left = (claimed.expires_at - claimed.started_at).total_seconds()
    return {"TTL": str(max(0, int(left))), "Urgency": "high", "Topic": f"d{claimed.id}"}


def _way_out(settings: Settings, delivery: int) -> str:
    """The address that stops such mail; its token names the delivery, never whose it is."""
    return f"{settings.service.site}/unsubscribe/{unsubscribe_token(settings, delivery)}"


def _mail_headers(way_out: str) -> Mapping[str, str]:
    # RFC 8058: one click, no login
    return {
        "List-Unsubscribe": f"<{way_out}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def _serializer(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(settings.secret_key(), salt="unsubscribe")


def unsubscribe_token(settings: Settings, delivery: int) -> str:
    """Names a delivery to whoever holds the mail, and to nobody else."""
    return str(_serializer(settings).dumps(delivery))


def read_unsubscribe_token(settings: Settings, token: str) -> int | None:
    """The delivery that a token names; None when it is not one of ours."""
    try:
        return int(_serializer(settings).loads(token))
    except (BadSignature, ValueError, TypeError):
        return None
