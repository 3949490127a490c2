"""Names as people look for them: whatever their accents and capitals."""

from __future__ import annotations

import unicodedata


def folded(text: str) -> str:
    """Without accents, capitals, and spaces around."""
    if text.isascii():
        return text.lower().strip()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in apart if not unicodedata.combining(c)).strip()
