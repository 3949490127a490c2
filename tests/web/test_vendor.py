"""What others wrote is served as they published it."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

VENDOR = Path(__file__).resolve().parents[2] / "web" / "static" / "vendor"
LISTED = {
    line[66:]: line[:64]
    for line in (VENDOR / "README.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"[0-9a-f]{64}  \S", line)
}


def test_every_vendored_file_is_listed_and_as_it_was() -> None:
    there = {
        str(path.relative_to(VENDOR)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "README.md"
    }
    assert there == LISTED
    assert len(there) > 5


def test_every_package_has_its_licence_and_a_line_in_the_script() -> None:
    script = (VENDOR.parents[2] / "scripts" / "vendor.sh").read_text(encoding="utf-8")
    for folder in (path for path in VENDOR.iterdir() if path.is_dir()):
        assert (folder / "LICENSE").is_file(), folder
        assert f" {folder.name} LICENSE" in script, folder
