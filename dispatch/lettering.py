"""A mail as a page: the same words as its text, larger and with links that can be touched.

Made from the text when the mail leaves, so there is one wording. Styles stand in the tags,
since mail programs drop sheets; nothing is fetched from anywhere.
"""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from config import Settings
from dispatch.catalogue import say

_LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")
_ADDRESS = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.\w+")
_BODY = "margin:0;padding:24px 12px;background:#faf3e6;color:#2b2320"
_CARD = (
    "max-width:34em;margin:0 auto;padding:24px;background:#fffefb;border:1px solid #e3d5bd;"
    "border-radius:12px;font:18px/1.55 Verdana,'DejaVu Sans',sans-serif"
)
_NAME = "margin:0 0 20px;font:bold 24px Georgia,'DejaVu Serif',serif;color:#9a3726"
_PART = "margin:0 0 16px"
_BUTTON = (
    "display:inline-block;padding:12px 22px;border-radius:24px;background:#9a3726;color:#ffffff;"
    "font-weight:bold;text-decoration:none;overflow-wrap:anywhere"
)
_INLINE = "color:#9a3726;overflow-wrap:anywhere"


def html(settings: Settings, text: str, language: str) -> str:
    """The page of a mail's text; everything in it is escaped."""
    parts = Markup("\n").join(
        _part(part.strip(), language) for part in re.split(r"\n\s*\n", text.strip()) if part
    )
    return str(
        Markup(
            '<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width">'
            '<meta name="color-scheme" content="light"><title>{name}</title></head>'
            '<body style="{body}"><div style="{card}"><p style="{heading}">{name}</p>\n{parts}\n'
            "</div></body></html>\n"
        ).format(
            language=language, name=settings.service.name, body=_BODY, card=_CARD,
            heading=_NAME, parts=parts,
        )
    )  # fmt: skip


def _part(text: str, language: str) -> Markup:
    """A paragraph; an address that stands alone is what the mail is for, and a button."""
    if _LINK.fullmatch(text):
        inside = _link(text, _BUTTON, say(language, "mail", "open_page"))
    elif _ADDRESS.fullmatch(text):
        inside = _link(f"mailto:{text}", _BUTTON, say(language, "mail", "answer", address=text))
    else:
        inside = Markup("<br>\n").join(_linked(line) for line in text.split("\n"))
    return Markup('<p style="{}">{}</p>').format(_PART, inside)


def _linked(line: str) -> Markup:
    written, at = Markup(""), 0
    for found in _LINK.finditer(line):
        written += escape(line[at : found.start()]) + _link(found[0], _INLINE)
        at = found.end()
    return written + escape(line[at:])


def _link(address: str, style: str, words: str = "") -> Markup:
    return Markup('<a href="{}" style="{}">{}</a>').format(address, style, words or address)
