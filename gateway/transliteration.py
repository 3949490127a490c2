"""Letters outside GSM-7 and what stands for them: data for sms_text.

Only what Unicode's own decompositions do not give: they already turn ê into e, a
narrow space into a space, the ellipsis into three dots.
"""

from __future__ import annotations

from collections.abc import Mapping

_QUOTES = dict.fromkeys("‘’‚‛′ʹʼ´`‹›", "'") | dict.fromkeys("“”„‟″«»¨", '"')
_DASHES = dict.fromkeys("‐‑‒–—―−⁃", "-")
_INVISIBLE = dict.fromkeys(
    "\u00ad\u034f\u061c\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\u20e3\ufe0e\ufe0f\ufeff",
    "",
)
_LETTERS = {
    "ç": "c", "œ": "oe", "Œ": "OE", "ẞ": "SS", "ð": "d", "Ð": "D", "þ": "th",
    "Þ": "TH", "đ": "d", "Đ": "D", "ħ": "h", "Ħ": "H", "ı": "i", "ĸ": "k", "ł": "l",
    "Ł": "L", "ŋ": "ng", "Ŋ": "NG", "ŧ": "t", "Ŧ": "T", "ə": "e", "Ə": "E", "ʻ": "'",
}  # fmt: skip
_SIGNS = {
    "°": "o", "µ": "u", "©": "(c)", "®": "(r)", "•": "-", "·": ".", "‣": "-", "◦": "-",
    "▪": "-", "●": "-", "×": "x", "÷": "/", "±": "+/-", "⁄": "/", "∕": "/", "¬": "-",
    "¦": "|", "¢": "c", "‰": "o/oo", "†": "+", "‡": "+", "¶": "§", "¯": "-", "¸": ",",
    "→": "->", "⇒": "=>", "←": "<-", "⇐": "<=", "↔": "<->", "≤": "<=", "≥": ">=",
    "≠": "=/=", "≈": "~", "\u2028": "\n", "\u2029": "\n", "₣": "F", "₤": "£",
}  # fmt: skip

PLAIN: Mapping[str, str] = _QUOTES | _DASHES | _INVISIBLE | _LETTERS | _SIGNS

# The table holds the capitals that Latin lacks; the others look like Latin letters,
# and Greek phones have always written so.
GREEK: Mapping[str, str] = dict(
    zip(
        "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαβγδεζηθικλμνξοπρσςτυφχψω",
        "ABEZHIKMNOPTYXABΓΔEZHΘIKΛMNΞOΠPΣΣTYΦXΨΩ",
        strict=True,
    )
)

# Pictures, as the inside of a character class: dropped rather than paid for.
EMOJI = (
    "\U0001f000-\U0001faff\U000e0020-\U000e007f\u231a-\u23ff\u2600-\u27bf\u2934\u2935"
    "\u2b00-\u2bff\u3030\u303d\u3297\u3299\u25aa-\u25fe"
)
