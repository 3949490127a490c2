"""The flyer, the presentation and the poster as PDF: A4, to be printed and handed out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from web.i18n import Words
from web.invite.paper import (
    BRICK,
    FONT,
    HEIGHT,
    INK,
    INSIDE,
    LEADING,
    MARGIN,
    PALE,
    SOFT,
    WHITE,
    band,
    blank,
    block,
    code,
    fitted,
    lines,
    printable,
)

STEPS = ("see", "write", "warned")
PARTS = ("what", "how", "who", "private", "cost", "danger")


@dataclass(frozen=True, slots=True)
class Leaflet:
    """What all of them say. `link` is what the code leads to, `number` as people dial it."""

    words: Words
    service: str
    community: str
    link: str
    number: str

    def __call__(self, message: str) -> str:
        text = self.words(
            message, service=self.service, community=self.community, number=self.number
        )
        return printable(text)


def flyer(about: Leaflet) -> bytes:
    """A page for a letterbox: what it is, and how to join."""
    paper = _begun(about, "flyer", "leaflet.claim")
    for n, step in enumerate(STEPS, 1):
        _step(paper, n, about(f"leaflet.step.{step}"))
    lines(paper, about("leaflet.free"), 14)
    _join(paper, about)
    _foot(paper, about, "leaflet.street")
    return bytes(paper.output())


def presentation(about: Leaflet) -> bytes:
    """Two pages for a meeting: what it is, who sees what, what it costs, how to join."""
    paper = _begun(about, "presentation", "leaflet.presentation.title")
    for part in PARTS[:4]:
        _part(paper, about, part)
    _foot(paper, about)
    paper.add_page()
    _example(paper, about)
    for part in PARTS[4:]:
        _part(paper, about, part)
    _join(paper, about)
    _foot(paper, about)
    return bytes(paper.output())


def poster(about: Leaflet) -> bytes:
    """The number, large enough to be read from across a hall."""
    paper = _begun(about, "poster", "leaflet.poster.claim")
    if about.number:
        lines(paper, about("leaflet.poster.write"), 22, align="C")
        paper.set_text_color(*BRICK)
        fitted(paper, printable(about.number), 76)
        paper.set_text_color(*INK)
    paper.ln(2)
    lines(paper, about("leaflet.poster.facts"), 18, align="C")
    _join(paper, about, number=False)
    _foot(paper, about)
    return bytes(paper.output())


def _begun(about: Leaflet, kind: str, claim: str) -> FPDF:
    paper = blank(about(f"leaflet.{kind}.title"), about.words.language)
    band(paper, printable(about.service), printable(about.community), about(claim))
    return paper


def _step(paper: FPDF, n: int, text: str) -> None:
    top = paper.get_y()
    paper.set_fill_color(*BRICK)
    paper.ellipse(MARGIN, top, 11, 11, style="F")
    paper.set_xy(MARGIN, top)
    paper.set_font(FONT, "B", 16)
    paper.set_text_color(*WHITE)
    paper.cell(11, 11, str(n), align="C")
    paper.set_text_color(*INK)
    paper.set_y(top + 1.5)
    lines(paper, text, 15, left=MARGIN + 17, width=INSIDE - 17)
    paper.set_y(max(paper.get_y(), top + 11) + 5)


def _part(paper: FPDF, about: Leaflet, part: str) -> None:
    _title(paper, about(f"leaflet.part.{part}.title"))
    lines(paper, about(f"leaflet.part.{part}"), 13)
    paper.ln(4.5)


def _title(paper: FPDF, text: str) -> None:
    paper.set_text_color(*BRICK)
    lines(paper, text, 17, bold=True)
    paper.set_text_color(*INK)
    paper.ln(0.8)


def _example(paper: FPDF, about: Leaflet) -> None:
    """What is texted, and what comes back, as on a telephone."""
    _title(paper, about("leaflet.example.title"))
    paper.ln(1)
    _bubble(paper, about("leaflet.example.sent"), MARGIN + 50, dark=True)
    _bubble(paper, about("leaflet.example.answer"), MARGIN)
    paper.ln(5)


def _bubble(paper: FPDF, text: str, left: float, *, dark: bool = False) -> None:
    top, wide, size = paper.get_y(), INSIDE - 50, 13
    paper.set_font(FONT, "", size)
    paper.set_fill_color(*(BRICK if dark else PALE))
    paper.set_text_color(*(WHITE if dark else INK))
    said = partial(paper.multi_cell, wide - 12, size * LEADING, text, align="L")
    rows = said(dry_run=True, output="LINES")
    tall = len(rows) * size * LEADING + 8
    paper.rect(left, top, wide, tall, style="F", round_corners=True, corner_radius=4)
    paper.set_xy(left + 6, top + 4)
    said(new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    paper.set_text_color(*INK)
    paper.set_y(top + tall + 3)


def _join(paper: FPDF, about: Leaflet, *, number: bool = True) -> None:
    """The code to scan, the address for whoever types it, and the text for a plain telephone."""
    tall = 72.0
    top = HEIGHT - 32 - tall
    paper.set_fill_color(*PALE)
    paper.rect(MARGIN, top, INSIDE, tall, style="F", round_corners=True, corner_radius=4)
    code(paper, about.link, (MARGIN + 7, top + 7), tall - 14)
    left, width = MARGIN + tall + 1, INSIDE - tall - 7
    beside = partial(lines, paper, left=left, width=width)
    paper.set_y(top + 8)
    beside(about("leaflet.join"), 17, bold=True)
    paper.ln(1)
    beside(about("leaflet.scan"), 12)
    fitted(paper, about.link.partition("://")[2], 13, align="L", left=left, width=width)
    if number and about.number:
        paper.ln(3)
        beside(about("leaflet.text"), 12)
        paper.set_text_color(*BRICK)
        fitted(paper, printable(about.number), 24, align="L", left=left, width=width)
        paper.set_text_color(*INK)


def _foot(paper: FPDF, about: Leaflet, more: str = "") -> None:
    paper.set_y(HEIGHT - 25)
    paper.set_text_color(*SOFT)
    block(paper, about("leaflet.danger"), 12, most=6)
    if more:
        lines(paper, about(more), 9)
    paper.set_text_color(*INK)


MAKERS: dict[str, Callable[[Leaflet], bytes]] = {
    "flyer": flyer,
    "presentation": presentation,
    "poster": poster,
}
