"""What a person types, or a gateway says, as a number: E.164, and what answers it.

French numbering: ARCEP's plan, as phonenumbers knows it. Two things it does not know:
the numbers kept for fiction (decision ARCEP 2018-0881), which tests and the demo use,
and that an overseas number typed as at home (0692..., or +33 692...) has a country
code of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat
from phonenumbers import PhoneNumberType as Type


class NumberError(ValueError):
    """Not a number that can be used; the message is one clause without the number."""


class Kind(StrEnum):
    """What answers. SPECIAL (premium, toll-free) never leaves this module."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    SPECIAL = "special"


@dataclass(frozen=True, slots=True)
class Phone:
    """A French number that belongs to a person."""

    e164: str
    kind: Kind


FICTIONAL = ("19900", "26191", "35301", "46571", "53649", "63998")
OVERSEAS: Mapping[str, str] = {  # national prefix -> country code
    "262": "262", "263": "262", "692": "262", "693": "262",  # La Réunion
    "269": "262", "639": "262",  # Mayotte
    "590": "590", "690": "590", "691": "590",  # Guadeloupe
    "594": "594", "694": "594",  # Guyane
    "596": "596", "696": "596", "697": "596",  # Martinique
}  # fmt: skip
SAINT_PIERRE = "508"  # six digits follow: 0508 41 23 45 is +508 41 23 45
# 0709, 0947, 0976...: blocks that the territories share, found by asking each.
REGIONS = ("FR", "RE", "GP", "MQ", "GF", "YT", "PM", "NC", "PF", "WF", "BL", "MF")
COUNTRIES = ("33", "262", "590", "594", "596", "508", "687", "689", "681")
SATELLITE = ("881", "882", "883", "870")
KINDS: Mapping[int, Kind] = {
    Type.MOBILE: Kind.MOBILE,
    Type.FIXED_LINE: Kind.LANDLINE,
    Type.FIXED_LINE_OR_MOBILE: Kind.LANDLINE,
    Type.VOIP: Kind.LANDLINE,
}

_SEPARATORS = re.compile(r"[\s.\-/()\u00b7\u2010-\u2015\u2212]+")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_CODE = re.compile(r"[0-9]{3,6}")
_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9 ._&+-]{0,10}")


def parse(text: str) -> Phone:
    """The person's number that was typed, French overseas included.

    Raises NumberError: a premium, satellite, foreign or impossible number (promises.md).
    """
    digits = _digits(text)
    if digits.startswith("+"):
        return _international(digits)
    if len(digits) < 6:
        raise NumberError("a short number cannot belong to a person")
    if digits.startswith("0"):
        return _national(digits[1:])
    for region in ("NC", "PF", "PM", "WF"):  # no 0 at home there: 75 12 34, 87 12 34 56
        phone = _valid(digits, region)
        if phone:
            return phone
    raise NumberError("a French number begins with 0 or +33")


def sender(text: str) -> str:
    """Who sent a text: E.164 when it is a phone number, else the code or name as it is."""
    text = text.strip()
    compact = _SEPARATORS.sub("", text)
    if not compact.removeprefix("+").isascii() or not compact.removeprefix("+").isdigit():
        return text
    if compact.startswith("00"):
        compact = "+" + compact[2:]
    elif re.fullmatch("0[1-9][0-9]{8}", compact):
        compact = "+33" + compact[1:]
    elif not compact.startswith("+") and len(compact) >= 8:
        compact = "+" + compact
    return _home(compact) if _E164.fullmatch(compact) else text


def answerable(sender: str) -> bool:
    """Whether a text to this sender reaches a phone, and at no special price.

    Short codes, names and nothing at all get no answer (sms.md, Reading 6).
    """
    special = sender.startswith(("+338", *(f"+{code}" for code in SATELLITE)))
    return bool(_E164.fullmatch(sender)) and not special


def number_value(text: str) -> tuple[str, str]:
    """A number of ours as an operator writes it: its value, and its kind by the look.

    "long" for E.164, "short" for 3 to 6 digits, "sender" for a name of at most 11
    characters with a letter. Raises NumberError.
    """
    text = text.strip()
    value = sender(text)
    if _E164.fullmatch(value):
        return value, "long"
    if _CODE.fullmatch(text):
        return text, "short"
    if _NAME.fullmatch(text):
        return text, "sender"
    raise NumberError(
        "neither a number (+33...), a short code (3 to 6 digits)"
        " nor a name (at most 11 characters, with a letter)"
    )


def masked(e164: str) -> str:
    """A number for logs and pages that may not show it: +33•••••78."""
    code = next((c for c in COUNTRIES if e164.startswith(f"+{c}")), "")
    start = f"+{code}" if code else ""
    return f"{start}•••••{e164[-2:] if len(e164) > 6 else ''}"


def national(e164: str) -> str:
    """A number as its neighbours write it: 06 39 98 00 01; foreign ones with their +."""
    try:
        number = phonenumbers.parse(e164)
    except NumberParseException:
        return e164
    if str(number.country_code) == SAINT_PIERRE:
        return re.sub(r"\+508(..)(..)(..)", r"0508 \1 \2 \3", e164)
    french = str(number.country_code) in COUNTRIES
    form = PhoneNumberFormat.NATIONAL if french else PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, form)


def _digits(text: str) -> str:
    """Only digits, after a + when the country is given."""
    compact = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text).replace("(0)", ""))
    if not compact:
        raise NumberError("no number was given")
    if compact.startswith("00"):
        compact = "+" + compact[2:]
    if compact.startswith("33") and len(compact) == 11:
        compact = "+" + compact
    digits = compact.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        raise NumberError("a number holds digits only")
    return compact


def _international(number: str) -> Phone:
    if number.startswith("+33"):
        return _national(number[3:].removeprefix("0"))
    if number[1:4] in SATELLITE:
        raise NumberError("satellite numbers cannot be used")
    if number[1:4] not in COUNTRIES:
        raise NumberError("only French numbers can be used, overseas included")
    return _valid(number, None) or _invalid()


def _national(digits: str) -> Phone:
    """A number without its 0, of the mainland or overseas."""
    if len(digits) != 9:
        raise NumberError(
            "the number has too few digits" if len(digits) < 9
            else "the number has too many digits"
        )  # fmt: skip
    if digits.startswith(FICTIONAL):
        return Phone(f"+33{digits}", Kind.MOBILE if digits[0] == "6" else Kind.LANDLINE)
    home = _home(f"+33{digits}")
    if not home.startswith("+33"):
        return _valid(home, None) or _invalid()
    phones = (_valid(f"0{digits}", region) for region in REGIONS)
    return next((phone for phone in phones if phone), None) or _invalid()


def _home(e164: str) -> str:
    """The number under the country code of the territory where it is."""
    if not e164.startswith("+33") or len(e164) != 12 or e164.startswith("+3363998"):
        return e164
    digits = e164[3:]
    if digits.startswith(SAINT_PIERRE):
        return "+" + digits
    code = OVERSEAS.get(digits[:3])
    return f"+{code}{digits}" if code else e164


def _valid(text: str, region: str | None) -> Phone | None:
    """The number when the plan knows it. Raises NumberError for one of no person."""
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    kind = _kind(number)
    if kind is Kind.SPECIAL:
        raise NumberError("premium and service numbers cannot be used")
    return Phone(phonenumbers.format_number(number, PhoneNumberFormat.E164), kind)


def _kind(number: PhoneNumber) -> Kind:
    return KINDS.get(phonenumbers.number_type(number), Kind.SPECIAL)


def _invalid() -> Phone:
    raise NumberError("no such number is in service in France")
