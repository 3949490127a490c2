"""A picture for the gazette, read by a process that may do nothing else (picture_press.py).

Formats are told by content, never by name. What is kept was drawn by the child; the bytes
that were uploaded go no further.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import structlog

from community_store.errors import RuleError
from config import Settings
from dispatch import pressing

log = structlog.get_logger(__name__)

PRESS = Path(__file__).with_name("picture_press.py")
REASONS = frozenset({"kind", "unreadable", "pixels"})
_SAID = re.compile(r"(\d{1,4}) (\d{1,4}) (\d{1,8}) (\d{1,8}) (\d{1,8})")
_JPEG = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture in three sizes, each a JPEG. `width` and `height` are the large one's, in pixels."""

    width: int
    height: int
    large: bytes
    medium: bytes
    small: bytes


def read(settings: Settings, data: bytes) -> Drawn:
    """Draw what was uploaded. Takes up to a second, so no transaction may be open.

    Raises RuleError: "too_big", "kind" (neither JPEG, PNG nor WebP), "unreadable", "pixels",
    "busy".
    """
    most = settings.gazette.picture_megabytes
    if len(data) > round(most * 1_000_000):
        raise RuleError(
            "too_big", f"the picture has {len(data)} bytes", facts={"megabytes": round(most)}
        )
    try:
        return _drawn(pressing.press(settings.data_dir, PRESS, data))
    except pressing.Busy:
        raise RuleError("busy", "too many pictures are being read: try again") from None


def _drawn(pressed: pressing.Pressed) -> Drawn:
    if pressed.code == pressing.REFUSED and pressed.said in REASONS:
        raise RuleError(pressed.said, f"the picture is refused: {pressed.said}")
    said = _SAID.fullmatch(pressed.said) if pressed.code == 0 else None
    if said is None:
        log.warning("picture_press_broke", code=pressed.code)
        raise RuleError("unreadable", "the picture could not be read")
    width, height, *lengths = map(int, said.groups())
    parts = split(pressed.drawn, lengths)
    if sum(lengths) != len(pressed.drawn) or not all(one.startswith(_JPEG) for one in parts):
        raise RuleError("unreadable", "the picture could not be read")
    return Drawn(width, height, *parts)


def split(data: bytes, lengths: list[int]) -> list[bytes]:
    """Parts that stand one after the other."""
    parts, at = [], 0
    for length in lengths:
        parts.append(data[at : at + length])
        at += length
    return parts
