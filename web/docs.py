"""The texts under docs/ that pages show: Markdown, with values of the settings in it.

    ---
    title: Combien cela coûte-t-il ?
    ---
    {{ service.name }} est **gratuit** pour les habitants.

A value is escaped as Markdown, so that an address with a star in it stays an address; HTML
is shown as it is typed. An empty one shows the words for what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from pathlib import Path

from babel.numbers import format_decimal
from jinja2 import Environment, StrictUndefined, Template
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from dispatch import moments
from web import i18n

FOLDER = Path(__file__).resolve().parent.parent / "docs"
_HEAD = re.compile(r"---\n(.*?)\n---\n", re.DOTALL)
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_LINKED = re.compile(r"((?:\\[._+-]|\w)+\\@(?:\\[.-]|\w)+\w)")  # an e-mail address, escaped
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


_ROLES = {
    "table_open": "table",
    "thead_open": "rowgroup",
    "tbody_open": "rowgroup",
    "tr_open": "row",
    "th_open": "columnheader",
    "td_open": "cell",
}


class Raw(str):
    """Markdown of our own making, which is not escaped again."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A text as a page, and as plain words; `heads` is what stands above it."""

    slug: str
    heads: Mapping[str, str]
    html: Markup
    plain: str

    @property
    def title(self) -> str:
        return self.heads["title"]


class Press:
    """Makes pages of one language's texts."""

    def __init__(self, language: str, values: Mapping[str, object], missing: str = "") -> None:
        self._language, self._missing, self._values = language, missing, values

    def document(self, path: Path) -> Document:
        """One file. Raises ValueError when it has no head, jinja2's errors for a wrong value."""
        source = path.read_text(encoding="utf-8")
        head = _HEAD.match(source)
        if head is None:
            raise ValueError(f"{path}: it must begin with --- and a title")
        heads = dict(self._head(line) for line in head[1].splitlines())
        html, plain = _pressed(self._spaced(self._filled(source[head.end() :])))
        return Document(path.stem, heads, html, plain)

    def folder(self, path: Path) -> list[Document]:
        """Every file of a folder, by name."""
        return [self.document(each) for each in sorted(path.glob("*.md"))]

    def _head(self, line: str) -> tuple[str, str]:
        name, _, value = line.partition(":")
        filled = self._filled(value.strip())
        return name.strip(), self._spaced(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", filled))

    def _filled(self, text: str) -> str:
        """With the values in it; most texts name none."""
        if "{" not in text:
            return text
        return _template(text, self._language, self._missing).render(self._values)

    def _spaced(self, text: str) -> str:
        return i18n.spaced(text) if self._language == "fr" else text


@cache  # an application of other settings has the same texts
def _template(text: str, language: str, missing: str) -> Template:
    environment = Environment(
        autoescape=False,  # noqa: S701  # it writes Markdown; `_shown` escapes
        finalize=partial(_shown, language, missing),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["linked"] = _linked
    return environment.from_string(text)


@cache
def _pressed(text: str) -> tuple[Markup, str]:
    """Markdown as a page, and as plain words."""
    tokens = _with_headers(_MARKDOWN.parse(text))
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return Markup(html), _plain(tokens)  # noqa: S704  # HTML in it is off


def _shown(language: str, missing: str, value: object) -> str:
    """A value as Markdown."""
    match value:
        case Raw():
            return value
        case None | "":
            return f"*[{missing}]*" if missing else ""
        case date():
            return moments.day(language, value)
        case int() | float():
            return format_decimal(value, locale=language)
        case _:
            return escaped(str(value))


def _linked(value: str) -> str | Raw:
    """What is filled in with its e-mail addresses as links; `{{ x | linked }}`."""
    links = _LINKED.sub(r"[\1](mailto:\1)", escaped(value))
    return Raw(links) if value else value


def escaped(text: str) -> str:
    """Text in one line that Markdown leaves as it is."""
    return _PUNCTUATION.sub(r"\\\1", " ".join(text.split()))


def _with_headers(tokens: list[Token]) -> list[Token]:
    """Tables whose cells know their column: a small screen shows a row as a card, where a
    table that is no longer laid out as one would be none to a screen reader either.
    """
    heads, column = list[str](), 0
    for at, token in enumerate(tokens):
        if token.type in _ROLES:
            token.attrSet("role", _ROLES[token.type])
        match token.type:
            case "table_open":
                heads = []
            case "tr_open":
                column = 0
            case "th_open":
                heads.append(tokens[at + 1].content)
                token.attrSet("scope", "col")
            case "td_open":
                _cell(tokens, at, heads, column)
                column += 1
    return tokens


def _cell(tokens: list[Token], at: int, heads: list[str], column: int) -> None:
    """The first of a row is its head; where there are many, each says of which column it is."""
    cell = tokens[at]
    if column == 0:
        cell.tag = tokens[at + 2].tag = "th"
        cell.attrSet("scope", "row")
        cell.attrSet("role", "rowheader")
    elif len(heads) > 2:
        cell.attrSet("data-label", heads[column])


def _plain(tokens: list[Token]) -> str:
    """The words alone, a line for each block."""
    return "\n".join(
        "".join(
            part.content if part.type in ("text", "code_inline") else " "
            for part in token.children or ()
            if part.type in ("text", "code_inline", "softbreak", "hardbreak")
        )
        for token in tokens
        if token.type == "inline"
    )
