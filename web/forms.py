"""Forms: fields that are declared, read, and shown again with what was typed.

    FIELDS = (Field("email", "sign_in.email", kind="email", autocomplete="email"), ...)
    form = forms.read(FIELDS)            # what was posted
    if form["email"] not in known: form.wrong("email", "sign_in.unknown")
    if not form.ok: return render_template("x.html", form=form), 422

Only declared fields are read. Labels, hints and errors are ids of the catalogue. The
template shows it with `field(form, "email")` of parts/form.html.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from flask import request

HIDDEN_KINDS = ("password",)  # kinds whose value is never shown again


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that is asked. `kind` is the input's type, or textarea, select, checkbox.

    `choices` are (value, id of its label). `longest` is in characters. `capitals` is what a
    telephone's keyboard begins with one: "none", "words", "sentences".
    """

    name: str
    label: str
    hint: str = ""
    kind: str = "text"
    autocomplete: str = "off"
    inputmode: str = ""
    capitals: str = "none"
    longest: int = 200
    required: bool = True
    missing: str = "form.missing"
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a field: an id of the catalogue, and its variables."""

    id: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass
class Form:
    """Fields with their values and what is wrong; errors under "" are of the whole form."""

    fields: Mapping[str, Field]
    values: dict[str, str]
    errors: dict[str, Wrong] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.errors

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    def wrong(self, name: str, message_id: str, **values: object) -> None:
        """The first thing that is wrong with a field counts."""
        self.errors.setdefault(name, Wrong(message_id, values))

    def shown(self, name: str) -> str:
        """What stands in the field when the form is shown again."""
        return "" if self.fields[name].kind in HIDDEN_KINDS else self.values[name]


def blank(fields: Iterable[Field], **values: str) -> Form:
    """A form to be filled in; `values` stand in it already."""
    known = {one.name: one for one in fields}
    return Form(known, {name: values.get(name, "") for name in known})


def read(fields: Iterable[Field]) -> Form:
    """What was posted, each field checked for being there and not too long."""
    form = blank(fields)
    for name, one in form.fields.items():
        form.values[name] = value = _typed(one, request.form.get(name, ""))
        if one.required and not value:
            form.wrong(name, one.missing)
        elif len(value) > one.longest:
            form.wrong(name, "form.long", count=one.longest)
        elif one.choices and value and value not in dict(one.choices):
            form.wrong(name, one.missing)
    return form


def _typed(one: Field, text: str) -> str:
    """Without what no keyboard types; in one line, where one line is asked for."""
    if one.kind in HIDDEN_KINDS:
        return text
    return seen(text).strip() if one.kind == "textarea" else line(text)


def line(text: str) -> str:
    """What was typed in a field of one line, as `read` has it."""
    return " ".join(seen(text).split())


def seen(text: str) -> str:
    """A text without the characters that nobody sees."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c)[0] != "C")
