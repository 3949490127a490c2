"""Reading a text without asking anybody: normal form, how commands are matched (sms.md)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

CLOSING = " .!?…;,:)]»”’\"'*_-–—"
OPENING = " ([«“‘\"'*_-–—>"
BETWEEN = " :,;.!-–—»"  # between a command and what it takes

_WORD = re.compile(r"[\W_]*([^\W\d_]+(?:['’][^\W\d_]+)*)")
_SPELLED = re.compile(r"[^\W\d_](?:[ .\-][^\W\d_]){2,}")  # S T O P, S.T.O.P
_REF = re.compile(r"(?:n[o°º.]{0,2}\s*|#)?(\d{1,9})\b[\s:,;.-]*(.*)\Z", re.IGNORECASE | re.DOTALL)


def normal(text: str) -> str:
    """NFKC, trimmed, white space collapsed: what is stored as an alert's text."""
    return " ".join(unicodedata.normalize("NFKC", text).replace("\x00", " ").split())


def folded(text: str) -> str:
    """Without accents, case, or the punctuation around it: how commands are matched.

    A text of punctuation alone is its first sign: "???" is "?".
    """
    decomposed = unicodedata.normalize("NFD", normal(text).replace("’", "'"))
    kept = (
        c for c in decomposed if not unicodedata.combining(c) and unicodedata.category(c) != "Cf"
    )
    bare = "".join(kept).casefold().strip()
    return bare.lstrip(OPENING).rstrip(CLOSING) or bare[:1]


def whole(text: str) -> str:
    """A text that may be a command and nothing else: no emoji, letters not spelled out,
    a word that is repeated said once.
    """
    said = folded(without_emoji(text))
    if _SPELLED.fullmatch(said):
        said = re.sub(r"[ .\-]", "", said)
    words = re.split(r"[\s.!,-]+", said)
    return words[0] if len(set(words)) == 1 else " ".join(words)


def beginnings(text: str, most: int) -> Iterator[tuple[str, str]]:
    """The first words of a text, folded, with the rest as written; the longest first.

    "Fausse alerte: 381" -> ("fausse alerte", "381"), ("fausse", "alerte: 381").
    """
    found: list[tuple[str, str]] = []
    words: list[str] = []
    at = 0
    while len(words) < most and (match := _WORD.match(text, at)):
        words.append(folded(match[1]))
        at = match.end()
        found.append((" ".join(words), text[at:].lstrip(BETWEEN)))
    return reversed(found)


def split_ref(text: str) -> tuple[int | None, str]:
    """A leading reference ("381", "no 381", "n°381") and the rest; None without one."""
    match = _REF.match(text.strip())
    return (int(match[1]), match[2].strip()) if match else (None, text.strip())


def without_emoji(text: str) -> str:
    """Spaces where emoji stand."""
    return "".join(" " if is_emoji(c) else c for c in text)


def is_emoji(character: str) -> bool:
    """Whether a character is part of a picture: a sign, a flag, a skin tone, a joiner."""
    code = ord(character)
    return (
        unicodedata.category(character) in ("So", "Sk")
        or code in (0x200D, 0xFE0F, 0x20E3)
        or 0x1F1E6 <= code <= 0x1F3FF
        or 0x1F000 <= code <= 0x1FAFF
    )
