"""Telling a courtesy from a message: "ok merci" is counted, never broadcast (A6)."""

from __future__ import annotations

import re
import unicodedata

from dispatch.reading import folded

MOST_WORDS = 5

# folded; French first, then English. "bien" and "got" say nothing alone.
PHRASES: frozenset[tuple[str, ...]] = frozenset(
    tuple(phrase.split())
    for phrase in (
        "ok", "okay", "oki", "okok", "merci", "merci beaucoup", "merci bcp", "mci", "mrc", "vu",
        "recu", "bien recu", "bien vu", "bien compris", "bien note", "note", "c'est note",
        "c'est vu", "d'accord", "d accord", "daccord", "dac", "entendu", "compris", "super merci",
        "thanks", "thx", "thank you", "seen", "received", "got it", "understood", "noted",
    )
)  # fmt: skip
LONGEST = max(len(phrase) for phrase in PHRASES)


def is_courtesy(text: str) -> bool:
    """Whether a text only thanks or confirms, in at most five words, emoji aside."""
    words = _words(text)
    if words is None or len(words) > MOST_WORDS:
        return False
    at = 0
    while at < len(words):
        for length in range(min(LONGEST, len(words) - at), 0, -1):
            if tuple(words[at : at + length]) in PHRASES:
                at += length
                break
        else:
            return False
    return bool(words) or _has_emoji(text)


def _words(text: str) -> list[str] | None:
    """The words without emoji and punctuation; None when something else is in there."""
    plain = "".join(" " if _is_emoji(c) else c for c in text.replace("’", "'"))
    if re.search(r"[^\w\s'.,;:!?…()\-*]", plain):
        return None
    return re.sub(r"[^\w']+", " ", folded(plain)).split()


def _is_emoji(character: str) -> bool:
    code = ord(character)
    return (
        unicodedata.category(character) in ("So", "Sk")
        or code in (0x200D, 0xFE0F, 0x20E3)
        or 0x1F1E6 <= code <= 0x1F3FF
        or 0x1F000 <= code <= 0x1FAFF
    )


def _has_emoji(text: str) -> bool:
    return any(_is_emoji(character) for character in text)
