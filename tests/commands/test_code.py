"""The sheet of codes: made, printed, revoked."""

from __future__ import annotations

import re
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commands.code_sheet import Sheet, french, pdf
from community_store.home_codes import Issued
from config import Settings
from tests.commands.console import Console

UNTIL = datetime(2027, 1, 23, 12, tzinfo=UTC)


@pytest.fixture
def town(village: Console) -> Console:
    village.ok("number", "add", "38000", "--gateway", "simulator", "--rate", "10")
    return village


def words(document: bytes) -> str:
    """The text that a PDF shows, as its font has it."""
    shown = []
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", document, re.DOTALL):
        try:
            page = zlib.decompress(stream)
        except zlib.error:
            continue
        shown += re.findall(rb"\((.*?)(?<!\\)\) Tj", page, re.DOTALL)
    return re.sub(rb"\\([()\\])", rb"\1", b"\n".join(shown)).decode("windows-1252")


def pages(document: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b", document))


def sheet(count: int = 1, **more: str) -> bytes:
    values = {"community": "Les Lilas", "number": "38000"} | more
    address = values.pop("address", "")
    issued = [Issued(f"{n:06}", address, UNTIL) for n in range(482193, 482193 + count)]
    return pdf(Settings(), Sheet(**values), issued)


def test_each_home_gets_a_code(town: Console) -> None:
    rows = town.json("community", "code", "Les Lilas", "--homes", 3)
    assert len({row["code"] for row in rows}) == 3
    assert all(re.fullmatch(r"\d{6}", row["code"]) for row in rows)
    assert {(row["community"], row["address"]) for row in rows} == {("Les Lilas", "")}


def test_each_address_gets_a_code_on_the_sheet(town: Console) -> None:
    file = town.file("homes.txt", "12 rue des Lilas\n\n  3 bis rue de l’Église \n")
    out = town.folder / "sheet.pdf"
    rows = town.json("community", "code", "Les Lilas", "--addresses", file, "--out", out)
    assert [row["address"] for row in rows] == ["12 rue des Lilas", "3 bis rue de l’Église"]
    shown = words(out.read_bytes())
    for row in rows:
        spaced = f"{row['code'][:3]} {row['code'][3:]}"
        assert f"INSCRIPTION {spaced} prénom nom" in shown
        assert f"Pour\u00a0: {row['address']}" in shown
    assert "38000" in shown
    assert out.stat().st_mode & 0o077 == 0, "every code opens a door"


@pytest.mark.parametrize(
    "options",
    [[], ["--homes", 0], ["--homes", -1], ["--homes", 1001], ["--addresses", "none.txt"],
     ["--homes", 2, "--addresses", "none.txt"]],
)  # fmt: skip
def test_what_makes_no_sheet_is_refused(town: Console, options: list[object]) -> None:
    town.refused("community", "code", "Les Lilas", *options)


def test_a_sheet_that_cannot_be_written_leaves_no_code(town: Console) -> None:
    nowhere = town.folder / "no" / "such" / "folder.pdf"
    town.refused("community", "code", "Les Lilas", "--homes", 2, "--out", nowhere)
    assert town.ok("community", "code", "Les Lilas", "--revoke").startswith("0 codes")


def test_a_sheet_needs_a_number_to_text(village: Console) -> None:
    out = village.folder / "sheet.pdf"
    village.refused("community", "code", "Les Lilas", "--homes", 2, "--out", out)


def test_codes_are_revoked_one_or_all(town: Console) -> None:
    rows = town.json("community", "code", "Les Lilas", "--homes", 3)
    town.json("community", "code", "Les Roses", "--homes", 1)
    spaced = rows[0]["code"][:3] + " " + rows[0]["code"][3:]
    one = town.ok("community", "code", "Les Lilas", "--revoke", "--only", spaced)
    assert one.startswith("1 codes")
    town.refused("community", "code", "Les Lilas", "--revoke", "--only", rows[0]["code"])
    assert town.ok("community", "code", "Les Lilas", "--revoke").startswith("2 codes")


def test_ten_tickets_a_page() -> None:
    assert [pages(sheet(count)) for count in (1, 10, 11, 30)] == [1, 1, 2, 3]


def test_a_ticket_says_all_that_its_reader_needs() -> None:
    shown = words(sheet(address="12 rue des Lilas"))
    assert shown.split("\n") == [
        "Tocsin · Les Lilas",
        "Vos voisins vous préviennent par SMS.",
        "Pour\u00a0: 12 rue des Lilas",
        "Envoyez ce SMS au 38000\u00a0:",
        "INSCRIPTION 482 193 prénom nom",
        "Par exemple\u00a0: INSCRIPTION 482 193 Jeanne Petit",
        "Pour 4 personnes de votre foyer, jusqu’au 23 janvier 2027.",
        "Ce code vaut preuve de domicile\u00a0: ne le donnez à personne d’autre.",
        "Autrement\u00a0: http://127.0.0.1:8000",
    ]


def test_a_ticket_in_english() -> None:
    shown = words(sheet(language="en"))
    assert "JOIN 482 193 first name last name" in shown
    assert "until 23 January 2027" in shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Cœur d’Île", "Cœur d’Île"), ("Łódź", "?ódz"), ("日本", "??"), ("A\u202fB", "A B"), ("(x) \\ y", "(x) \\ y")],
)  # fmt: skip
def test_any_name_can_be_printed(name: str, shown: str) -> None:
    assert f"Tocsin · {shown}" in words(sheet(community=name))


def test_french_signs_keep_their_space() -> None:
    assert french("l'eau : « oui » !") == "l’eau\u00a0: «\u00a0oui\u00a0»\u00a0!"


def test_every_line_stays_inside_its_ticket(tmp_path: Path) -> None:
    """As a printer sees it: pdftotext tells where each word is."""
    file = tmp_path / "sheet.pdf"
    file.write_bytes(
        sheet(10, community="Les Très Hauts Lilas du Vieux Bourg " * 2, address="x" * 150)
    )
    from commands.code_sheet import HEIGHT, MARGIN, ROWS

    lowest = lowest_ink(file.read_bytes())
    assert lowest <= MARGIN + ROWS * HEIGHT


def lowest_ink(document: bytes) -> float:
    """The lowest line of text on the first page, in millimetres from its top."""
    page = next(
        zlib.decompress(stream)
        for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", document, re.DOTALL)
        if b"Tj" in zlib.decompress(stream)
    )
    heights = [float(y) for y in re.findall(rb"BT [\d.]+ ([\d.]+) Td", page)]
    assert heights
    return 297 - min(heights) / 72 * 25.4
