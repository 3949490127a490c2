"""A program of its own: reads an untrusted document, writes a picture of it.

Run by pressing.py, with limits that it sets itself before it looks at anything. It
imports nothing of ours, opens no file, and whatever goes wrong in it ends with it. What
comes out was drawn here: no metadata, script, attachment, second format or trailing byte of
what came in is in it.

Exit 0: the picture is on standard output, its type alone on standard error. Exit 3: refused,
the reason alone on standard error. Anything else: it broke.
"""

from __future__ import annotations

import io
import resource
import sys
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

MEMORY = 768 * 1024 * 1024
CPU_SECONDS = 15
OUTPUT = 32 * 1024 * 1024
SIDE = 2_400  # pixels: an A4 page at 200 dots an inch
PIXELS = 40_000_000  # what may be decoded at once
PAGES = 10
WHITE = (255, 255, 255)


def main() -> None:
    _limit()
    data = sys.stdin.buffer.read()
    if data.startswith(b"%PDF-"):
        media_type, picture = "application/pdf", _of_pdf(data)
    elif data.startswith(b"\xff\xd8\xff"):
        media_type, picture = "image/jpeg", _of_image(data, "JPEG")
    elif data.startswith(b"\x89PNG\r\n\x1a\n"):
        media_type, picture = "image/jpeg", _of_image(data, "PNG")
    else:
        _refuse("proof_kind")
    sys.stdout.buffer.write(picture)
    sys.stdout.buffer.flush()
    sys.stderr.write(media_type)


def _limit() -> None:
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, OUTPUT),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(what, (most, most))


def _refuse(reason: str) -> NoReturn:
    sys.stderr.write(reason)
    sys.exit(3)


def _of_image(data: bytes, kind: str) -> bytes:
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None  # checked here, after JPEG has been asked for less
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as image:
            image.draft("RGB", (SIDE, SIDE))
            if image.width * image.height > PIXELS:
                _refuse("proof_pixels")
            image.load()
            turned = ImageOps.exif_transpose(image)
            return _jpeg(_flat(turned))
    except (OSError, ValueError, SyntaxError, MemoryError, Image.DecompressionBombError):
        _refuse("proof_unreadable")


def _flat(image: Picture) -> Picture:
    """In plain colours, on white, not larger than is read."""
    from PIL import Image

    image.thumbnail((SIDE, SIDE))
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        over = image.convert("RGBA")
        ground = Image.new("RGB", over.size, WHITE)
        ground.paste(over, mask=over.getchannel("A"))
        return ground
    return image.convert("RGB")


def _jpeg(image: Picture) -> bytes:
    out = io.BytesIO()
    clean = image.copy()
    clean.info.clear()
    clean.save(out, "JPEG", quality=85)
    return out.getvalue()


def _of_pdf(data: bytes) -> bytes:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        _refuse("proof_locked" if "password" in str(error).lower() else "proof_unreadable")
    if not 1 <= len(document) <= PAGES:
        _refuse("proof_pages" if len(document) else "proof_unreadable")
    try:
        first, *others = (_page(document[n]) for n in range(len(document)))
    except (pypdfium2.PdfiumError, OSError, ValueError, MemoryError):
        _refuse("proof_unreadable")
    out = io.BytesIO()
    first.save(out, "PDF", save_all=True, append_images=others, resolution=200, quality=80)
    return out.getvalue()


def _page(page: Any) -> Picture:
    width, height = page.get_size()
    longest = max(width, height)
    if not (longest > 0 and min(width, height) / longest > 0.01):
        raise ValueError("a page without extent")
    scale = SIDE / longest
    drawn: Picture = page.render(scale=scale, draw_annots=True).to_pil().convert("RGB")
    return drawn


if __name__ == "__main__":
    main()
