"""Reading a text without asking anybody: normal form, commands, courtesies (sms.md)."""

from __future__ import annotations

import re
import unicodedata

CLOSING = " .!?…;,:)»\"'"


def normal(text: str) -> str:
    """NFKC, trimmed, white space collapsed: what is stored as an alert's text."""
    return " ".join(unicodedata.normalize("NFKC", text).replace("\x00", " ").split())


def folded(text: str) -> str:
    """Without accents, case or closing punctuation: how commands are matched."""
    decomposed = unicodedata.normalize("NFD", normal(text))
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    stripped = bare.casefold().rstrip(CLOSING)
    return stripped or bare.casefold().strip()


def split_word(text: str, words: int = 1) -> tuple[str, str]:
    """The first word or words, folded, and the rest as written ("Alerte: feu" -> feu)."""
    parts = normal(text).split(" ", words)
    if len(parts) <= words:
        return folded(text), ""
    return folded(" ".join(parts[:words])), parts[words].lstrip(" :,;.-")


def split_ref(text: str) -> tuple[int | None, str]:
    """A leading reference ("381", "no 381", "n°381") and the rest; None without one."""
    match = re.match(
        r"(?:n[o°º.]{0,2}\s*|#)?(\d{1,9})\b[\s:,;.-]*(.*)\Z",
        text.strip(),
        re.IGNORECASE | re.DOTALL,
    )
    return (int(match[1]), match[2].strip()) if match else (None, text.strip())
