"""What says nothing: a courtesy is counted, never broadcast (A6); a greeting warns nobody."""

from __future__ import annotations

import re

from dispatch.reading import folded, is_emoji, normal, without_emoji

MOST_WORDS = 5

Phrases = frozenset[tuple[str, ...]]


def _phrases(*said: str) -> Phrases:
    return frozenset(tuple(phrase.split()) for phrase in said)


# folded; French first, then English. "bien" and "got" say nothing alone.
COURTESIES = _phrases(
    "ok", "okay", "oki", "okok", "0k", "oke", "merci", "merci beaucoup", "merci bcp", "merci bien",
    "merci a vous", "merci a tous", "mci", "mrc", "mercy", "vu", "vue", "bien vu", "lu", "bien lu",
    "recu", "recue", "bien recu", "bien recue", "recu merci", "bien compris", "bien note", "note",
    "c'est note", "c'est vu", "d'accord", "d accord", "daccord", "dacord", "dac", "d'ac", "dacc",
    "entendu", "compris", "super merci", "thanks", "thx", "thank you", "seen", "received",
    "got it", "understood", "noted", "roger",
)  # fmt: skip
GREETINGS = _phrases(
    "bonjour", "bjr", "bonsoir", "bsr", "salut", "slt", "coucou", "cc", "hello", "hi", "bonne nuit",
    "bonne journee", "bonne soiree", "madame", "monsieur", "svp", "stp", "sil vous plait",
    "s'il vous plait", "s'il te plait", "merci d'avance", "please", "pls", "cordialement",
    "desole", "desolee", "pardon", "excusez moi", "excusez-moi", "sorry",
)  # fmt: skip
POLITE = COURTESIES | GREETINGS
ALARMING = frozenset("🆘🔥🚨🚑🚒🚓👮🔪🔫💥🧨⚠☠")

_SMILEY = re.compile(  # not 83, which is an alert or a house
    r"(?<!\w)(?:[:;=]'?-?[)dp*3(]+|8'?-?[)dp*(]+|\^_*\^|<3+|xd)(?!\w)", re.IGNORECASE
)
_DRAWN_OUT = re.compile(r"([^\W\d_])\1{2,5}(?!\1)")  # merciii
_ODD = re.compile(r"[^\w\s'.,;:!?…()\-*\"«»]")


def is_courtesy(text: str) -> bool:
    """Whether a text only thanks or confirms, in at most five words, emoji aside."""
    plain = _SMILEY.sub(" ", without_emoji(text.replace("’", "'")))
    if _ODD.search(plain):
        return False
    words = _words(plain)
    if not words:
        return _is_smile(text)
    return len(words) <= MOST_WORDS and not _without(words, COURTESIES)


def _is_smile(text: str) -> bool:
    return any(map(is_emoji, text)) or _SMILEY.search(text) is not None


def is_alarming(text: str) -> bool:
    """Whether emoji alone show a danger: outside an answer they warn, but of what?"""
    return not ALARMING.isdisjoint(text)


def is_blank(text: str) -> bool:
    """Whether a text has no letter, no figure and no picture."""
    return not any(c.isalnum() or is_emoji(c) for c in text) and not _is_smile(text)


def says_nothing(text: str) -> bool:
    """Whether a text greets, thanks, or is a number: nobody would know of what it warns."""
    left = "".join(_without(_words(_SMILEY.sub(" ", without_emoji(text))), POLITE))
    letters = sum(c.isalpha() for c in left)
    return letters < 2 and left.isascii()  # one sign of Chinese may be "fire"


def politely_less(text: str) -> str:
    """A text as written, without the courtesies and greetings at its beginning and end."""
    words = normal(without_emoji(text)).split(" ")
    start, end = 0, len(words)
    while length := _polite_at(words[start:end], first=True):
        start += length
    while length := _polite_at(words[start:end], first=False):
        end -= length
    return " ".join(words[start:end])


def _polite_at(words: list[str], *, first: bool) -> int:
    for length in range(min(_LONGEST, len(words)), 0, -1):
        part = words[:length] if first else words[-length:]
        if tuple(_words(" ".join(part))) in POLITE:
            return length
    return 0


def _without(words: list[str], phrases: Phrases) -> list[str]:
    """The words that belong to no phrase."""
    left, at = [], 0
    while at < len(words):
        for length in range(min(_LONGEST, len(words) - at), 0, -1):
            if tuple(words[at : at + length]) in phrases:
                at += length
                break
        else:
            left.append(words[at])
            at += 1
    return left


def _words(text: str) -> list[str]:
    letters = _DRAWN_OUT.sub(r"\1", folded(text))
    return re.sub(r"[^\w']+", " ", letters).split()


_LONGEST = max(len(phrase) for phrase in POLITE)
