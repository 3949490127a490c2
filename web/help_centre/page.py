"""/help: the questions, and those that a search finds; /help/<slug>: one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from flask import Blueprint, abort, current_app, render_template, request
from flask.typing import ResponseReturnValue

from web import front, i18n
from web.access import Policy, access
from web.help_centre import questions, searching
from web.help_centre.questions import HELP, Question

help_centre = Blueprint("help_centre", __name__)

LONGEST = 200  # characters of a search


@help_centre.get("/help")
@access(Policy.ANYONE)
def index() -> ResponseReturnValue:
    """What people ask (S01). It stands while the database is away."""
    wanted = " ".join(request.args.get("q", "").split())[:LONGEST]
    return render_template(
        "help_centre/index.html",
        wanted=wanted,
        found=_found(wanted) if wanted else [],
        themes=questions.by_theme(_mine()),
        number=front.number_if_known(),
    )


def _found(wanted: str) -> list[Question]:
    ignored = searching.folded(i18n.asked()("help.ignored"))
    return searching.find(_mine().values(), wanted, ignored)


@help_centre.get("/help/<slug>")
@access(Policy.ANYONE)
def one(slug: str) -> ResponseReturnValue:
    """One question with its answer, and others of its theme."""
    found = _mine().get(slug)
    if found is None:
        abort(404)
    near = [other for other in _mine().values() if other.theme == found.theme and other != found]
    return render_template(
        "help_centre/question.html", one=found, near=near, number=front.number_if_known()
    )


def _mine() -> Mapping[str, Question]:
    """The questions in the language of the page's reader."""
    known = cast("Mapping[str, Mapping[str, Question]]", current_app.extensions[HELP])
    return known[i18n.asked().language]
