"""The gettext catalogues of what is said, read from their .po files at the first use.

An id that a language lacks is a fault that a test finds; here French answers for it.
"""

from __future__ import annotations

import io
from functools import cache
from gettext import GNUTranslations
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALES = Path(__file__).resolve().parent.parent / "locales"
FIRST_LANGUAGE = "fr"


@cache
def catalogue(language: str, domain: str) -> GNUTranslations:
    """The messages of one language and domain ("sms", "mail").

    Raises FileNotFoundError for a language without catalogue.
    """
    source = LOCALES / language / "LC_MESSAGES" / f"{domain}.po"
    compiled = io.BytesIO()
    with source.open("rb") as lines:
        write_mo(compiled, read_po(lines, locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)


@cache
def ids(language: str, domain: str) -> tuple[str, ...]:
    """The ids of a catalogue's messages, in its order. Raises FileNotFoundError."""
    source = LOCALES / language / "LC_MESSAGES" / f"{domain}.po"
    with source.open("rb") as lines:
        return tuple(str(message.id) for message in read_po(lines, locale=language) if message.id)


def template(language: str, domain: str, message: str) -> str:
    """The words of a message id, with their {variables}. Raises KeyError."""
    for candidate in (language, FIRST_LANGUAGE):
        words = catalogue(candidate, domain).gettext(message)
        if words != message:
            return words
    raise KeyError(message)


def say(language: str, domain: str, message: str, **variables: object) -> str:
    """A message with its variables filled in. Raises KeyError for a missing one."""
    return template(language, domain, message).format(**variables)
