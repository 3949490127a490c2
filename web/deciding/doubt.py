"""A no to a request is asked twice: it erases what somebody filled in, and cannot be undone."""

from __future__ import annotations

from flask import abort, render_template, request

from community_store.models import Member
from web import forms
from web.forms import Field, Form

REASON = Field("reason", "deciding.reason", hint="deciding.reason.hint", kind="textarea",
               longest=300, required=False)  # fmt: skip
ANSWERS = {"yes": True, "no": False}


def answer() -> bool:
    """Which of the two buttons was pressed; 400 for neither."""
    said = request.form.get("answer", "")
    if said not in ANSWERS:
        abort(400)
    return ANSWERS[said]


def doubted() -> bool:
    """Whether a no was pressed, and not yet that it is meant."""
    return not answer() and "sure" not in request.form


def typed() -> Form | None:
    """The remark, for who turned back and sees the two answers again."""
    return forms.read((REASON,)) if "again" in request.form else None


def ask(member: Member) -> str:
    """To be sure. The form goes to where it came from."""
    reason = forms.read((REASON,))["reason"]
    return render_template("deciding/refuse.html", member=member, reason=reason)
