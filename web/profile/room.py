"""What the pages of one's profile and settings share: the blueprints, a change by a rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Blueprint, Response, flash, redirect, url_for

from community_store.errors import RuleError
from community_store.models import Member
from dispatch.act import Act
from web import identity
from web.forms import Form

profile = Blueprint("profile", __name__, url_prefix="/profile")
settings_room = Blueprint("settings", __name__, url_prefix="/settings")

OFTEN = "20 per minute; 100 per hour"


def changed(
    form: Form, change: Callable[[Act, Member], object], where: Mapping[str, str] | None = None
) -> bool:
    """Whether a rule let the change be made; else the form says what is wrong, and at which
    field `where` has the rule's code.
    """
    if not form.ok:
        return False
    try:
        with identity.runtime().store.begin() as db:
            change(identity.act(db), identity.member(db))
    except RuleError as refused:
        field = (where or {}).get(refused.code, "")
        form.wrong(field, f"profile.wrong.{refused.code}", **refused.facts)
    return form.ok


def done(said: str, endpoint: str) -> Response:
    """Say so, and go on to a page."""
    flash(said)
    answer = redirect(url_for(endpoint), 303)
    assert isinstance(answer, Response)
    return answer
