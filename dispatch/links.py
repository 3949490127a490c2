"""Addresses in messages that open one thing to whoever holds the message, and no other."""

from __future__ import annotations

import base64
import hashlib
import hmac

from config import Settings

TAG_BYTES = 5  # eight characters: too many to try, few enough for an SMS


def alert_address(settings: Settings, ref: int) -> str:
    """The page of an alert, as a shortened message gives it."""
    return f"{settings.service.site}/a/{ref}-{_tag(settings, ref)}"


def alert_of(settings: Settings, slug: str) -> int | None:
    """The alert that an address of ours opens; None for any other."""
    ref, _, tag = slug.partition("-")
    if not (ref.isascii() and ref.isdigit() and len(ref) < 10):
        return None
    good = hmac.compare_digest(tag.encode(), _tag(settings, int(ref)).encode())
    return int(ref) if good else None


def _tag(settings: Settings, ref: int) -> str:
    digest = hmac.new(settings.secret_key().encode(), f"alert:{ref}".encode(), hashlib.sha256)
    return base64.b32encode(digest.digest()[:TAG_BYTES]).decode().lower()
