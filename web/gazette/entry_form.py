"""The form of an entry: what it says, until when, with which pictures."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import render_template, request
from sqlmodel import Session
from werkzeug.datastructures import FileStorage

from community_store import gazette_reading
from community_store.errors import RuleError
from community_store.gazette import Said
from community_store.models import EntryKind, GazetteEntry
from dispatch import picture_reading, pictures
from dispatch.picture_reading import Drawn
from web import forms, identity
from web.forms import Field, Form
from web.gazette.room import KINDS, as_ids

KIND = Field("kind", "gazette.kind", kind="select", missing="gazette.kind.missing",
             choices=(("", "gazette.kind.choose"), *KINDS))  # fmt: skip
TITLE = Field("title", "gazette.title", capitals="sentences", hint="gazette.title.hint",
              longest=80, missing="gazette.title.missing")  # fmt: skip
TEXT = Field("text", "gazette.text", hint="gazette.text.hint", kind="textarea", longest=3000,
             missing="gazette.text.missing")  # fmt: skip
UNTIL = Field("until", "gazette.until", hint="gazette.until.hint", kind="date",
              missing="gazette.until.wrong")  # fmt: skip
FIELDS = (KIND, TITLE, TEXT, UNTIL)
WRITTEN = (
    "%Y-%m-%d",
    "%d/%m/%Y",
)  # by a browser that knows dates, by a person in one that does not


def today() -> date:
    """The day that it is where the service is."""
    runtime = identity.runtime()
    return runtime.clock().astimezone(ZoneInfo(runtime.settings.service.time_zone)).date()


def blank() -> Form:
    """To be filled in."""
    days = identity.runtime().settings.gazette.days
    return forms.blank(FIELDS, until=(today() + timedelta(days=days)).isoformat())


def of(entry: GazetteEntry) -> Form:
    """As an entry stands; one that is over gets a day to be read on again."""
    zone = ZoneInfo(identity.runtime().settings.service.time_zone)
    last = (entry.expires_at.astimezone(zone) - timedelta(seconds=1)).date()
    until = last.isoformat() if last >= today() else blank()["until"]
    return forms.blank(FIELDS, kind=entry.kind, title=entry.title, text=entry.text, until=until)


def posted() -> Form:
    """What was typed, with what is wrong with it."""
    form = forms.read(FIELDS)
    last, days = _day(form["until"]), identity.runtime().settings.gazette.days_max
    if last is None:
        form.wrong("until", "gazette.until.wrong")
    elif last < today():
        form.wrong("until", "gazette.until.past")
    elif last > today() + timedelta(days=days):
        form.wrong("until", "gazette.until.far", days=days)
    else:
        form.values["until"] = last.isoformat()
    return form


def _day(text: str) -> date | None:
    for written in WRITTEN:
        try:
            return datetime.strptime(text, written).date()  # noqa: DTZ007  # a day has no zone
        except ValueError:
            continue
    return None


def said(form: Form) -> Said:
    """What a form that is right says; it is over when its last day is."""
    zone = ZoneInfo(identity.runtime().settings.service.time_zone)
    after = date.fromisoformat(form["until"]) + timedelta(days=1)
    ends = datetime.combine(after, time(), zone)
    return Said(EntryKind(form["kind"]), form["title"], form["text"], ends)


def sent() -> list[FileStorage]:
    """The files that came with the form."""
    return [one for one in request.files.getlist("pictures") if one.filename]


def drawn(form: Form, files: Sequence[FileStorage]) -> list[Drawn]:
    """Have them read, one after the other; none if one cannot be. No transaction may be open."""
    found = []
    for file in files:
        try:
            with closing(file.stream):  # on the disk, when it is long
                data = file.stream.read()
            found.append(picture_reading.read(identity.runtime().settings, data))
        except RuleError as error:
            refuse(form, error)
            return []
    return found


def refuse(form: Form, error: RuleError) -> None:
    """A rule's word on the pictures."""
    form.wrong("pictures", f"gazette.pictures.{error.code}", **error.facts)


def dropped() -> list[int]:
    """The pictures that are to go."""
    return as_ids(request.form.getlist("drop"))


def check_room(db: Session, form: Form, entry: GazetteEntry | None = None) -> None:
    """Before anything is read: whether there is room for the pictures."""
    mine = gazette_reading.pictures(db, [entry.id or 0])[entry.id or 0] if entry else []
    going = {one.id for one in mine} & set(dropped())
    try:
        pictures.require_room(
            db, identity.runtime().settings, entry.id if entry else None, len(sent()) - len(going)
        )
    except RuleError as error:
        refuse(form, error)


def page(db: Session, form: Form, entry: GazetteEntry | None = None) -> str:
    """The form; of a new entry, or of one that is to be changed."""
    ids = [entry.id] if entry and entry.id is not None else []
    return render_template(
        "gazette/form.html",
        form=form,
        entry=entry,
        pictures=gazette_reading.pictures(db, ids).get(ids[0], []) if ids else [],
        dropped=dropped(),
        settings=identity.runtime().settings.gazette,
        lost=bool(form.errors) and bool(sent()),
        accept="image/jpeg,image/png,image/webp",
    )
