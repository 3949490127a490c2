"""Names as people look for them: whatever their accents and capitals."""

from __future__ import annotations

import unicodedata


def folded(text: str) -> str:
    """Without accents, capitals, and spaces around."""
    return unaccented(text.casefold()).strip()


def unaccented(text: str) -> str:
    """Letters without what is written over or under them."""
    if text.isascii():
        return text
    apart = unicodedata.normalize("NFKD", text)
    return "".join(c for c in apart if not unicodedata.combining(c))
