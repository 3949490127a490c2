"""The sheet of codes as a PDF: A4, ten tickets a page, to be cut out and handed out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from textwrap import wrap
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from community_store.home_codes import PEOPLE_MAX, Issued
from dispatch import moments
from dispatch.catalogue import say

if TYPE_CHECKING:
    from config import Settings

MARGIN, COLUMNS, ROWS = 10.0, 2, 5  # millimetres
WIDTH = (210.0 - 2 * MARGIN) / COLUMNS
HEIGHT = (297.0 - 2 * MARGIN) / ROWS
PADDING = 5.0
INSIDE = WIDTH - 2 * PADDING
LEADING = 0.47  # millimetres a point: lines of 1.33
SMALLEST = 4.0  # points; only a name of hundreds of letters comes to that
FONT = "Helvetica"  # every PDF reader has it, so that none is embedded
ENCODING = "windows-1252"  # what that font can show: œ, ’ and « too


@dataclass(frozen=True, slots=True)
class Sheet:
    """What all tickets of a sheet have in common. `number` is as people dial it."""

    community: str
    number: str
    language: str = "fr"


def pdf(settings: Settings, sheet: Sheet, issued: Sequence[Issued]) -> bytes:
    """The document, one ticket a code."""
    paper = FPDF(format="A4")
    paper.core_fonts_encoding = ENCODING
    words = partial(_words, settings, sheet)
    paper.set_title(words("title"))
    paper.set_lang(sheet.language)
    paper.set_auto_page_break(auto=False)
    for n, code in enumerate(issued):
        place = n % (COLUMNS * ROWS)
        if place == 0:
            paper.add_page()
        _ticket(paper, place, _lines(settings, sheet, code))
    return bytes(paper.output())


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    size: float  # points
    bold: bool = False


def _lines(settings: Settings, sheet: Sheet, issued: Issued) -> list[_Line]:
    words = partial(_words, settings, sheet)
    code = f"{issued.code[:3]} {issued.code[3:]}"
    home = [_Line(line, 9) for line in _folded(words, issued.address)]
    date = _date(settings, sheet.language, issued.expires_at)
    return [
        _Line(f"{settings.service.name} · {_printable(sheet.community)}", 13, bold=True),
        _Line(words("lead"), 10),
        *home,
        _Line(words("do"), 11),
        _Line(words("write", code=code), 14, bold=True),
        _Line(words("example", code=code), 10),
        _Line(words("until", people=PEOPLE_MAX, date=date), 9),
        _Line(words("private"), 9),
        _Line(words("site"), 9),
    ]


def _folded(words: Callable[..., str], address: str) -> list[str]:
    """An address on one line or two."""
    return wrap(words("home", address=address), 60)[:2] if address else []


def _ticket(paper: FPDF, place: int, lines: Sequence[_Line]) -> None:
    left = MARGIN + place % COLUMNS * WIDTH
    top = MARGIN + place // COLUMNS * HEIGHT
    paper.set_draw_color(150)
    paper.set_dash_pattern(dash=1.5, gap=1.5)
    paper.rect(left, top, WIDTH, HEIGHT)
    paper.set_y(top + PADDING)
    for line in lines:
        size = _set_font(paper, line)
        paper.set_x(left + PADDING)
        paper.cell(INSIDE, size * LEADING, line.text, new_x=XPos.LEFT, new_y=YPos.NEXT)


def _set_font(paper: FPDF, line: _Line) -> float:
    """The size in points; a long name makes its line smaller rather than leave the ticket."""
    size = line.size
    paper.set_font(FONT, "B" if line.bold else "")
    paper.set_font_size(size)
    while paper.get_string_width(line.text) > INSIDE and size > SMALLEST:
        size -= 0.5
        paper.set_font_size(size)
    return size


def _words(settings: Settings, sheet: Sheet, message: str, **variables: object) -> str:
    text = say(
        sheet.language, "sheet", message, service=settings.service.name,
        site=settings.service.site, community=sheet.community, number=sheet.number, **variables,
    )  # fmt: skip
    return _printable(french(text) if sheet.language == "fr" else text)


def french(text: str) -> str:
    """No line begins with the sign that French sets off with a space; a curled apostrophe."""
    text = re.sub(r" ([:;!?»])", "\u00a0\\1", text.replace("« ", "«\u00a0"))
    return text.replace("'", "’")


def _printable(text: str) -> str:
    """What the font lacks loses its accent, or becomes a question mark."""
    return "".join(character if _known(character) else _bare(character) for character in text)


def _known(character: str) -> bool:
    return bool(character.encode(ENCODING, "ignore"))


def _bare(character: str) -> str:
    bare = unicodedata.normalize("NFKD", character).encode(ENCODING, "ignore").decode(ENCODING)
    return bare or "?"


def _date(settings: Settings, language: str, at: datetime) -> str:
    local = at.astimezone(ZoneInfo(settings.service.time_zone))
    return moments.day(language, local)
