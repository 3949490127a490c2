"""An uploaded proof of address, read by a process that may do nothing else.

Formats are told by content, never by name. What is kept is a picture that the child drew
(see proof_press.py); the bytes that were uploaded go no further.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import structlog

from community_store.errors import RuleError
from config import Settings
from dispatch import pressing

log = structlog.get_logger(__name__)

PRESS = Path(__file__).with_name("proof_press.py")
REASONS = frozenset(
    {"proof_kind", "proof_unreadable", "proof_locked", "proof_pages", "proof_pixels"}
)


@dataclass(frozen=True, slots=True)
class Picture:
    """What a document looks like: an image/jpeg, or an application/pdf of pictures."""

    data: bytes
    media_type: str


def read(settings: Settings, data: bytes) -> Picture:
    """Draw what was uploaded. Takes up to a second, so no transaction may be open.

    Raises RuleError: "proof_too_big", "proof_kind", "proof_unreadable", "proof_locked" (a
    password), "proof_pages", "proof_pixels", "proof_busy".
    """
    most = round(settings.joining.proof_megabytes * 1_000_000)
    if len(data) > most:
        raise RuleError(
            "proof_too_big",
            f"the document has {len(data)} bytes: {most} is the most",
            facts={"megabytes": round(settings.joining.proof_megabytes)},
        )
    try:
        return _picture(pressing.press(settings.data_dir, PRESS, data))
    except pressing.Busy:
        raise RuleError("proof_busy", "too many documents are being read: try again") from None


def _picture(pressed: pressing.Pressed) -> Picture:
    if pressed.code == pressing.REFUSED and pressed.said in REASONS:
        raise RuleError(pressed.said, f"the document is refused: {pressed.said}")
    if pressed.code:
        log.warning("proof_press_broke", code=pressed.code)
        raise RuleError("proof_unreadable", "the document could not be read")
    return Picture(pressed.drawn, pressed.said)
