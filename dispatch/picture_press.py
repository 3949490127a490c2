"""A program of its own: reads an untrusted picture, draws it anew in three sizes.

Run by pressing.py, with limits that it sets itself before it looks at anything. It imports
nothing of ours, opens no file, and whatever goes wrong in it ends with it. What comes out
was drawn here: of what came in only the colours of its points are left, so no place, date,
name of a camera, hidden preview, second format or trailing byte.

Exit 0: three JPEGs on standard output, one after the other; on standard error the width and
the height of the first, and the length of each. Exit 3: refused, the reason alone on standard
error. Anything else: it broke.
"""

from __future__ import annotations

import io
import resource
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

MEMORY = 768 * 1024 * 1024
CPU_SECONDS = 15
OUTPUT = 8 * 1024 * 1024
SIDES = (1_600, 800, 320)  # pixels: on a screen of its own, in its page, in a list
QUALITY = 80
PIXELS = 40_000_000  # what may be decoded at once
WHITE = (255, 255, 255)


def main() -> None:
    _limit()
    data = sys.stdin.buffer.read()
    if data.startswith(b"\xff\xd8\xff"):
        picture = _read(data, "JPEG")
    elif data.startswith(b"\x89PNG\r\n\x1a\n"):
        picture = _read(data, "PNG")
    elif data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        picture = _read(data, "WEBP")
    else:
        _refuse("kind")
    drawn = [_jpeg(picture, side) for side in SIDES]
    sys.stdout.buffer.write(b"".join(drawn))
    sys.stdout.buffer.flush()
    sys.stderr.write(" ".join(map(str, (*picture.size, *map(len, drawn)))))


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


def _read(data: bytes, kind: str) -> Picture:
    """Upright, in plain colours, no larger than is kept."""
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None  # checked here, after JPEG has been asked for less
    try:
        with Image.open(io.BytesIO(data), formats=[kind]) as image:
            image.draft("RGB", (SIDES[0], SIDES[0]))
            if image.width * image.height > PIXELS:
                _refuse("pixels")
            image.load()
            plain = _plain(image)
            plain.thumbnail((SIDES[0], SIDES[0]))
            return _flat(ImageOps.exif_transpose(plain))
    except (OSError, ValueError, SyntaxError, MemoryError, Image.DecompressionBombError):
        _refuse("unreadable")


def _plain(image: Picture) -> Picture:
    """Without a palette, which cannot be made smaller smoothly."""
    if image.mode not in ("1", "P", "PA"):
        return image
    clear = image.mode == "PA" or "transparency" in image.info
    return image.convert("RGBA" if clear else "RGB")


def _flat(image: Picture) -> Picture:
    """On white, where it is transparent."""
    from PIL import Image

    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        over = image.convert("RGBA")
        ground = Image.new("RGB", over.size, WHITE)
        ground.paste(over, mask=over.getchannel("A"))
        return ground
    return image.convert("RGB")


def _jpeg(picture: Picture, side: int) -> bytes:
    out = io.BytesIO()
    clean = picture.copy()
    clean.thumbnail((side, side))
    clean.info.clear()
    clean.save(out, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return out.getvalue()


if __name__ == "__main__":
    main()
