"""What a text weighs, and how it is made to weigh less (sms.md, Composing).

Segments are those of 3GPP TS 23.038: 160 septets alone and 153 each in a longer text
in the GSM-7 alphabet, 70 and 67 UTF-16 units otherwise. One letter outside the table
more than doubles the price of a text, hence the transliteration.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from gateway.transliteration import EMOJI, GREEK, PLAIN

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "\f^{}\\[~]|€"
ELLIPSIS = "..."

_GSM7 = re.compile(f"[{re.escape(BASIC + EXTENSION)}]*")
_EXTENDED = re.compile(f"[{re.escape(EXTENSION)}]")
_OUTSIDE = re.compile(f"[^{re.escape(BASIC + EXTENSION)}]")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_EMOJI_RUN = re.compile(f" *(?:[{EMOJI}] *)+")
_LETTERS: Mapping[str, str] = {**PLAIN, **GREEK}


@dataclass(frozen=True, slots=True)
class Size:
    """`units` are septets in gsm7 and UTF-16 units in ucs2; `segments` are what is paid."""

    encoding: Literal["gsm7", "ucs2"]
    units: int
    segments: int


def plain(text: str) -> str:
    """The text in GSM-7 when nothing that can be read is lost by it; else as it was.

    Letters outside the table become their nearest in it and emoji go, but not when
    that would leave no word: an answer of emoji alone says something.
    """
    text = _clean(text)
    if _is_gsm7(text):
        return text
    written = _OUTSIDE.sub(_nearest, text)
    if _is_gsm7(written):
        return written
    short = _without_emoji(written)
    return short if _is_gsm7(short) and any(map(str.isalnum, short)) else text


def count(text: str) -> Size:
    """The size of a text as it stands. No pair is split between two segments.

    An empty text is one segment: sent, it costs one.
    """
    if _is_gsm7(text):
        extended = len(_EXTENDED.findall(text))
        units, alone, each = len(text) + extended, 160, 153
        pairs = bool(extended)
    else:
        units, alone, each = len(text.encode("utf-16-be", "surrogatepass")) // 2, 70, 67
        pairs = units != len(text)
    if units <= alone:
        segments = 1
    else:
        segments = _greedy(_widths(text), each) if pairs else -(-units // each)
    return Size("gsm7" if alone == 160 else "ucs2", units, segments)


def is_full_part(text: str) -> bool:
    """Whether a text may be one part of a longer one (sms.md, Reading 3).

    A part of a UCS-2 text can hold nothing but GSM-7 letters, so both are tried.
    """
    units = len(text.encode("utf-16-be", "surrogatepass")) // 2
    size = count(text)
    return units in (67, 70) or (size.encoding == "gsm7" and size.units in (153, 160))


def fit(head: str, body: str, tail: str, *, more: str, limit: int) -> str:
    """`head + body + tail` in at most `limit` segments, as plain as can be.

    A body too long keeps its beginning, up to a word where possible, then says "..."
    and where the rest is (`more`, an address).
    """
    whole = _join(head, body, tail)
    if count(whole).segments <= limit:
        return whole
    body = _clean(body)[: limit * 320]
    for ending in (f"{ELLIPSIS} {more}{tail}" if more else "", ELLIPSIS + tail, ELLIPSIS):
        if ending and count(_join(head, "", ending)).segments <= limit:
            return _join(head, _beginning(head, body, ending, limit), ending)
    return _join(_beginning("", _clean(head), ELLIPSIS, limit), "", ELLIPSIS)


def _beginning(head: str, body: str, ending: str, limit: int) -> str:
    """The longest beginning of the body that fits, ended after a word."""
    ends = [0, *_graphemes(body)]
    low, high = 0, len(ends) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if count(_join(head, body[: ends[middle]], ending)).segments <= limit:
            low = middle
        else:
            high = middle - 1
    return _whole_words(body, ends[low])


def _whole_words(body: str, end: int) -> str:
    """Cut back to the last space, unless that costs more than a third of the text."""
    kept = body[:end]
    if end < len(body) and not body[end].isspace():
        space = max(kept.rfind(" "), kept.rfind("\n"))
        if space > end * 2 // 3:
            kept = kept[:space]
    return kept.rstrip(" \n,;:.-")


def _join(head: str, body: str, tail: str) -> str:
    """The parts made plain one by one, so that a body of emoji alone is not lost."""
    parts = [plain(part) for part in (head, body, tail)]
    if all(map(_is_gsm7, parts)):
        return "".join(parts)
    return "".join(_clean(part) for part in (head, body, tail))


def _clean(text: str) -> str:
    """Composed letters (NFC), line feeds alone, no control characters."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _CONTROLS.sub("", text.replace("\t", " "))


def _is_gsm7(text: str) -> bool:
    return _GSM7.fullmatch(text) is not None


def _nearest(match: re.Match[str]) -> str:
    """What stands for one character in GSM-7; itself when nothing does."""
    letter = match[0]
    if letter in _LETTERS:
        return _LETTERS[letter]
    compatible = unicodedata.normalize("NFKC", letter)
    if compatible != letter:
        compatible = _OUTSIDE.sub(_nearest, compatible)
        return compatible if _is_gsm7(compatible) else letter
    return _bare(letter)


def _bare(letter: str) -> str:
    """A letter without its accents, when that much is in the table."""
    base = "".join(
        part for part in unicodedata.normalize("NFD", letter) if not unicodedata.combining(part)
    )
    base = _LETTERS.get(base, base)
    return base if _is_gsm7(base) and (base or unicodedata.combining(letter)) else letter


def _without_emoji(text: str) -> str:
    """The words closed up where emoji stood."""

    def gap(match: re.Match[str]) -> str:
        around = text[: match.start()][-1:], text[match.end() :][:1]
        return " " if all(around) and "\n" not in around else ""

    return _EMOJI_RUN.sub(gap, text)


def _widths(text: str) -> Iterator[int]:
    """The units of each character, which stay together."""
    if _is_gsm7(text):
        return (2 if letter in EXTENSION else 1 for letter in text)
    return (2 if letter > "\uffff" else 1 for letter in text)


def _greedy(widths: Iterator[int], each: int) -> int:
    segments, used = 1, 0
    for width in widths:
        if used + width > each:
            segments, used = segments + 1, 0
        used += width
    return segments


def _graphemes(text: str) -> Iterator[int]:
    """Where the text may be cut: after each letter with all that belongs to it."""
    flag = False
    for at in range(1, len(text)):
        before, after = text[at - 1], text[at]
        flag = "\U0001f1e6" <= before <= "\U0001f1ff" and not flag  # two letters a flag
        glued = before == "\u200d" or (flag and "\U0001f1e6" <= after <= "\U0001f1ff")
        if not glued and not _extends(after):
            yield at
    if text:
        yield len(text)


def _extends(letter: str) -> bool:
    """Accents, joiners, variation selectors, skin tones and tags belong to what is before."""
    return (
        letter == "\u200d"
        or unicodedata.category(letter).startswith("M")
        or "\U0001f3fb" <= letter <= "\U0001f3ff"
        or "\U000e0020" <= letter <= "\U000e007f"
    )
