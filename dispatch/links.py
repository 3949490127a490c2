"""Addresses in messages that open one thing to whoever holds the message, and no other."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

from config import Settings

TAG_BYTES = 5  # eight characters: too many to try, few enough for an SMS


@dataclass(frozen=True, slots=True)
class Opened:
    """What an address opens: an alert, and to those responsible its figures too (A10)."""

    ref: int
    figures: bool


def alert_address(settings: Settings, ref: int, *, figures: bool = False) -> str:
    """The page of an alert, as a message gives it; with `figures` to its author, to référents
    and agents only.
    """
    return f"{settings.service.site}/a/{ref}-{_tag(settings, ref, figures=figures)}"


def opened(settings: Settings, slug: str) -> Opened | None:
    """What an address of ours opens; None for any other."""
    written, _, tag = slug.partition("-")
    if not (written.isascii() and written.isdigit() and len(written) < 10):
        return None
    ref = int(written)
    for figures in (False, True):
        if hmac.compare_digest(tag.encode(), _tag(settings, ref, figures=figures).encode()):
            return Opened(ref, figures)
    return None


def _tag(settings: Settings, ref: int, *, figures: bool) -> str:
    subject = f"{'figures' if figures else 'alert'}:{ref}"
    digest = hmac.new(settings.secret_key().encode(), subject.encode(), hashlib.sha256)
    return base64.b32encode(digest.digest()[:TAG_BYTES]).decode().lower()
