"""Personal data in an alert's text: masked for neighbours, kept for the town's agents (A9)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

# since 2009: two letters, three digits, two letters, never I, O or U
SIV = re.compile(
    r"\b([A-HJ-NP-TV-Z]{2})(?P<gap>\s?[.\u2010-\u2013-]\s?| ?)\d{3}(?:\s?[.\u2010-\u2013-]\s?| ?)"
    r"([A-HJ-NP-TV-Z]{2})\b",
    re.IGNORECASE,
)
# words of two such letters, which stand before or after a number in a sentence
SHORT_WORDS = frozenset(
    [
        "le", "la", "de", "et", "en", "es", "ma", "sa", "ta", "ce", "me", "te", "se", "ne",
        "je", "va", "as", "ex", "av", "mn", "km", "kg", "ml", "hs", "ah", "eh", "be", "at", "my", "he",
    ]
)  # fmt: skip
# before: digits, letters, the department; in capitals, or an address would be one
FNI = re.compile(r"\b(\d{1,4})[ .-]?([A-Z]{2,3})[ .-]?(\d{2}|2[AB])\b")
NO_PLATE = frozenset(
    [
        "RUE",
        "BIS",
        "TER",
        "AVE",
        "BD",
        "DU",
        "DE",
        "LE",
        "LA",
        "LES",
        "ET",
        "AU",
        "EN",
        "UN",
        "UNE",
        "SUR",
        "ANS",
        "NO",
        "VIA",
        "KM",
    ]
)
PHONE = re.compile(
    r"(?<!\d)(?:(?:\+|00)[1-9]\d{0,2}[ ./-]?(?:\(0\))?(?:[ ./-]?\d){6,12}"
    r"|0[1-9](?:[ ./-]?\d{2}){4})(?!\d)"
)
# bounded, and from the start of a word only: a long text must not take minutes
MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")


def masked(text: str, say: Callable[[str], str]) -> str:
    """The text with plates, numbers and e-mails replaced by what `say` calls them.

    `say` gives the words of mask_plate, mask_phone and mask_mail.
    """
    text = MAIL.sub(say("mask_mail"), text)
    text = PHONE.sub(say("mask_phone"), text)
    text = SIV.sub(lambda found: _plate(found, say), text)
    return FNI.sub(lambda found: _old_plate(found, say), text)


def _plate(found: re.Match[str], say: Callable[[str], str]) -> str:
    """ "le 112 et" is no plate: its letters stand apart and are words."""
    words = [part.lower() in SHORT_WORDS for part in (found[1], found[3])]
    apart = found["gap"] == " "
    is_sentence = apart and (any(words) if found[0].islower() else all(words))
    return found[0] if is_sentence else say("mask_plate")


def _old_plate(found: re.Match[str], say: Callable[[str], str]) -> str:
    return found[0] if found[2] in NO_PLATE else say("mask_plate")


def holds_personal_data(text: str) -> bool:
    """Whether masking would change the text."""
    names: Mapping[str, str] = {"mask_mail": "\x01", "mask_phone": "\x01", "mask_plate": "\x01"}
    return masked(text, names.__getitem__) != text
