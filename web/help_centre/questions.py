"""The questions of the help centre: docs/help/<language>/<slug>.md, read once at the start.

    ---
    title: Comment prévenir mes voisins ?
    theme: warn
    order: 1
    words: alerter, avertir, signaler
    ---

`words` are what people call it who do not use ours: searched, never shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask

from config import Settings
from web.docs import FOLDER, Document, Press
from web.help_centre.searching import Searchable

THEMES = (
    "warn", "receive", "join", "privacy", "community", "account", "trouble", "town", "signs",
    "access",
)  # fmt: skip
HELP = "tocsin.help"


@dataclass(frozen=True, slots=True)
class Question:
    """One question with its answer."""

    document: Document
    theme: str
    order: int
    search: Searchable

    @property
    def slug(self) -> str:
        return self.document.slug

    @property
    def title(self) -> str:
        return self.document.title

    @property
    def opening(self) -> str:
        """Its first paragraph, to know it by in a list."""
        return self.document.plain.partition("\n")[0]


def install(app: Flask, settings: Settings) -> None:
    """Read the questions of every language that the pages speak."""
    app.extensions[HELP] = {
        language: read(language, settings) for language in settings.service.languages
    }


def read(language: str, settings: Settings) -> Mapping[str, Question]:
    """The questions of a language by slug, in the order in which they are shown."""
    press = Press(
        language,
        {
            "service": settings.service.name,
            "alerts": settings.alerts,
            "joining": settings.joining,
            "retention": settings.retention,
            "geo": settings.geo,
            "calls": len(settings.dispatch.redial_seconds) + 1,
        },
    )
    asked = [_question(document) for document in press.folder(FOLDER / "help" / language)]
    asked.sort(key=lambda one: (THEMES.index(one.theme), one.order))
    return {one.slug: one for one in asked}


def _question(document: Document) -> Question:
    words = document.heads.get("words", "")
    return Question(
        document,
        document.heads["theme"],
        int(document.heads["order"]),
        Searchable.of(document.title, words, document.plain),
    )


def by_theme(questions: Mapping[str, Question]) -> dict[str, list[Question]]:
    """The questions of each theme, themes in their order."""
    found: dict[str, list[Question]] = {theme: [] for theme in THEMES}
    for one in questions.values():
        found[one.theme].append(one)
    return {theme: some for theme, some in found.items() if some}
