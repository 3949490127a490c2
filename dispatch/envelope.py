"""A claimed delivery as the message that a provider takes."""

from __future__ import annotations

from collections.abc import Mapping

from itsdangerous import BadSignature, URLSafeSerializer

from config import Settings
from dispatch.outbox import Claimed
from gateway.contract import Channel, Outbound, Provider


def outbound(settings: Settings, provider: Provider, claimed: Claimed, sender: str) -> Outbound:
    """Address, words, sender and the headers that go with the channel."""
    mail = claimed.channel == Channel.EMAIL
    return Outbound(
        delivery=claimed.id,
        attempt=claimed.attempt,
        to=claimed.to,
        sender=sender,
        text=claimed.mail if mail else claimed.sms,
        subject=claimed.subject if mail else "",
        callback=provider.callback_url(claimed.id, claimed.attempt),
        headers=_mail_headers(settings, claimed.id) if mail else {},
        started_at=claimed.started_at,
    )


def _mail_headers(settings: Settings, delivery: int) -> Mapping[str, str]:
    # RFC 8058: one click, no login; the token names the delivery, never the address
    address = f"{settings.service.site}/unsubscribe/{unsubscribe_token(settings, delivery)}"
    return {
        "List-Unsubscribe": f"<{address}>",
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
