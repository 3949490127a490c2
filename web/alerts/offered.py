"""What a reader can do with an alert, and the forms for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from community_store.models import AlertState
from dispatch import answering
from web import forms
from web.alerts.room import Opened
from web.forms import Field, Form

REPLY = Field("reply", "alerts.reply", hint="alerts.reply.hint", kind="textarea", longest=600,
              missing="alerts.reply.missing")  # fmt: skip
MORE = Field("more", "alerts.more", hint="alerts.more.hint", kind="textarea", longest=600,
             missing="alerts.more.missing")  # fmt: skip
ENDING = Field("ending", "alerts.end.text", hint="alerts.end.text.hint", kind="textarea",
               longest=300, required=False)  # fmt: skip


def blank(found: Opened, **typed: str) -> Form:
    """The forms of the page; only who may tell all is told so."""
    reply = REPLY if found.may_tell_all else replace(REPLY, hint="alerts.reply.hint.some")
    return forms.blank((reply, MORE, ENDING), **typed)


def to(found: Opened, form: Form | None = None) -> dict[str, Any]:
    """What alerts/doing.html and alerts/saying.html offer."""
    alert, reader = found.alert, found.reader
    held = alert.state == AlertState.HELD
    unended = alert.state not in answering.OVER
    may_answer = not reader.author and not held
    return {
        "form": form or blank(found),
        "seen": answering.has_acknowledged(found.act, alert, found.me.speaker),
        "may_release": held and found.may_release,
        "may_confirm": alert.state == AlertState.OPEN and not reader.author,
        "may_speak": unended and not held and (may_answer or reader.responsible),
        "may_tell_all": found.may_tell_all,
        "may_close": unended and found.may_close and not (held and found.may_release),
    }
