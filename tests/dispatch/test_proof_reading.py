"""What may be uploaded as a proof of address, and what becomes of it."""

from __future__ import annotations

import io
import resource
import subprocess
import sys
import time
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from community_store.errors import RuleError
from config import Settings
from dispatch import pressing, proof_press, proof_reading
from tests.dispatch import papers
from tests.dispatch.world import settings


@pytest.fixture
def house(tmp_path: Path) -> Settings:
    return settings(tmp_path)


def refused(house: Settings, data: bytes) -> str:
    with pytest.raises(RuleError) as error:
        proof_reading.read(house, data)
    return error.value.code


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_picture_is_drawn_anew(house: Settings, kind: str) -> None:
    read = proof_reading.read(house, papers.picture(kind))
    drawn = Image.open(io.BytesIO(read.data), formats=["JPEG"])
    assert read.media_type == "image/jpeg"
    assert drawn.size == (800, 1100)
    assert min(drawn.convert("L").crop((60, 60, 200, 75)).tobytes()) < 100  # the words are there


def test_a_photo_is_turned_upright_and_loses_its_place(house: Settings) -> None:
    photo = papers.photo_with_a_place()
    assert papers.SECRET in photo
    read = proof_reading.read(house, photo)
    drawn = Image.open(io.BytesIO(read.data))
    assert drawn.size == (800, 1100)
    assert papers.SECRET not in read.data
    assert b"PK\x03\x04" not in read.data
    assert dict(drawn.getexif()) == {}


def test_a_large_photo_is_made_as_large_as_one_reads(house: Settings) -> None:
    read = proof_reading.read(house, papers.picture(size=(9_000, 7_000), quality=30))
    assert Image.open(io.BytesIO(read.data)).size == (2_400, 1_867)


def test_a_transparent_png_is_on_white(house: Settings) -> None:
    out = io.BytesIO()
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(out, "PNG")
    read = proof_reading.read(house, out.getvalue())
    assert Image.open(io.BytesIO(read.data)).getpixel((20, 20)) == (255, 255, 255)


def test_a_pdf_becomes_pictures_of_its_pages(house: Settings) -> None:
    read = proof_reading.read(house, papers.letter(3))
    assert read.media_type == "application/pdf"
    assert len(pypdfium2.PdfDocument(read.data)) == 3
    assert b"Facture" not in read.data


def test_nothing_that_could_run_is_left_of_a_pdf(house: Settings) -> None:
    armed = papers.letter_with_a_script()
    for word in (b"/JavaScript", b"/Launch", b"/EmbeddedFile"):
        assert word in armed
    read = proof_reading.read(house, armed + b"PK\x03\x04" + papers.SECRET)
    for word in (
        b"/JavaScript",
        b"/JS",
        b"/Launch",
        b"/OpenAction",
        b"/EmbeddedFile",
        b"PK\x03\x04",
    ):
        assert word not in read.data
    assert papers.SECRET not in read.data


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "proof_kind"),
        (b"MZ\x90\x00 a program named facture.pdf", "proof_kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "proof_kind"),
        (b"GIF89a" + b"\0" * 50, "proof_kind"),
        (b"<!-- %PDF-1.7 -->" + papers.letter(), "proof_kind"),
        (papers.picture()[: 2_000], "proof_unreadable"),
        (papers.picture("PNG")[:-700], "proof_unreadable"),
        (papers.picture()[:4] + papers.picture("PNG")[4:], "proof_unreadable"),
        (b"%PDF-1.7\n", "proof_unreadable"),
        (papers.letter()[:300], "proof_unreadable"),
        (papers.letter(11), "proof_pages"),
        (papers.letter(spoil=lambda pdf: pdf.set_encryption("owner", "user")), "proof_locked"),
    ],
    ids=[
        "nothing", "program", "svg", "gif", "pdf not at the beginning", "half a jpeg", "half a png",
        "jpeg that is a png", "no pdf", "half a pdf", "many pages", "password",
    ],
)  # fmt: skip
def test_what_is_no_readable_document_is_refused(house: Settings, data: bytes, code: str) -> None:
    assert refused(house, data) == code


def test_what_is_too_big_is_not_even_looked_at(house: Settings) -> None:
    started = time.monotonic()
    assert refused(house, papers.picture() + bytes(10_000_000)) == "proof_too_big"
    assert time.monotonic() - started < 0.5


@pytest.mark.parametrize(
    ("bomb", "codes"),
    [
        (papers.png_bomb, {"proof_pixels"}),
        (papers.text_bomb, {"proof_unreadable"}),
        (papers.pdf_bomb, {"proof_unreadable"}),
    ],
    ids=["pixels", "comment", "pdf"],
)
def test_a_bomb_goes_off_in_the_child(house: Settings, bomb: object, codes: set[str]) -> None:
    assert callable(bomb)
    data = bomb()
    assert len(data) < 10_000_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()
    assert refused(house, data) in codes
    assert time.monotonic() - started < pressing.SECONDS
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 20_000  # kilobytes: here, nothing was decoded


def test_a_page_as_large_as_a_town_is_drawn_small(house: Settings) -> None:
    assert b"9999999" in papers.huge_page()
    read = proof_reading.read(house, papers.huge_page())
    assert len(read.data) < 1_000_000


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (f"bytearray({proof_press.MEMORY})", "MemoryError"),
        ("open('/dev/shm/proof-test', 'wb').write(bytes(40_000_000))", "File too large"),
    ],
)
def test_the_limits_of_the_press_are_in_force(what: str, said: str) -> None:
    program = f"import runpy; runpy.run_path({str(proof_reading.PRESS)!r})['_limit'](); {what}"
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, check=False)
    Path("/dev/shm/proof-test").unlink(missing_ok=True)
    assert done.returncode == 1
    assert said in done.stderr.decode()


def test_the_press_imports_nothing_of_ours() -> None:
    source = proof_reading.PRESS.read_text()
    for room in ("community_store", "dispatch", "gateway", "config"):
        assert f"import {room}" not in source
        assert f"from {room}" not in source
