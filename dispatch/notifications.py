"""What a notification says: a title, a body, and the page of ours that it opens.

It is written as the service worker reads it (web/static/worker.js), once for all who get
it; the words are those of the catalogue "push".
"""

from __future__ import annotations

import json
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from dispatch.catalogue import catalogue, say, template

DOMAIN = "push"
TEXT = "{text}"
TITLE, BODY = 200, 2000  # bytes as JSON: all of it stays under the 3 kB that phones take


@dataclass(frozen=True, slots=True)
class Opens:
    """A page of ours. `tag` names the notification whose place a later one takes, "" for none:
    the end of an alert takes the alert's.
    """

    path: str = "/home"
    tag: str = ""


def of_alert(ref: int) -> Opens:
    """An alert's own page, and the place of its notification."""
    return Opens(f"/alerts/{ref}", f"alert-{ref}")


def has(language: str, message: str) -> bool:
    """Whether a message can be a notification at all."""
    words = f"{message}_title"
    return catalogue(language, DOMAIN).gettext(words) != words


def written(
    language: str,
    message: str,
    variables: Mapping[str, object],
    opens: Opens,
    *,
    at: datetime | None = None,
) -> str:
    """A notification of what happened `at` (now when None). Raises KeyError.

    Its text is cut where the whole would be longer than a push service carries.
    """
    known = {name: _plain(value) for name, value in variables.items()}
    frame = say(language, DOMAIN, f"{message}_body", **known | {"text": ""})
    known["text"] = _cut(str(known.get("text", "")), BODY - _size(frame))
    body = template(language, DOMAIN, f"{message}_body").format(**known)
    told = {
        "title": _cut(say(language, DOMAIN, f"{message}_title", **known), TITLE),
        "body": body.strip(),
        "path": opens.path,
        "tag": opens.tag or f"{message}-{secrets.token_hex(4)}",
        "language": language,
    }
    if at is not None:
        told["at"] = at.isoformat()
    return json.dumps(told, ensure_ascii=False)


def _plain(value: object) -> object:
    """In one line, without what no keyboard types: it would be escaped, six bytes for one."""
    if not isinstance(value, str):
        return value
    clean = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in value)
    return " ".join(clean.split())


def _size(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode())


def _cut(text: str, room: int) -> str:
    """As many words as fit into `room` bytes, and that there is more."""
    if _size(text) <= room:
        return text
    kept = ""
    left = room - _size("…")
    for character in text:
        left -= _size(character) - 2
        if left < 0:
            break
        kept += character
    whole = kept.rpartition(" ")[0] if " " in kept[-40:] else kept
    return f"{whole.rstrip(' ,;:.')}…"
