"""The words of the pages: both languages, the same ids, the same variables."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

from web import i18n

WORDS = i18n.load(("fr", "en"), "Europe/Paris")
WEB = Path(i18n.__file__).parent
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
CODE = sorted(WEB.rglob("*.py"))
CATALOGUES = [
    path
    for path in (WEB.parent / "locales" / "fr" / "LC_MESSAGES").glob("*.po")
    if path.stem != "sms"
]
SOURCES = "".join(path.read_text(encoding="utf-8") for path in (*CODE, *TEMPLATES))

ID = re.compile(r"[a-z_]+(\.[a-z_]+)+")
ATTRIBUTES = re.compile(  # blocks that stand inside a tag
    r"{% block kind %}\w*{% endblock %}|{% block body_attributes %}.*?{% endblock %}", re.DOTALL
)
JINJA = re.compile(r"{#.*?#}|{%.*?%}|{{.*?}}", re.DOTALL)
SAID_BY_ATTRIBUTE = re.compile(r"""\s(?:alt|title|aria-label|placeholder)="([^"]*)\"""")
FIRST_PARTS = {name.partition(".")[0] for name in WORDS["fr"].messages}
FRENCH = re.compile("[éèêàùçœîôû]|\\b(?:votre|vous|nous|le|la|les)\\b", re.IGNORECASE)


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_french_and_english_have_the_same_ids() -> None:
    assert WORDS["fr"].messages.keys() == WORDS["en"].messages.keys()


def test_no_id_is_said_in_two_ways() -> None:
    """What two branches wrote for one id may stand there twice: the second is never read."""
    catalogues = Path(i18n.LOCALES).rglob("*.po")
    twice = re.compile(r'^msgstr ".*"\nmsgstr ".*"', re.MULTILINE)
    found = [twice.findall(path.read_text(encoding="utf-8")) for path in catalogues]
    assert [one for one in found if one] == []


def test_both_languages_say_something_with_the_same_variables() -> None:
    pairs = {
        name: (text, WORDS["en"].messages[name]) for name, text in WORDS["fr"].messages.items()
    }
    assert [name for name, said in pairs.items() if not all(text.strip() for text in said)] == []
    wrong = {name for name, (french, english) in pairs.items() if fields(french) != fields(english)}
    assert wrong == set()


def test_every_id_that_a_template_names_has_words() -> None:
    named = set(re.findall(r"""\bt\(['"]([a-z_.]+)['"]""", SOURCES))
    whole = {name for name in named if not name.endswith(".")}
    assert whole
    assert whole <= WORDS["fr"].messages.keys()


def test_every_id_that_the_code_names_has_words() -> None:
    """Labels, hints and errors of forms are ids too: whatever looks like one is one."""
    known, wrong = WORDS["fr"].messages.keys(), {}
    for path in CODE:
        for text in literals(path):
            worded = any(name == text or name.startswith(f"{text}.") for name in known)
            if looks_like_an_id(text) and not worded:
                wrong[text] = path.name
    assert {name: file for name, file in wrong.items() if name not in ENDPOINTS} == {}


def looks_like_an_id(text: str) -> bool:
    first = text.partition(".")[0]
    return bool(ID.fullmatch(text)) and first in FIRST_PARTS and not text.endswith(".html")


ENDPOINTS = {"account.show", "account.password"} | {
    f"{first}.{second}"
    for first, second in re.findall(r"url_for\(\s*[\"']([a-z_]+)\.([a-z_]+)[\"']", SOURCES)
}  # routes are named alike


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(WEB)))
def test_a_template_has_no_words_of_its_own(path: Path) -> None:
    source = JINJA.sub("", ATTRIBUTES.sub("", ATTRIBUTES.sub("", path.read_text(encoding="utf-8"))))
    said = SAID_BY_ATTRIBUTE.findall(source)
    text = re.sub(r"<[^>]*>", " ", source)
    assert re.findall(r"[^\W\d_]{2,}", " ".join([text, *said])) == []


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(WEB)))
def test_the_code_says_nothing_to_people(path: Path) -> None:
    assert [text for text in literals(path) if FRENCH.search(text)] == []


def literals(path: Path) -> list[str]:
    """The strings of a module, its docstrings left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told
    ]


def test_every_rule_that_a_form_can_break_has_words() -> None:
    """Codes of RuleError that the pages show as `password.<code>` and `code.<code>`."""
    codes = {"password": ("short", "long", "common", "personal"),
             "code": ("email", "too_many", "night", "no_voice")}  # fmt: skip
    wanted = {f"{form}.{code}" for form, some in codes.items() for code in some}
    assert wanted <= WORDS["fr"].messages.keys()


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


def test_no_name_stands_after_a_word_that_french_would_elide_before_it() -> None:
    """Nobody says "de Odette" or "de Les Lilas". Short messages say what the contract says."""
    wrong = re.compile(r"\b(?:de|que) \{(?:author|name|community|other)\}")
    books = {path.stem: path.read_text(encoding="utf-8") for path in CATALOGUES}
    assert {"mail", "push", "invite"} <= books.keys()
    assert [name for name, said in books.items() if wrong.search(said)] == []
