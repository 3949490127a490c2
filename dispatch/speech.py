"""What a call says: the same facts as a text, written so that a voice reads them well.

Lines are spoken one after the other with a pause between; the words are those of the
catalogue "voice".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from community_store.models import Wording
from config import Settings
from dispatch.catalogue import catalogue, say, template
from dispatch.masking import MAIL, PHONE, SIV
from gateway import numbers

DOMAIN = "voice"
TEXT = "{text}"
LONGEST = 700  # characters: 45 seconds, at the 15 or 16 a second of a speaking machine

URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
HOUR = re.compile(r"\b([01]?\d|2[0-3]) ?(?:[hH] ?([0-5]\d)?|:([0-5]\d))(?![\d:]|[^\W\d])")
LONG = re.compile(r"(?<![\d,])\d{7,}(?!\d)")
SHORT_FORMS: Mapping[str, re.Pattern[str]] = {  # message id: what it is spoken for
    "speak_number": re.compile(r"\bn[°º] ?", re.IGNORECASE),
    "speak_avenue": re.compile(r"\bave?\.(?= )", re.IGNORECASE),
    "speak_boulevard": re.compile(r"\b(?:bd|bld|blvd)\b\.?", re.IGNORECASE),
    "speak_road": re.compile(r"\brte\b\.?", re.IGNORECASE),
    "speak_and": re.compile(r" ?& ?"),
    "speak_at": re.compile(r" ?@ ?"),
    "speak_kilometres": re.compile(r" ?\bkm/h\b", re.IGNORECASE),
}


def has(language: str, message: str) -> bool:
    """Whether a message can be spoken at all."""
    return catalogue(language, DOMAIN).gettext(message) != message


def twice(settings: Settings, language: str, message: str, variables: Mapping[str, object]) -> str:
    """The lines of a call: a greeting, the message read twice, and the keys to press.

    Its text is cut where the whole would be longer than a call should be. Raises KeyError.
    """
    known = {name: _plain(language, value) for name, value in variables.items()}
    known |= {"service": settings.service.name}
    words, own = template(language, DOMAIN, message), partial(_own, language, message)
    parts = (own("hello"), "again", own("keys"))
    frame = [say(language, DOMAIN, part, **known) for part in parts]
    fixed = 4 + sum(map(len, frame)) + 2 * len(words.replace(TEXT, "").format(**known))
    text = _cut(language, str(known.get("text", "")), (LONGEST - fixed) // 2)
    once = words.format(**{**known, "text": text}).strip()
    return "\n".join([f"{frame[0]} {once}", f"{frame[1]} {once}", frame[2]])


def _own(language: str, message: str, part: str) -> str:
    """A part of a call as a message has it, or as all do."""
    return f"{message}_{part}" if has(language, f"{message}_{part}") else part


def line(settings: Settings, wording: Wording, message: str) -> str:
    """One sentence of a call that goes on, in the language that it began in."""
    return say(wording.language, DOMAIN, message, service=settings.service.name)


def hour(settings: Settings, language: str, at: datetime) -> str:
    """The hour as it is said, in the service's zone: 14 heures 32."""
    local = at.astimezone(ZoneInfo(settings.service.time_zone))
    return _hour(language, local.hour, local.minute)


def digits(code: str) -> str:
    """A code, digit by digit."""
    return ", ".join(code)


def spoken(language: str, text: str) -> str:
    """A person's text for a voice: no signs, no short forms, numbers in groups."""
    text = unicodedata.normalize("NFC", text)
    text = URL.sub("", text)
    text = MAIL.sub(lambda found: found[0].replace(".", f" {_word(language, 'speak_dot')} "), text)
    text = PHONE.sub(lambda found: _phone(found[0]), text)
    text = SIV.sub(lambda found: _plate(found[0]), text)
    text = HOUR.sub(lambda found: _clock(language, found), text)
    for message, form in SHORT_FORMS.items():
        text = form.sub(_short(language, message), text)
    text = LONG.sub(lambda found: _groups(found[0]), text)
    text = "".join(" " if unicodedata.category(c) in UNSPOKEN else c for c in text)
    return _lowered(re.sub(r" (?=[,.])", "", " ".join(text.split())))


UNSPOKEN = frozenset(["So", "Sk", "Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Zl", "Zp"])


def _plain(language: str, value: object) -> object:
    return spoken(language, value) if isinstance(value, str) else value


def _word(language: str, message: str) -> str:
    return template(language, DOMAIN, message)


def _short(language: str, message: str) -> str:
    word = _word(language, message)
    return word if message in ("speak_avenue", "speak_boulevard", "speak_road") else f" {word} "


def _hour(language: str, hours: int, minutes: int) -> str:
    message = "hour_minutes" if minutes else "hour"
    return say(language, DOMAIN, message, hours=hours, minutes=minutes)


def _clock(language: str, found: re.Match[str]) -> str:
    return _hour(language, int(found[1]), int(found[2] or found[3] or 0))


def _phone(number: str) -> str:
    compact = re.sub(r"\D", "", number.replace("(0)", ""))
    return numbers.national(f"+33{compact[-9:]}").replace(" ", ", ")


def _plate(plate: str) -> str:
    letters = re.sub(r"[^0-9A-Za-z]", "", plate).upper()
    return f"{letters[0]} {letters[1]}, {letters[2:5]}, {letters[5]} {letters[6]}"


def _groups(number: str) -> str:
    return ", ".join(re.findall(r"\d{1,2}", number))


def _lowered(text: str) -> str:
    """A text in capitals throughout would be spelt letter by letter."""
    letters = [c for c in text if c.isalpha()]
    return text.capitalize() if len(letters) > 8 and text == text.upper() else text


def _cut(language: str, text: str, room: int) -> str:
    """As many words as fit in `room` characters, and that there is more."""
    if len(text) <= room:
        return text
    more = _word(language, "more")
    kept = text[: max(0, room - len(more) - 2)].rpartition(" ")[0]
    return f"{kept.rstrip(' ,;:.')}. {more}"
