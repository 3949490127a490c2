"""Texts that another of our systems wrote: two that answer each other never end (R8)."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from community_store.membership import LANGUAGES
from dispatch.catalogue import ids, template

LONG_ENOUGH = 30  # letters of ours that nobody types by chance
LONGEST = 1000  # more than any of ours has
# what is told to neighbours, who may be another system's number: that one answers once
TOLD = frozenset(
    [
        "alert",
        "exercise",
        "exercise_over",
        "exercise_followup",
        "exercise_reply",
        "alert_town",
        "alert_agent",
        "all_clear",
        "withdrawn",
        "reply",
        "followup",
    ]
)
_VARIABLE = re.compile(r"\{\w+\}")


def is_answer(text: str) -> bool:
    """Whether a text is one of the answers that we give, whatever the names in it."""
    return len(text) <= LONGEST and _answers().fullmatch(_bare(text)) is not None


@cache
def _answers() -> re.Pattern[str]:
    known = {
        _regex(words)
        for language in LANGUAGES
        for message in ids(language, "sms")
        if message not in TOLD
        and len(_VARIABLE.sub("", words := template(language, "sms", message))) >= LONG_ENOUGH
    }
    return re.compile("|".join(sorted(known)))


def _regex(words: str) -> str:
    return ".{0,200}".join(re.escape(_bare(part)) for part in _VARIABLE.split(words))


def _bare(text: str) -> str:
    """As a phone or a gateway may have changed it: no accents, no case, single spaces."""
    decomposed = unicodedata.normalize("NFKD", text.replace("’", "'"))
    letters = "".join(c for c in decomposed if not unicodedata.combining(c))
    return re.sub(r"\s+", " ", letters.casefold())
