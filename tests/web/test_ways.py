"""Every page that a template or a view leads to exists, whatever must be true for it to be led to."""

from __future__ import annotations

import re
from pathlib import Path

from tests.web.house import House

WEB = Path(__file__).resolve().parents[2] / "web"
LED_TO = re.compile(r"url_for\(\s*[\"']([a-z_.]+)[\"']")


def test_every_page_that_is_led_to_exists(house: House) -> None:
    found = {
        (str(path.relative_to(WEB)), name)
        for kind in ("*.html", "*.py")
        for path in WEB.rglob(kind)
        for name in LED_TO.findall(path.read_text(encoding="utf-8"))
    }
    assert len(found) > 100
    there = set(house.app.view_functions)
    assert [one for one in sorted(found) if one[1] not in there] == []
