"""What names nothing in any address: an id larger than any row has, a NUL, which no text of the
database holds. Refused once for all pages, before a view hands it to the database.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, abort, request
from werkzeug.routing import IntegerConverter, Map, ValidationError

from web.errors import PROGRAMS

LARGEST = 2**31 - 1  # of an id in PostgreSQL


class Id(IntegerConverter):
    """`<int:...>` in a route; a larger one is no such page."""

    def __init__(self, url_map: Map, *args: Any, **more: Any) -> None:
        super().__init__(url_map, *args, **{"max": LARGEST} | more)

    def to_python(self, value: str) -> int:
        if len(value) > len(str(LARGEST)):  # Python itself reads no number of 5,000 digits
            raise ValidationError
        return int(super().to_python(value))


def install(app: Flask) -> None:
    """Before the routes are made."""
    app.url_map.converters["int"] = Id
    app.before_request(refuse)


def refuse() -> None:
    """400 for a NUL in the address; those in a form are left out as it is read (web/forms.py),
    and those that a program sends in a text are left out of it (dispatch/arrivals.py).
    """
    if request.path.startswith(PROGRAMS):
        return
    told = [*(request.view_args or {}).values(), *request.args.keys(), *request.args.values()]
    if any("\0" in one for one in told if isinstance(one, str)):
        abort(400)
