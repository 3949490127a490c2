"""The flyer, the presentation and the poster as PDF: A4, to be printed and handed out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from fpdf import FPDF
from fpdf.enums import XPos, YPos

from web.i18n import Words

MARGIN, WIDTH, HEIGHT = 20.0, 210.0, 297.0  # millimetres
INSIDE = WIDTH - 2 * MARGIN
LEADING = 0.5  # millimetres a point
FONT = "Helvetica"  # every PDF reader has it, so that none is embedded
ENCODING = "windows-1252"  # what that font can show: œ, ’ and « too
BRICK, INK, SOFT, PALE = (162, 59, 34), (38, 32, 28), (92, 84, 78), (250, 240, 232)
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
    paper = _paper(about, "leaflet.flyer.title")
    _band(paper, about, about("leaflet.claim"))
    for n, step in enumerate(STEPS, 1):
        _step(paper, n, about(f"leaflet.step.{step}"))
    paper.ln(2)
    _lines(paper, about("leaflet.free"), 13)
    _join(paper, about)
    _foot(paper, about)
    return bytes(paper.output())


def presentation(about: Leaflet) -> bytes:
    """Two pages for a meeting: what it is, who sees what, what it costs, how to join."""
    paper = _paper(about, "leaflet.presentation.title")
    _band(paper, about, about("leaflet.presentation.title"))
    for part in PARTS[:4]:
        _part(paper, about, part)
    _foot(paper, about)
    paper.add_page()
    for part in PARTS[4:]:
        _part(paper, about, part)
    _join(paper, about)
    _foot(paper, about)
    return bytes(paper.output())


def poster(about: Leaflet) -> bytes:
    """The number, large enough to be read from across a hall."""
    paper = _paper(about, "leaflet.poster.title")
    _band(paper, about, about("leaflet.poster.claim"))
    if about.number:
        _lines(paper, about("leaflet.poster.write"), 20, align="C")
        paper.set_text_color(*BRICK)
        _fitted(paper, about.number, 76)
        paper.set_text_color(*INK)
    _lines(paper, about("leaflet.poster.facts"), 16, align="C")
    _join(paper, about, number=False)
    _foot(paper, about)
    return bytes(paper.output())


def _paper(about: Leaflet, title: str) -> FPDF:
    paper = FPDF(format="A4")
    paper.core_fonts_encoding = ENCODING
    paper.set_title(about(title))
    paper.set_lang(about.words.language)
    paper.set_auto_page_break(auto=False)
    paper.set_margins(MARGIN, MARGIN)
    paper.add_page()
    paper.set_text_color(*INK)
    return paper


def _band(paper: FPDF, about: Leaflet, claim: str) -> None:
    """The service, the community and the claim, on colour."""
    paper.set_fill_color(*BRICK)
    paper.rect(0, 0, WIDTH, 82, style="F")
    paper.set_text_color(255, 255, 255)
    paper.set_y(16)
    _lines(paper, printable(about.service), 15, bold=True)
    _fitted(paper, printable(about.community), 34, align="L")
    paper.ln(2)
    _lines(paper, claim, 19)
    paper.set_text_color(*INK)
    paper.set_y(94)


def _step(paper: FPDF, n: int, text: str) -> None:
    top = paper.get_y()
    paper.set_fill_color(*PALE)
    paper.ellipse(MARGIN, top, 12, 12, style="F")
    paper.set_xy(MARGIN, top)
    paper.set_font(FONT, "B", 16)
    paper.cell(12, 12, str(n), align="C")
    paper.set_xy(MARGIN + 18, top + 1)
    paper.set_font(FONT, "", 15)
    paper.multi_cell(INSIDE - 18, 15 * LEADING, text, align="L", new_x=XPos.LMARGIN,
                     new_y=YPos.NEXT)  # fmt: skip
    paper.set_y(max(paper.get_y(), top + 12) + 5)


def _part(paper: FPDF, about: Leaflet, part: str) -> None:
    paper.set_text_color(*BRICK)
    _lines(paper, about(f"leaflet.part.{part}.title"), 17, bold=True)
    paper.set_text_color(*INK)
    _lines(paper, about(f"leaflet.part.{part}"), 13)
    paper.ln(4)


def _join(paper: FPDF, about: Leaflet, *, number: bool = True) -> None:
    """The code to scan, the address for whoever types it, and the text for a plain telephone."""
    top, tall = HEIGHT - 102, 66.0
    paper.set_fill_color(*PALE)
    paper.rect(MARGIN, top, INSIDE, tall, style="F")
    _code(paper, about.link, (MARGIN + 8, top + 8), tall - 16)
    left = MARGIN + tall + 2
    beside = partial(_lines, paper, left=left, width=INSIDE - tall - 10)
    paper.set_y(top + 9)
    beside(about("leaflet.join"), 17, bold=True)
    beside(about("leaflet.scan"), 12)
    beside(about.link.partition("://")[2], 12, bold=True)
    if number and about.number:
        paper.ln(2)
        beside(about("leaflet.text"), 12)


def _code(paper: FPDF, link: str, at: tuple[float, float], side: float) -> None:
    """A QR code on white, drawn as squares: sharp on any printer."""
    import segno  # for the few who print one

    rows = [list(row) for row in segno.make(link, error="m", micro=False).matrix]
    paper.set_fill_color(255, 255, 255)
    paper.rect(*at, side, side, style="F")
    paper.set_fill_color(0, 0, 0)
    one = side / (len(rows) + 8)  # four of white around it, as scanners want
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                paper.rect(at[0] + (x + 4) * one, at[1] + (y + 4) * one, one, one, style="F")


def _foot(paper: FPDF, about: Leaflet) -> None:
    paper.set_y(HEIGHT - 28)
    paper.set_text_color(*SOFT)
    _lines(paper, about("leaflet.danger"), 12, bold=True)
    _lines(paper, about("leaflet.street"), 10)
    paper.set_text_color(*INK)


def _lines(
    paper: FPDF, text: str, size: float, *, bold: bool = False, align: str = "L",
    left: float = MARGIN, width: float = INSIDE,
) -> None:  # fmt: skip
    paper.set_font(FONT, "B" if bold else "", size)
    paper.set_x(left)
    paper.multi_cell(width, size * LEADING, text, align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _fitted(paper: FPDF, text: str, size: float, *, align: str = "C") -> None:
    """One line, smaller where a long name needs it."""
    paper.set_font(FONT, "B", size)
    while paper.get_string_width(text) > INSIDE - 2 and size > 10:
        size -= 1
        paper.set_font(FONT, "B", size)
    paper.set_x(MARGIN)
    paper.cell(INSIDE, size * LEADING, text, align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def printable(text: str) -> str:
    """Curled apostrophes; what the font lacks becomes a question mark."""
    text = text.replace("'", "’").replace("\u202f", "\u00a0")
    return text.encode(ENCODING, "replace").decode(ENCODING)


MAKERS: dict[str, Callable[[Leaflet], bytes]] = {
    "flyer": flyer,
    "presentation": presentation,
    "poster": poster,
}
