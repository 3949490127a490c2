"""An A4 page and what is drawn on it: lines that fit, roofs, a QR code. No words of its own."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import XPos, YPos

MARGIN, WIDTH, HEIGHT = 20.0, 210.0, 297.0  # millimetres
INSIDE = WIDTH - 2 * MARGIN
LEADING = 0.47  # millimetres a point: lines of 1.33
FONT = "Helvetica"  # every PDF reader has it, so that none is embedded
ENCODING = "windows-1252"  # what that font can show: œ, ’ and « too
BRICK, INK, SOFT, PALE = (162, 59, 34), (38, 32, 28), (92, 84, 78), (250, 240, 232)
WHITE = (255, 255, 255)
SMALLEST = 9  # points
BELL = Path(__file__).resolve().parent.parent / "static/icons/badge.svg"
# the houses along the foot of the band: left edge, width, height of the walls, of the roof
HOUSES = ((8, 22, 9, 8), (33, 16, 6, 7), (52, 26, 11, 9), (84, 18, 8, 8), (105, 24, 7, 9),
          (133, 16, 11, 7), (152, 24, 8, 9), (179, 20, 10, 8))  # fmt: skip


def blank(title: str, language: str) -> FPDF:
    """The document, with a first page to write on."""
    paper = FPDF(format="A4")
    paper.core_fonts_encoding = ENCODING
    paper.set_title(title)
    paper.set_lang(language)
    paper.set_auto_page_break(auto=False)
    paper.set_margins(MARGIN, MARGIN)
    paper.add_page()
    paper.set_text_color(*INK)
    return paper


def band(paper: FPDF, service: str, community: str, claim: str, *, tall: float = 88) -> None:
    """The service, the community and the claim on colour, over the roofs of a street."""
    paper.set_fill_color(*BRICK)
    paper.rect(0, 0, WIDTH, tall, style="F")
    _street(paper, tall)
    paper.image(BELL, x=MARGIN - 1, y=13, w=9, alt_text="")
    paper.set_text_color(*WHITE)
    paper.set_y(14)
    lines(paper, service, 15, bold=True, left=MARGIN + 10)
    paper.set_y(25)
    block(paper, community, 34, most=tall - 60)
    paper.ln(1)
    block(paper, claim, 18, most=tall - 22 - paper.get_y(), bold=False)
    paper.set_text_color(*INK)
    paper.set_y(tall + 10)


def _street(paper: FPDF, ground: float) -> None:
    for left, width, wall, roof in HOUSES:
        paper.set_fill_color(*WHITE)
        top = ground - wall
        paper.rect(left, top, width, wall, style="F")
        peak = (left + width / 2, top - roof)
        paper.polygon([(left - 1.5, top), peak, (left + width + 1.5, top)], style="F")
        paper.set_fill_color(*BRICK)
        for side in (0.22, 0.62):
            paper.rect(left + width * side, top + 1.6, 2.6, 2.6, style="F")


def lines(
    paper: FPDF, text: str, size: int, *, bold: bool = False, align: str = "L",
    left: float = MARGIN, width: float = INSIDE,
) -> None:  # fmt: skip
    """A paragraph; under it is where the next one begins."""
    paper.set_font(FONT, "B" if bold else "", size)
    paper.set_x(left)
    paper.multi_cell(width, size * LEADING, text, align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def block(paper: FPDF, text: str, size: int, *, most: float, bold: bool = True) -> None:
    """A paragraph of at most so many millimetres; smaller where a long text needs it."""
    while size > SMALLEST and _height(paper, text, size, bold=bold) > most:
        size -= 1
    lines(paper, text, size, bold=bold)


def _height(paper: FPDF, text: str, size: int, *, bold: bool) -> float:
    paper.set_font(FONT, "B" if bold else "", size)
    if any(paper.get_string_width(word) > INSIDE - 2 for word in text.split()):
        return HEIGHT  # a word would be broken
    rows = paper.multi_cell(INSIDE, size * LEADING, text, align="L", dry_run=True, output="LINES")
    return len(rows) * size * LEADING


def fitted(
    paper: FPDF, text: str, size: int, *, align: str = "C",
    left: float = MARGIN, width: float = INSIDE,
) -> None:  # fmt: skip
    """One line, smaller where a long text needs it."""
    paper.set_font(FONT, "B", size)
    while paper.get_string_width(text) > width - 2 and size > SMALLEST:
        size -= 1
        paper.set_font(FONT, "B", size)
    paper.set_x(left)
    paper.cell(width, size * LEADING, text, align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def code(paper: FPDF, link: str, at: tuple[float, float], side: float) -> None:
    """A QR code on white, drawn as squares: sharp on any printer."""
    import segno  # for the few who print one

    rows = [list(row) for row in segno.make(link, error="m", micro=False).matrix]
    paper.set_fill_color(*WHITE)
    paper.rect(*at, side, side, style="F")
    paper.set_fill_color(0, 0, 0)
    one = side / (len(rows) + 8)  # four of white around it, as scanners want
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                paper.rect(at[0] + (x + 4) * one, at[1] + (y + 4) * one, one, one, style="F")


def printable(text: str) -> str:
    """Curled apostrophes; what the font lacks loses its accent, or becomes a question mark."""
    text = text.replace("'", "’").replace("\u202f", "\u00a0")
    return "".join(one if one.encode(ENCODING, "ignore") else _bare(one) for one in text)


def _bare(character: str) -> str:
    bare = unicodedata.normalize("NFKD", character).encode(ENCODING, "ignore").decode(ENCODING)
    return bare or "?"
