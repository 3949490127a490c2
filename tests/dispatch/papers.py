"""Documents for tests: honest proofs of address, and what an attacker would upload."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

from fpdf import FPDF
from PIL import Image, ImageDraw

SECRET = b"GPS 45.1825 5.7225 taken by Jeanne"


def picture(kind: str = "JPEG", size: tuple[int, int] = (800, 1100), **more: Any) -> bytes:
    image = Image.new("RGB", size, (250, 250, 245))
    ImageDraw.Draw(image).text((60, 60), "Facture : 12 rue des Lilas", fill=(20, 20, 20))
    out = io.BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


def photo_with_a_place() -> bytes:
    """A JPEG lying on its side, as phones take it, with metadata and bytes after its end."""
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    exif[0x010E] = SECRET.decode()
    return picture(size=(1100, 800), exif=exif.tobytes(), comment=SECRET) + b"PK\x03\x04" + SECRET


def photo_at_home() -> bytes:
    """A JPEG as a telephone takes it: lying on its side, with where, when and by what."""
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    exif[0x010F], exif[0x0132] = "CANARY PHONE", "2026:11:28 10:11:12"
    exif[0x8825] = {1: "N", 2: (45.0, 10.0, 57.0), 3: "E", 4: (5.0, 43.0, 21.0)}
    return picture(size=(3000, 2000), exif=exif.tobytes(), comment=SECRET) + b"PK\x03\x04" + SECRET


def webp_bomb() -> bytes:
    """A header that promises 268 million points."""
    side = 16_383
    bits = side - 1 | (side - 1) << 14
    body = b"\x2f" + bits.to_bytes(4, "little") + bytes(40)
    chunk = b"VP8L" + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def letter(pages: int = 1, spoil: Callable[[FPDF], object] | None = None) -> bytes:
    pdf = FPDF()
    for _ in range(pages):
        pdf.add_page()
        pdf.set_font("helvetica", size=14)
        pdf.cell(text="Facture : 12 rue des Lilas")
    if spoil is not None:
        spoil(pdf)
    return bytes(pdf.output())


def letter_with_a_script() -> bytes:
    """A PDF that would run a script, start a program, and that carries a file."""
    honest = letter(spoil=lambda pdf: pdf.embed_file(bytes=SECRET, basename="virus.exe"))
    script = (
        b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> /AA << /O << /S /Launch >> >> "
    )
    return honest.replace(b"/Type /Catalog", script + b"/Type /Catalog", 1)


def png_bomb(side: int = 50_000) -> bytes:
    """2.5 billion pixels in some 300 kB: 7.5 GB for whoever decodes it."""
    packed = _packed(b"\0" * (side // 8 + 1), side)
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", packed)
        + _chunk(b"IEND", b"")
    )


def text_bomb() -> bytes:
    """A small PNG with 500 MB of comment in it."""
    comment = b"c\0\0" + _packed(b"\0" * 1_000, 500_000)
    honest = picture("PNG")
    return honest[:33] + _chunk(b"zTXt", comment) + honest[33:]


def _packed(piece: bytes, times: int) -> bytes:
    """Compressed by and by: whoever makes a bomb need not hold it."""
    packer, many = zlib.compressobj(9), piece * 1_000
    return b"".join(packer.compress(many) for _ in range(times // 1_000)) + packer.flush()


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def pdf_bomb() -> bytes:
    """Four million strokes in 549 bytes: PDFium wants more memory for them than it gets."""
    packed = zlib.compress(_packed(b"0 0 m 9 9 l S\n", 4_000_000), 9)
    body = (
        b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>endobj\n"
        b"4 0 obj<</Filter[/FlateDecode/FlateDecode]/Length "
        + str(len(packed)).encode() + b">>stream\n" + packed + b"\nendstream endobj\n"
    )  # fmt: skip
    return body + b"trailer<</Root 1 0 R>>\n%%EOF"


def huge_page() -> bytes:
    return letter().replace(b"595.28 841.89", b"9999999 9999999")
