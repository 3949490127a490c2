"""Draw the application's icons as PNG from their SVG, with Debian's Chromium.

    .venv/bin/python scripts/icons.py

Telephones want PNG; `maskable` has room around the bell for whatever shape they cut, and
`badge` is its outline for the line at the top of the screen.
"""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).resolve().parent.parent / "web" / "static" / "icons"
SIZES = {
    "icon-192": ("icon", 192),
    "icon-512": ("icon", 512),
    "maskable-192": ("maskable", 192),
    "maskable-512": ("maskable", 512),
    "apple-180": ("maskable", 180),
    "badge-96": ("badge", 96),
}


def main() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        for name, (drawing, size) in SIZES.items():
            page.set_viewport_size({"width": size, "height": size})
            svg = (FOLDER / f"{drawing}.svg").read_text(encoding="utf-8")
            page.set_content(
                f"<style>*{{margin:0}}svg{{display:block;width:{size}px}}</style>{svg}"
            )
            shot = Image.open(io.BytesIO(page.screenshot(omit_background=True)))
            shot.quantize(64, method=Image.Quantize.FASTOCTREE).save(
                FOLDER / f"{name}.png", optimize=True
            )
        browser.close()


if __name__ == "__main__":
    main()
