"""The words of the pages: both languages, the same ids, the same variables."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from web import i18n

WORDS = i18n.load(("fr", "en"), "Europe/Paris")
SOURCES = "".join(
    path.read_text(encoding="utf-8")
    for pattern in ("*.py", "templates/**/*.html")
    for path in Path(i18n.__file__).parent.glob(pattern)
)


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_french_and_english_have_the_same_ids() -> None:
    assert WORDS["fr"].messages.keys() == WORDS["en"].messages.keys()


@pytest.mark.parametrize("message_id", WORDS["fr"].messages)
def test_both_languages_say_something_with_the_same_variables(message_id: str) -> None:
    french, english = (WORDS[language].messages[message_id] for language in ("fr", "en"))
    assert french.strip()
    assert english.strip()
    assert fields(french) == fields(english)


def test_every_id_that_a_template_names_has_words() -> None:
    named = set(re.findall(r"""\bt\(['"]([a-z_.]+)['"]""", SOURCES))
    whole = {name for name in named if not name.endswith(".")}
    assert whole
    assert whole <= WORDS["fr"].messages.keys()


def test_french_counts_nobody_in_the_singular_and_english_does_not() -> None:
    said = {
        (language, count): WORDS[language].counted("result.agents", count)
        for language in ("fr", "en")
        for count in (0, 1, 2)
    }
    assert said["fr", 0] == "0 agent de la commune"
    assert said["fr", 2] == "2 agents de la commune"
    assert said["en", 0] == "0 town agents"
    assert said["en", 1] == "1 town agent"


def test_figures_are_written_as_the_language_writes_them() -> None:
    assert WORDS["fr"].number(0.44) == "0,4"
    assert WORDS["en"].number(0.44) == "0.4"
